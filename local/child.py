"""The first code of every process that the laptop cloud starts: it ties the child's life to the parent's.

The parent holds the writing end of the child's standard input. When the parent ends, however it
ends, that pipe closes and the child kills its whole process group, grandchildren included.
"""

import os
import runpy
import signal
import sys
import threading


def _die_with_parent() -> None:
    """Wait for the parent's end of the pipe to close, then kill the whole group."""
    while os.read(0, 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    """Run a module as `python -m` would, as long as the parent lives."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
