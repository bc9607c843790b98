"""`python -m tests.faults.mutations [NAME …]`: takes safeguards out, one at a time, and tells which test notices.

The edits are made in a copy of the tree in a temporary folder, never here. Ends with one line; 0 when each removal
was noticed, or another safeguard that holds the same was named and the removal of both was noticed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.mutations.safeguards import RULES, SAFEGUARDS, STORES

ROOT = Path(__file__).parents[3]
PARTS = ("layers", "functions", "tests", "local", "docs", "events")
FILES = ("template.yaml", "pyproject.toml")
STAGE_SECONDS = 600
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", re.MULTILINE)


def main(wanted):
    """Judges the safeguards of these names, all of them without a name."""
    chosen = [each for each in SAFEGUARDS if not wanted or each.name in wanted]
    _must_fit(chosen)
    began, unnoticed = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="carillon-mutations-") as folder:
        tree = _copy(Path(folder))
        if fails := _first_failure(tree, (*RULES, *STORES)):
            raise SystemExit(f"The tree fails as it is, so that no removal can be judged: {fails}")
        for safeguard in chosen:
            told = _judge(tree, safeguard)
            say(f"{safeguard.name:62} {told or 'NOBODY NOTICED'}")
            if not told:
                unnoticed.append(safeguard.name)
    seconds = time.monotonic() - began
    say(f"mutations: {len(chosen)} safeguards removed, {len(unnoticed)} unnoticed, {seconds:.0f} s")
    return 1 if unnoticed else 0


def _must_fit(safeguards):
    """Every edit finds the text that it replaces, exactly once, and every safeguard named beside another exists."""
    names = {each.name for each in SAFEGUARDS}
    for safeguard in safeguards:
        if missing := set(safeguard.holds_too) - names:
            raise SystemExit(f"{safeguard.name} names {missing}, which is no safeguard.")
        for edit in safeguard.edits:
            found = (ROOT / edit.path).read_text().count(edit.old)
            if found != 1:
                raise SystemExit(
                    f"{safeguard.name}: {edit.path} holds this {found} times, not once:\n{edit.old}"
                )


def _judge(tree, safeguard):
    """Which test notices, or which safeguards hold it too and which test notices without any; empty for nobody."""
    noticed = _noticed(tree, (safeguard,))
    if noticed or not safeguard.holds_too:
        return noticed
    others = tuple(each for each in SAFEGUARDS if each.name in safeguard.holds_too)
    noticed = _noticed(tree, (safeguard, *others))
    return noticed and f"held by {' and '.join(safeguard.holds_too)}; without both: {noticed}"


def _noticed(tree, safeguards):
    """The first test that fails without these safeguards."""
    kept = {}
    for edit in (edit for safeguard in safeguards for edit in safeguard.edits):
        path = tree / edit.path
        text = path.read_text()
        kept.setdefault(path, text)
        path.write_text(text.replace(edit.old, edit.new))
    try:
        return next(filter(None, (_first_failure(tree, stage) for stage in safeguards[0].stages)), "")
    finally:
        for path, text in kept.items():
            path.write_text(text)


def _first_failure(tree, tests):
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider", *tests]
    wide = {**os.environ, "COLUMNS": "1000"}
    done = subprocess.run(
        command, cwd=tree, env=wide, capture_output=True, text=True, timeout=STAGE_SECONDS, check=False
    )
    found = _FAILED.search(done.stdout)
    if found:
        return found[1]
    if done.returncode != 0:
        raise SystemExit(f"pytest itself failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return ""


def _copy(folder):
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    return folder


def say(what):
    """Prints at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
