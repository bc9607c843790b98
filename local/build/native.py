"""Proves that the built code imports: with the layer's packages for this machine, and the network cut off.

The arm64 layer cannot be imported on another processor. So its requirements are installed once more for this
machine, and Carillon's own compiled code is taken from the layer that was built.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from local.build.error import BuildError

_IMPORT = """
import importlib, socket, sys

def refuse(*_):
    raise SystemExit("the import opens a connection")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
for name in sys.argv[1:]:
    module, _, attribute = name.partition(":")
    imported = importlib.import_module(module)
    assert not attribute or callable(getattr(imported, attribute)), name
"""


def install(python: Path, requirements: Path, layer: Path, native: Path) -> None:
    """Makes `native` this machine's twin of the built layer."""
    shutil.rmtree(native, ignore_errors=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    outcome = subprocess.run(
        [*command, "--only-binary=:all:", "--target", str(native), "-r", str(requirements)],
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode != 0:
        raise BuildError(f"The layer's packages cannot be installed for this machine:\n{outcome.stderr}")
    shutil.copytree(layer / "carillon", native / "carillon")


def import_handler(python: Path, handler: str, function: Path, native: Path) -> None:
    """Imports one handler as Lambda would, without credentials or network; BuildError tells what it said."""
    module, _, name = handler.rpartition(".")
    _import(python, [f"{module}:{name}"], function, native)


def import_everything(python: Path, function: Path, native: Path) -> int:
    """Imports each module of the layer's package and of the functions, for handlers load most on first use."""
    names = [*_modules(native, native / "carillon"), *_modules(function, function)]
    _import(python, names, function, native)
    return len(names)


def _modules(root: Path, folder: Path) -> list[str]:
    files = sorted(path.relative_to(root).with_suffix("") for path in folder.rglob("*.py"))
    return [".".join(path.parts).removesuffix(".__init__") for path in files]


def _import(python: Path, names: Sequence[str], function: Path, native: Path) -> None:
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join([str(function), str(native)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    outcome = subprocess.run(
        [str(python), "-s", "-c", _IMPORT, *names],
        cwd=function,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if outcome.returncode != 0:
        what = names[0] if len(names) == 1 else "A module"
        raise BuildError(f"{what} does not import under python3.13:\n{outcome.stderr.strip()}")
