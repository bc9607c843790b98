"""Shows that the controls are what stops the attacks: removes them one at a time, and watches an attack succeed.

`python -m tests.attacks.without` works on a temporary copy of the tree. The attack that is named for a control must
get its answer with it, and another one without it.
"""

# ruff: noqa: T201 - the figures are for people

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.attacks.controls import CONTROLS

ROOT = Path(__file__).parents[2]
FOLDERS = ("functions", "layers", "tests", "local")
ONE = """
import json, sys
from tests.attacks.test_attacks import ATTACKS, result_of
for identity in sys.argv[1:]:
    try:
        got = result_of(ATTACKS[identity])
    except Exception as error:
        got = f"{type(error).__name__}: {error}"
    print(json.dumps([identity, [got, ATTACKS[identity].expected]]))
"""


def main():
    """Prints a line per control; 0 when each of them is what stops its attack."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "template.yaml", copy)
        for identity, (got, expected) in attacked(copy, *{each.attack for each in CONTROLS}).items():
            assert got == expected, f"{identity} gets {got} with every control in place"
        wrong = [each for each in CONTROLS if not is_shown(copy, each)]
    print(
        f"\n{len(CONTROLS)} controls removed one at a time: {len(CONTROLS) - len(wrong)} attacks then succeed."
    )
    return 1 if wrong else 0


def is_shown(copy, each):
    """Whether the attack gets another answer without the control than the expected one, which it gets with it."""
    before = {path: (copy / path).read_text() for path, _, _ in each.edits}
    try:
        for path, text, gone in each.edits:
            found = (copy / path).read_text()
            assert found.count(text) == 1, f"{path} has {found.count(text)} times: {text}"
            (copy / path).write_text(found.replace(text, gone))
        got, expected = attacked(copy, each.attack)[each.attack]
    finally:
        for path, text in before.items():
            (copy / path).write_text(text)
    verdict = "stops" if got != expected else "DOES NOT STOP"
    print(f"{each.what}: {verdict} {each.attack} ({expected} → {got:.80})", flush=True)
    return got != expected


def attacked(copy, *identities):
    """What attacks get from the copy and what they should get, by their ids."""
    paths = os.pathsep.join(str(copy / part) for part in ("", "functions", "layers/core"))
    done = subprocess.run(
        [sys.executable, "-c", ONE, *identities],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(map(json.loads, done.stdout.splitlines()))
    assert found.keys() == set(identities), done.stderr
    return found


if __name__ == "__main__":
    sys.exit(main())
