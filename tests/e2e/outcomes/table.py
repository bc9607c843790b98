"""Plays every case on one laptop cloud: saved over the API, run by hand, executed by the worker, read over the API."""

import contextlib
import os
import signal
import socket
import threading
import time
from dataclasses import dataclass

from local.chaos import wait_until
from tests.e2e.outcomes.cases import KINDS, SECRET, WAYS, WIRE_OF, End, expected, job_of
from tests.e2e.outcomes.stage import running
from tests.functions.event_files import event

LINE = "{:<14} {:<10} {:<10} {:>8}  {:<14} {:>5}  {}"
LONGEST_SECONDS = 600


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    kind: str
    way: str
    found: End
    wanted: End
    by: str

    @property
    def is_right(self):
        return self.found == self.wanted

    def __str__(self):
        found = self.found
        told = self.by if self.is_right else f"NOT {self.wanted}"
        return LINE.format(
            self.kind, self.way, found.state, found.attempts, found.reason or "-", found.calls, told
        )


HEAD = LINE.format("kind", "outcome", "run", "attempts", "reason", "calls", "answered by")


def rows(folder, say):
    """Every row, in the order of the page."""
    with running(folder, say) as stage:
        api = stage.cloud.admin()
        begun = {("python", "unknown"): killed_in_mid_run(stage, api)}
        for kind in KINDS:
            for way in WAYS:
                if (kind, way) not in begun:
                    begun[kind, way] = start(api, f"{kind}-{way}", job_of(kind, way, stage))
        found = [*of_the_pages_kind(api)]
        wait_for_all(stage, api, begun.values())
        return [*(row_of(stage, api, *case, begun[case]) for case in _cases()), *found]


def _cases():
    return [(kind, way) for kind in KINDS for way in WAYS]


def start(api, schedule_id, job):
    """Saves a schedule and runs it now; the run's id."""
    # An alert would name the work too, and be counted as a call of it.
    document = {
        "schedule_id": schedule_id,
        "timetable": {"expression": "@yearly"},
        "job": job,
        "alerts": {"on": []},
    }
    api.post("/v1/schedules", document)
    return str(api.post(f"/v1/schedules/{schedule_id}/trigger")["run_id"])


def killed_in_mid_run(stage, api):
    """A task hangs, and its worker is killed: nobody can tell what it had done."""
    run_id = start(api, "python-unknown", job_of("python", "unknown", stage))
    wait_until("the task is at work", 180, lambda: stage.wires["S3"].calls["lost-work"])
    for pid in stage.cloud.function("worker").pids(busy=True):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    return run_id


def wait_for_all(stage, api, run_ids):
    """Ticks until every run has ended; a killed attempt's lease has to run out first."""
    left, until = set(run_ids), time.monotonic() + LONGEST_SECONDS
    while left and time.monotonic() < until:
        stage.cloud.invoke("tick", event("tick"))
        left = {run_id for run_id in left if api.run(run_id)["ended_at"] is None}
        time.sleep(2 if left else 0)


def row_of(stage, api, kind, way, run_id):
    run, wire = api.run(run_id), stage.wires[WIRE_OF[kind]]
    found = End(run["state"], run["attempt"], run["reason"], wire.calls[WAYS[way]])
    own = {"http": "a local service", "python": "a task's process", "lambda": "a local function"}
    by = own.get(kind, "the emulator")
    at_wire = {
        "permanent": "the wire",
        "retryable": f"the wire, then {by}",
        "unknown": f"{by}, lost on the wire",
    }
    if kind == "python":
        at_wire |= {"permanent": by, "unknown": "nobody: its worker was killed"}
    return Row(kind, way, found, expected(kind, way), by if kind == "http" else at_wire.get(way, by))


def of_the_pages_kind(api):
    """The kind that docs/targets.md shows, with a secret in its line: one that listens, one that listens later."""
    for way in ("success", "retryable"):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            lines = []
            take = threading.Thread(target=_take, args=(server, lines))
            if way == "success":
                server.listen()
                take.start()
            run_id = start(api, f"syslog-{way}", _syslog(server.getsockname()[1]))
            if way == "retryable":
                wait_until(
                    "it is tried again", 180, lambda run_id=run_id: api.run(run_id)["state"] == "RETRYING"
                )
                server.listen()
                take.start()
            wait_until("it has ended", 180, lambda run_id=run_id: api.run(run_id)["ended_at"])
            take.join(60)
        run = api.run(run_id)
        is_told = lines == [f"<14>carillon {run_id}: the key is {SECRET}\n"]
        attempts = 1 if way == "success" else 2
        found = End(run["state"], run["attempt"], run["reason"], len(lines) if is_told else 0)
        yield Row("syslog", way, found, End("SUCCEEDED", attempts, None, 1), "a socket: the page's own kind")


def _syslog(port):
    target = {"kind": "syslog", "host": "127.0.0.1", "port": port, "message": "the key is ${secrets.KEY}"}
    # Between two attempts there is time to begin to listen, on a slow machine too.
    retry = {"max_attempts": 5, "backoff": "fixed", "base_seconds": 25}
    return {"target": target, "timeout_seconds": 45, "retry": retry, "secrets": {"KEY": SECRET}}


def _take(server, lines):
    server.settimeout(180)
    with contextlib.suppress(OSError):
        connection, _ = server.accept()
        with connection, connection.makefile() as stream:
            lines.append(stream.readline())
