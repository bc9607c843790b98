"""`make targets`: prints how every kind of target ends on the laptop cloud, each line runs that were really made."""

import sys
import tempfile
from pathlib import Path

from tests.e2e.outcomes.table import HEAD, rows


def main():
    """Print the table; 0 when every line is as the documentation says."""
    with tempfile.TemporaryDirectory() as folder:
        found = rows(Path(folder), lambda line: sys.stderr.write(f"{line}\n"))
    print(HEAD, "-" * 100, *found, sep="\n")
    wrong = [row for row in found if not row.is_right]
    print(f"{len(found)} cases, {len(wrong)} not as documented.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
