"""`python -m local chaos`: workers are killed at random while runs execute, and every run must still succeed.

The kills stop after the given time. What they left is then found by the ticks: messages that never led to a start,
and attempts whose lease is over. The command waits for the last run, judges all of them, and stops by itself.
"""

import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from local.api_client import ApiClient
from local.chaos import wait_until
from local.receiver import Receiver
from local.reckoning import Reckoning, reckon
from local.stack import LaptopCloud, Plan

SCHEDULES = 4
CALL_SECONDS = 0.5
PAUSE_SECONDS = (1.0, 4.0)
MAX_ATTEMPTS = 100
# A lease is over 25 s after its attempt's start, a tick comes each minute, and a second one may be needed.
RECOVERY_SECONDS = 360.0


@dataclass
class Storm:
    """The killing: one worker at a time, one that is at work if there is one."""

    cloud: LaptopCloud
    seed: int
    kills: int = 0
    at_work: int = 0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def rage(self, seconds: float) -> None:
        """Kill again and again; fewer times than a run has attempts."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.kills < MAX_ATTEMPTS - 1:
            self._kill_one()
            time.sleep(self._random.uniform(*PAUSE_SECONDS))

    def _kill_one(self) -> None:
        worker = self.cloud.function("worker")
        busy = worker.pids(busy=True)
        victims = busy or worker.pids()
        if not victims:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._random.choice(victims), signal.SIGKILL)
            self.kills += 1
            self.at_work += bool(busy)


def storm(runs: int, seconds: float, seed: int) -> int:
    """Print what came of it; 0 when every promise was kept."""
    began = time.monotonic()
    receiver = Receiver()
    try:
        with LaptopCloud(Plan(folder=Plan().folder / "chaos")) as cloud:
            api = cloud.admin()
            ids = _make_schedules(api, receiver.url, runs)
            raging = Storm(cloud, seed)
            print(f"{runs} runs are due; workers are killed for {seconds:.0f} s (seed {seed}) …", flush=True)
            raging.rage(seconds)
            print(f"The kills are over after {raging.kills}; the ticks mend what they left …", flush=True)
            reckoning = _await_ends(api, receiver, ids, runs)
    finally:
        receiver.stop()
    return _tell(reckoning, raging, time.monotonic() - began)


def _make_schedules(api: ApiClient, url: str, runs: int) -> list[str]:
    """Make schedules that fire each second, together so many times; they overlap as they like."""
    ids = [f"chaos-{number + 1}" for number in range(min(SCHEDULES, runs))]
    for number, schedule_id in enumerate(ids):
        share = runs // len(ids) + (number < runs % len(ids))
        target = {"kind": "http", "method": "POST", "url": f"{url}/hang/{CALL_SECONDS}/{schedule_id}"}
        retry = {"max_attempts": MAX_ATTEMPTS, "backoff": "fixed", "base_seconds": 1}
        document = {
            "schedule_id": schedule_id,
            "timetable": {"expression": "* * * * * *", "zone": "UTC", "max_runs": share},
            "policies": {"overlap": "allow", "misfire": {"grace_seconds": 3600}},
            "job": {"target": target, "timeout_seconds": 10, "retry": retry},
        }
        api.post("/v1/schedules", document)
    return ids


def _await_ends(api: ApiClient, receiver: Receiver, ids: list[str], wanted: int) -> Reckoning:
    """Wait for the last end, however it is, and judge."""

    def all_ended() -> bool:
        found = [run for schedule_id in ids for run in api.runs(schedule_id)]
        return len(found) >= wanted and all(run["ended_at"] is not None for run in found)

    with suppress(RuntimeError):  # Judged below, with a sentence for each run.
        wait_until("every run has ended", RECOVERY_SECONDS, all_ended)
    stories: list[dict[str, Any]] = [
        api.run(run["run_id"]) for schedule_id in ids for run in api.runs(schedule_id)
    ]
    return reckon(stories, [call.key for call in receiver.calls()], wanted)


def _tell(reckoning: Reckoning, raging: Storm, seconds: float) -> int:
    rows = (("workers killed", raging.kills), ("of them at work", raging.at_work), *reckoning.rows())
    for name, count in rows:
        print(f"  {name:<40} {count:>6}")
    for fault in reckoning.faults[:20]:
        print(f"  NOT SO: {fault}")
    verdict = (
        f"{len(reckoning.faults)} promises were broken" if reckoning.faults else "every promise was kept"
    )
    print(f"chaos: {reckoning.runs} runs, {raging.kills} kills, {verdict}, {seconds:.0f} s")
    return 1 if reckoning.faults else 0
