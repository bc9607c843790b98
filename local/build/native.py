"""Proves that the built functions import: with the layer's packages for this machine, and the network cut off.

The arm64 layer cannot be imported on another processor. So its requirements are installed once more for this
machine, and Carillon's own compiled code is taken from the layer that was built.
"""

import os
import shutil
import subprocess
from pathlib import Path

from local.build.error import BuildError

_IMPORT = """
import importlib, socket, sys

def refuse(*_):
    raise SystemExit("the import opens a connection")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
module, _, name = sys.argv[1].rpartition(".")
assert callable(getattr(importlib.import_module(module), name))
import carillon
assert carillon.__cached__ and carillon.__file__.startswith(sys.argv[2]), carillon.__file__
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
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join([str(function), str(native)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    outcome = subprocess.run(
        [str(python), "-s", "-c", _IMPORT, handler, str(native)],
        cwd=function,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if outcome.returncode != 0:
        raise BuildError(f"{handler} does not import under python3.13:\n{outcome.stderr.strip()}")
