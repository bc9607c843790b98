"""`python -m local invoke FUNCTION EVENT`: one function, one event, its answer and its logs.

It asks the stack that `up` keeps running, if there is one, else a freshly provisioned one without clock
or event sources. Dispatch messages in the file are sealed first, with the stack's keys. The exit code is 1 when the
function failed.
"""

import json
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from local.emulator import client
from local.sandbox import Answer
from local.sealed_events import sealed_event, sealing_for
from local.stack import LaptopCloud, Plan, running_stack


def invoke(function: str, event: Path) -> int:
    """Invoke and print."""
    payload = _read(event)
    running = running_stack(Plan().folder)
    if running is None:
        with tempfile.TemporaryDirectory(prefix="carillon-") as folder:
            answer, logs = invoke_fresh(
                function, payload, Plan(folder=Path(folder), clocks=False, sources=False)
            )
    else:
        answer, logs = _invoke_running(running, function, payload)
    _show(answer, logs)
    return 0 if answer.error is None else 1


def invoke_fresh(function: str, payload: bytes, plan: Plan) -> tuple[Answer, str]:
    """Invoke in a stack made for this one event; give the answer and what the function wrote."""
    with LaptopCloud(plan, say=lambda line: print(line, file=sys.stderr)) as cloud:
        answer = cloud.function(function).invoke(cloud.sealed(payload))
        return answer, _text(cloud.function(function).log, 0)


def _invoke_running(note: dict[str, Any], function: str, payload: bytes) -> tuple[Answer, str]:
    name = f"{note['stack']}-{function}"
    log = Plan().folder / "logs" / f"{name}.log"
    before = log.stat().st_size if log.exists() else 0
    messages = sealing_for(client("kms", note["aws"]), note["stack"], note["outputs"])
    payload = sealed_event(payload, messages)
    request = urllib.request.Request(
        f"{note['lambda']}/2015-03-31/functions/{name}/invocations", data=payload, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=320) as response:
            answer = Answer(response.read(), response.headers.get("X-Amz-Function-Error"))
    except urllib.error.HTTPError as error:
        raise RuntimeError(json.loads(error.read())["Message"]) from error
    return answer, _text(log, before)


def _read(path: Path) -> bytes:
    try:
        text = path.read_text(encoding="utf-8")
        json.loads(text)
    except OSError as error:
        raise RuntimeError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise RuntimeError(f"{path} is not JSON: {error}.") from error
    return text.encode()


def _text(log: Path, start: int) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as stream:
        stream.seek(start)
        return stream.read().decode(errors="replace")


def _show(answer: Answer, logs: str) -> None:
    print("--- logs")
    print(logs.rstrip())
    print("--- answer" if answer.error is None else f"--- {answer.error}")
    try:
        print(json.dumps(json.loads(answer.payload), indent=2, ensure_ascii=False))
    except ValueError:
        print(answer.payload.decode(errors="replace"))
