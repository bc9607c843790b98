"""Compiles the bundle so that a cold start neither compiles nor looks at file times.

Unpacking gives every file a new time, and Lambda's file system is read-only: compiled files that are checked by
time would be stale for ever. Unchecked-hash ones are taken as they are.
"""

import shutil
import subprocess
from pathlib import Path

from local.build.error import BuildError


def compile_tree(python: Path, folder: Path, runs_at: str) -> int:
    """Replaces the folder's compiled files; tracebacks will name paths under `runs_at`. Answers how many."""
    for stale in list(folder.rglob("__pycache__")):
        shutil.rmtree(stale)
    for stale in list(folder.rglob("*.pyc")):
        stale.unlink()
    command = [str(python), "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    outcome = subprocess.run(
        [*command, "-s", str(folder), "-p", runs_at, str(folder)], capture_output=True, text=True, check=False
    )
    if outcome.returncode != 0:
        raise BuildError(f"{folder.name} does not compile:\n{outcome.stdout}{outcome.stderr}")
    return check_tree(folder)


def check_tree(folder: Path) -> int:
    """Counts the compiled files; BuildError names sources without one and files that would be checked."""
    compiled = list(folder.rglob("*.pyc"))
    checked = [path for path in compiled if not is_unchecked_hash(path.read_bytes()[:8])]
    missing = len(list(folder.rglob("*.py"))) - len(compiled)
    if checked or missing:
        raise BuildError(
            f"{folder.name}: {missing} sources are not compiled, {len(checked)} files are checked."
        )
    return len(compiled)


def is_unchecked_hash(header: bytes) -> bool:
    """Whether a compiled file's first eight bytes say: identified by hash, never compared (PEP 552)."""
    return int.from_bytes(header[4:8], "little") == 0b01
