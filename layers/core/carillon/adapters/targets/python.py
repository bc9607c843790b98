"""Calls a python target: a registered task in a warm child process that is killed at the call's deadline."""

import signal
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from carillon.adapters.targets.deadline import Deadline
from carillon.adapters.targets.task_pool import ChildDiedError, Message, PoolFullError, TaskPool
from carillon.domain.errors import FieldError
from carillon.domain.moments import to_rfc3339
from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable, timed_out
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.python import check_python


def _utc_now() -> datetime:
    return datetime.now(UTC)


class PythonTarget:
    """The python target; which tasks there are is the child process's to tell."""

    def __init__(self, pool: TaskPool, now: Callable[[], datetime] = _utc_now) -> None:
        self._pool = pool
        self._now = now

    def check(self, spec: Mapping[str, Any]) -> tuple[FieldError, ...]:
        """Every fault of the specification."""
        return check_python(spec)

    def execute(self, call: TargetCall) -> Outcome:
        """Runs the task once, to its end or to the deadline."""
        faults = self.check(call.spec)
        if faults:
            return permanent("invalid_target", f"{faults[0].field}: {faults[0].message}")
        seconds = (call.deadline_at - self._now()).total_seconds()
        try:
            return _read(self._pool.run(_message(call), Deadline.within(seconds), call.log, call.cancelled))
        except TimeoutError:
            return timed_out(
                "The task ran past its deadline and its process was killed; what it has done stays done."
            )
        except PoolFullError:
            return retryable(
                "no_free_process", "No process was free by the deadline; the task was not started."
            )
        except ChildDiedError as died:
            return _crash(died.exit_code)
        except OSError as error:
            return retryable("process_not_started", f"No process could be started for the task: {error}.")


def _message(call: TargetCall) -> Message:
    return {
        "task": call.spec["task"],
        "arguments": dict(call.spec.get("arguments") or {}),
        "run_id": call.run_id,
        "schedule_id": call.schedule_id,
        "attempt": call.attempt,
        "fire_at": to_rfc3339(call.fire_at),
        "callback_token": call.callback_token,
        "callback_url": call.callback_url,
        **call.trace_context,
    }


def _read(result: Message) -> Outcome:
    kind = OutcomeKind(result["kind"])
    return Outcome(kind, result["message"], error=result["error"], output=result["output"])


def _crash(exit_code: int) -> Outcome:
    if exit_code >= 0:
        how = f"exit code {exit_code}"
    else:
        names = {member.value: member.name for member in signal.Signals}
        how = f"signal {names.get(-exit_code, -exit_code)}"
    return retryable(
        "task_crashed", f"The task's process ended with {how} before it answered.", status=exit_code
    )
