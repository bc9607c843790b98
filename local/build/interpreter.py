"""Finds a Python of the version that Lambda runs, with pip: a version manager's shim often only looks like one.

SAM builds with the interpreter it meets first on PATH, so what counts is the folder that the real one lies in.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.build.error import BuildError

VERSION = "3.13"
_NAME = f"python{VERSION}"
_PROBE = "import pip, sys; print(sys.executable, '%d.%d' % sys.version_info[:2])"


def find(environ: Mapping[str, str] = os.environ) -> Path:
    """The interpreter's own path; BuildError says what to install when there is none."""
    for candidate in _candidates(environ):
        real = _probe(candidate)
        if real is not None:
            return real
    raise BuildError(
        f"Lambda runs the functions on Python {VERSION}, so building them needs a Python {VERSION} with pip, and none "
        f"was found on PATH or among pyenv's versions. Install one (`pyenv install {VERSION}`, or your system's "
        f"packages {_NAME} and {_NAME}-venv) and run `make build` again."
    )


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    for entry in environ.get("PATH", "").split(os.pathsep):
        if entry:
            yield Path(entry) / _NAME
    pyenv = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/")) / ".pyenv")
    for folder in sorted(pyenv.glob(f"versions/{VERSION}*/bin"), reverse=True):
        yield folder / _NAME


def _probe(candidate: Path) -> Path | None:
    if not candidate.is_file():
        return None
    try:
        answer = subprocess.run(
            [str(candidate), "-c", _PROBE], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    executable, _, version = answer.strip().rpartition(" ")
    return Path(executable) if version == VERSION else None
