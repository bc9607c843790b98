"""Shows that the controls are what stops the attacks: removes them one at a time, and watches an attack succeed.

`python -m tests.attacks.without` works on a temporary copy of the tree. The attack that is named for a control must
get its answer with it, and another one without it.
"""

# ruff: noqa: T201 - the figures are for people

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.attacks.controls import CONTROLS

ROOT = Path(__file__).parents[2]
FOLDERS = ("functions", "layers", "tests", "local")
ONE = "import sys; from tests.attacks.test_attacks import ATTACKS, result_of; print(result_of(ATTACKS[sys.argv[1]]))"


def main():
    """Prints a line per control; 0 when each of them is what stops its attack."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "template.yaml", copy)
        wrong = [each for each in CONTROLS if not is_shown(copy, each)]
    print(
        f"\n{len(CONTROLS)} controls removed one at a time: {len(CONTROLS) - len(wrong)} attacks then succeed."
    )
    return 1 if wrong else 0


def is_shown(copy, each):
    """Whether the attack gets its answer with the control and another one without it."""
    before = {path: (copy / path).read_text() for path, _, _ in each.edits}
    expected = attacked(copy, each.attack)
    try:
        for path, text, gone in each.edits:
            found = (copy / path).read_text()
            assert found.count(text) == 1, f"{path} has {found.count(text)} times: {text}"
            (copy / path).write_text(found.replace(text, gone))
        got = attacked(copy, each.attack)
    finally:
        for path, text in before.items():
            (copy / path).write_text(text)
    verdict = "stops" if got != expected else "DOES NOT STOP"
    print(f"{each.what}: {verdict} {each.attack} ({expected} → {got})", flush=True)
    return got != expected


def attacked(copy, identity):
    """What an attack gets from the copy; the name of the error where it did not get that far."""
    paths = os.pathsep.join(str(copy / part) for part in ("", "functions", "layers/core"))
    done = subprocess.run(
        [sys.executable, "-c", ONE, identity],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or done.stderr.strip().rpartition("\n")[2]


if __name__ == "__main__":
    sys.exit(main())
