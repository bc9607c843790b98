"""`python -m tests.contract.targets.table`: how every kind of target ends, each line a call that was really made."""

import sys

from tests.contract.targets.aws_cases import CASES, emulated, run_case

COLUMNS = "{:<14} {:<10} {:<20} {:<9} {}\n"


def rows():
    """One row for each case: kind, outcome, error, where it was answered, and whether it came out as expected."""
    with emulated() as made_there:
        for case in CASES:
            found = run_case(case, made_there)
            where = "a wire" if case.answers else "child" if case.kind == "python" else "emulator"
            is_right = (found.kind, found.error) == (case.outcome, case.error)
            yield (
                case.kind,
                str(found.kind),
                found.error or "-",
                where,
                "ok" if is_right else f"NOT {case.name}",
            )


if __name__ == "__main__":
    sys.stdout.write(COLUMNS.format("kind", "outcome", "error", "by", "") + "-" * 62 + "\n")
    for row in rows():
        sys.stdout.write(COLUMNS.format(*row))
