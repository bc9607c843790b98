"""One task for each way in which a task can end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from carillon.tasks import PermanentError, task

CALLS = []


@task("describe")
def describe(context):
    context.log("described")
    return {
        "run_id": context.run_id,
        "schedule_id": context.schedule_id,
        "attempt": context.attempt,
        "fire_at": context.fire_at.isoformat(),
        "arguments": dict(context.arguments),
        "hurried": 0 < context.seconds_left() <= 60,
    }


@task("call-back")
def call_back(context):
    return [context.callback_token, context.callback_url]


@task("whoami")
def whoami(context):
    context.log("started")
    CALLS.append(context.run_id)
    while "until" in context.arguments and not Path(context.arguments["until"]).exists():
        time.sleep(0.01)
    return {"pid": os.getpid(), "calls": len(CALLS)}


@task("fail")
def fail(context):
    raise KeyError("the cause")


@task("refuse")
def refuse(context):
    raise PermanentError("The bucket is gone for good.")


@task("hang")
def hang(context):
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    context.log(f"hanging {started.pid}")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


@task("leave")
def leave(context):
    how = context.arguments["how"]
    context.log("leaving")
    if how == "exit":
        os._exit(3)
    if how == "sys.exit":
        sys.exit("enough")
    if how == "orphan":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)
        os._exit(4)
    os.kill(os.getpid(), signal.SIGKILL)


@task("produce")
def produce(context):
    if "nan" in context.arguments:
        return float("nan")
    if "object" in context.arguments:
        return object()
    if "rows" in context.arguments:
        return [0] * context.arguments["rows"]
    return "ü" * context.arguments["characters"]


@task("talk")
def talk(context):
    print("printed")  # noqa: T201 - printing is what is tested
    print("half", end="")  # noqa: T201
    print("complained", file=sys.stderr)  # noqa: T201
    for number in range(context.arguments["lines"]):
        context.log(f"{number} " + "x" * 5000)


@task("raw")
def raw(context):
    os.write(1, b'{"result": {"kind": "success"}}\n')
    return "real"


@task("work-until-told")
def work_until_told(context):
    while not context.cancelled():
        time.sleep(0.01)
    return "stopped early"


@task("trace")
def trace(context):
    return [context.traceparent, context.tracestate]
