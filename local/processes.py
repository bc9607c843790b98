"""Starts and ends the children of the laptop cloud, each in a process group of its own.

A group of its own keeps the terminal's Ctrl-C from reaching a child before its parent has decided
what to do, and lets a child be killed together with whatever it started.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

CHILD = Path(__file__).with_name("child.py")


def start(
    module: str,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path,
    output: IO[bytes] | int,
    errors: IO[bytes] | int = subprocess.STDOUT,
) -> subprocess.Popen[bytes]:
    """Run a Python module in a child that cannot outlive this process."""
    return subprocess.Popen(
        # -P keeps local/ itself off the child's import path: its modules must not shadow anything.
        [sys.executable, "-P", str(CHILD), module, *arguments],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=errors,
        cwd=directory,
        env=dict(environment),
        process_group=0,
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and everything it started, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
