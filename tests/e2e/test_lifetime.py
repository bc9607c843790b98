"""Nothing outlives the laptop cloud: not after a stop, not after its parent was killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.chaos import wait_until
from local.stack import ROOT
from tests.e2e.stubs import write_stack

pytestmark = pytest.mark.slow

# A process begun in the background ignores SIGINT, and so would its children: this one hears it in any case.
PROGRAM = """
import signal, sys, time
from pathlib import Path
from local.stack import LaptopCloud, Plan
folder = Path(sys.argv[1])
signal.signal(signal.SIGINT, signal.default_int_handler)
with LaptopCloud(Plan(template=folder / "template.yaml", folder=folder / "state", parameters={})) as cloud:
    cloud.function("plain").warm()
    print("children", *cloud.pids(), flush=True)
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        pass
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_child_is_left_when_the_cloud_ends(tmp_path, how):
    write_stack(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        children = next(
            [int(pid) for pid in line.split()[1:]] for line in parent.stdout if line.startswith("children")
        )
        assert len(children) >= 2
        assert all(_lives(pid) for pid in children)
        parent.send_signal(how)
        parent.wait(timeout=180)
        wait_until("every child is dead", 60, lambda: not any(_lives(pid) for pid in children))
    if how is signal.SIGINT:
        assert not Path(tmp_path / "state/state.json").exists()


def _lives(pid):
    """A dead child may wait for init as a zombie; it runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
