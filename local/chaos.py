"""`python -m local chaos --once`: kills the worker in mid-run and watches the run recover.

The first call to the target hangs; the worker is killed while it waits. Once the attempt's lease has run
out, the next tick must send the run again, and the second attempt must succeed.
"""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from local.api_client import ApiClient
from local.receiver import Receiver
from local.stack import LaptopCloud, Plan

# The lease of 20 s and its margin, a tick each minute, and the second attempt; twice that on a laden machine.
RECOVERY_SECONDS = 300


def chaos() -> int:
    """Print the run's story; 0 when it ended SUCCEEDED at the second attempt."""
    receiver = Receiver()
    try:
        with LaptopCloud(Plan(folder=Plan().folder / "chaos")) as cloud:
            api = cloud.admin()
            run_id = kill_in_mid_run(cloud, api, receiver)
            print("The worker was killed in mid-run.", flush=True)
            run = wait_for_end(api, run_id)
    finally:
        receiver.stop()
    for event in run["events"]:
        print(f"  attempt {event['attempt']}  {event['status']:<10} {event['message']}")
    print(f"{run_id} ended {run['state']} after {run['attempt']} attempts.")
    return 0 if run["state"] == "SUCCEEDED" and run["attempt"] == 2 else 1


def kill_in_mid_run(cloud: LaptopCloud, api: ApiClient, receiver: Receiver) -> str:
    """Trigger a run and SIGKILL every worker at work once its target is called; give the run's id."""
    target = {"kind": "http", "method": "POST", "url": f"{receiver.url}/stall/12/chaos"}
    job = {"target": target, "timeout_seconds": 15, "retry": {"max_attempts": 3, "base_seconds": 1}}
    document = {"schedule_id": "chaos", "timetable": {"expression": "@yearly", "zone": "UTC"}, "job": job}
    api.post("/v1/schedules", document)
    run_id = str(api.post("/v1/schedules/chaos/trigger")["run_id"])
    wait_until("the target is called", 120, lambda: any(call.key == run_id for call in receiver.calls()))
    for pid in cloud.function("worker").pids(busy=True):
        os.killpg(pid, signal.SIGKILL)
    return run_id


def wait_for_end(api: ApiClient, run_id: str) -> dict[str, Any]:
    """Give the run when it has ended."""
    wait_until(f"{run_id} ends", RECOVERY_SECONDS, lambda: api.run(run_id)["ended_at"] is not None)
    return api.run(run_id)


def wait_until(what: str, seconds: float, holds: Callable[[], bool]) -> None:
    """Look twice a second until it holds; an error says what never came."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise RuntimeError(f"After {seconds:.0f} s it is still not so that {what}.")
        time.sleep(0.5)
