"""`python -m tests.template.least_privilege`: plays a day and prints who may do what, and who did it."""

import sys
import tempfile
from pathlib import Path

from tests.template.least_privilege.day import Day
from tests.template.least_privilege.expectations import NOT_PLAYED, probes
from tests.template.least_privilege.stage import HANDLERS


def main():
    """The table; 1 when a call was denied, a probe allowed, or a grant not used and not explained."""
    with tempfile.TemporaryDirectory(prefix="carillon-rights-") as folder:
        return report(Day(Path(folder)).stage)


def report(stage):
    """Prints the table of one stage."""
    wrong = 0
    for function in HANDLERS:
        calls = [call for call in stage.recorder.calls if call.function == function]
        verdicts = {call: stage.verdict(call) for call in calls}
        used = {(g.sid, g.action) for v in verdicts.values() for g in v.grants if g.holder == function}
        print(f"\n{function}: {sum(stage.recorder.calls[call] for call in calls):,} calls")
        for statement in stage.statements(function):
            if statement["Effect"] != "Allow":
                continue
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            for action in actions:
                place = (statement["Sid"], action)
                reason = NOT_PLAYED.get((function, statement["Sid"])) or NOT_PLAYED.get((function, *place))
                mark = "used" if place in used else f"not played: {reason}" if reason else "NEVER USED"
                wrong += mark == "NEVER USED"
                print(f"  {action:32} {statement['Sid']:32} {mark}")
        for call, verdict in verdicts.items():
            if not verdict.allowed:
                wrong += 1
                print(f"  DENIED {call}")
        tried = [probe for probe in probes(stage) if probe.function == function]
        held = [probe for probe in tried if stage.verdict(probe).allowed]
        print(f"  {len(tried)} forbidden probes, {len(tried) - len(held)} denied")
        for probe in held:
            wrong += 1
            print(f"  ALLOWED {probe}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
