"""A run: one execution of a fire time or of a manual trigger, and the only ways its state may change.

`TRANSITIONS` is the whole state machine; docs/run-states.md is held against it by a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from carillon.domain.callback import Callback
from carillon.domain.errors import InvalidTransition
from carillon.domain.moments import to_ms
from carillon.domain.run_id import RunId
from carillon.domain.run_remote import Remote
from carillon.domain.trace import Trace, begin_trace, span_of

MAX_EVENTS: Final = 40
MAX_MESSAGE: Final = 400


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    RETRYING = "RETRYING"
    WAITING = "WAITING"
    COMPENSATING = "COMPENSATING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    UNKNOWN = "UNKNOWN"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"
    COMPENSATED = "COMPENSATED"
    COMPENSATION_FAILED = "COMPENSATION_FAILED"

    @property
    def is_terminal(self) -> bool:
        """Whether the run has ended; only an operator can move it further, and only where TRANSITIONS says so."""
        return self not in UNFINISHED


UNFINISHED: Final = frozenset(
    {RunState.QUEUED, RunState.RUNNING, RunState.RETRYING, RunState.WAITING, RunState.COMPENSATING}
)
WAITS_FOR_A_MESSAGE: Final = frozenset({RunState.QUEUED, RunState.RETRYING})
FAILURES: Final = frozenset(
    {RunState.FAILED, RunState.TIMED_OUT, RunState.UNKNOWN, RunState.COMPENSATION_FAILED}
)
LISTED_AS_FAILED: Final = FAILURES | {RunState.COMPENSATED}
"""Failures as people look for them: one whose effects were taken back is still one."""


class EventKind(StrEnum):
    """What can happen to a run."""

    START = "start"
    SKIP = "skip"
    CANCEL = "cancel"
    UNDELIVERABLE = "undeliverable"
    SUCCEED = "succeed"
    RETRY = "retry"
    WAIT = "wait"
    FAIL = "fail"
    TIME_OUT = "time_out"
    LOSE = "lose"
    COMPENSATE = "compensate"
    COMPENSATE_DONE = "compensate_done"
    COMPENSATE_FAIL = "compensate_fail"
    SETTLE = "settle"


class Origin(StrEnum):
    """Why a run exists."""

    FIRE = "fire"
    CATCH_UP = "catch_up"
    BACKFILL = "backfill"
    MANUAL = "manual"
    CHAIN = "chain"
    STEP = "step"
    COMPENSATION = "compensation"


_S, _K = RunState, EventKind
TRANSITIONS: Final[Mapping[tuple[RunState, EventKind], RunState]] = {
    (_S.QUEUED, _K.START): _S.RUNNING,
    (_S.QUEUED, _K.SKIP): _S.SKIPPED,
    (_S.QUEUED, _K.CANCEL): _S.CANCELLED,
    (_S.QUEUED, _K.UNDELIVERABLE): _S.FAILED,
    (_S.RUNNING, _K.SUCCEED): _S.SUCCEEDED,
    (_S.RUNNING, _K.RETRY): _S.RETRYING,
    (_S.RUNNING, _K.WAIT): _S.WAITING,
    (_S.RUNNING, _K.FAIL): _S.FAILED,
    (_S.RUNNING, _K.TIME_OUT): _S.TIMED_OUT,
    (_S.RUNNING, _K.LOSE): _S.UNKNOWN,
    (_S.RUNNING, _K.CANCEL): _S.CANCELLED,
    (_S.RUNNING, _K.COMPENSATE): _S.COMPENSATING,
    (_S.RETRYING, _K.START): _S.RUNNING,
    (_S.RETRYING, _K.CANCEL): _S.CANCELLED,
    (_S.RETRYING, _K.UNDELIVERABLE): _S.FAILED,
    (_S.RETRYING, _K.FAIL): _S.FAILED,
    (_S.RETRYING, _K.TIME_OUT): _S.TIMED_OUT,
    (_S.RETRYING, _K.COMPENSATE): _S.COMPENSATING,
    (_S.WAITING, _K.SUCCEED): _S.SUCCEEDED,
    (_S.WAITING, _K.RETRY): _S.RETRYING,
    (_S.WAITING, _K.FAIL): _S.FAILED,
    (_S.WAITING, _K.TIME_OUT): _S.TIMED_OUT,
    (_S.WAITING, _K.CANCEL): _S.CANCELLED,
    (_S.WAITING, _K.COMPENSATE): _S.COMPENSATING,
    (_S.COMPENSATING, _K.COMPENSATE_DONE): _S.COMPENSATED,
    (_S.COMPENSATING, _K.COMPENSATE_FAIL): _S.COMPENSATION_FAILED,
    (_S.UNKNOWN, _K.COMPENSATE): _S.COMPENSATING,
    (_S.COMPENSATION_FAILED, _K.COMPENSATE): _S.COMPENSATING,
    (_S.COMPENSATION_FAILED, _K.SETTLE): _S.COMPENSATED,
}


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One line of a run's story."""

    timestamp: datetime
    status: RunState
    message: str
    attempt: int
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One row of the Runs table.

    `attempt` counts attempts started; `claim_id` names the last writer that owned or expired an attempt;
    `wake_at` is when the sweep looks at the row, and every unfinished run has one; `sends` counts wake-ups sent.
    `slotted` runs hold or await their schedule's overlap slot. `cancel_requested_at` asks an attempt to stop.
    `deadline_at` bounds all attempts; it is there from the first retry on. `retry_of` is the ended run that an
    operator wants done again. A `compensable` run that fails takes its effect back before it ends. `output_bytes` is
    the size of its output, `item_count` the number of elements a for_each step runs for. `remote` is work that its
    present attempt has started elsewhere. `given_trace` is the trace of the request or run that made it.
    """

    run_id: RunId
    generation: int
    origin: Origin
    state: RunState
    fire_at: datetime
    not_before: datetime
    created_at: datetime
    attempt: int = 0
    sends: int = 0
    wake_at: datetime | None = None
    claim_id: str | None = None
    lease_until: datetime | None = None
    revision: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    skipped_count: int | None = None
    slotted: bool = False
    cancel_requested_at: datetime | None = None
    cancel_reason: str | None = None
    deadline_at: datetime | None = None
    callback: Callback | None = None
    retry_of: RunId | None = None
    compensable: bool = False
    output_bytes: int | None = None
    item_count: int | None = None
    remote: Remote | None = None
    given_trace: Trace | None = None
    events: tuple[RunEvent, ...] = ()

    @property
    def trace(self) -> Trace:
        """The trace it belongs to: the one it was given, else one of its own, which follows from what it is."""
        return self.given_trace or begin_trace(self._birth)

    def span_id(self, attempt: int) -> str:
        """What an attempt of it is called in its trace."""
        return span_of(self._birth, attempt)

    def traceparent(self, attempt: int) -> str:
        """The trace context in which an attempt calls its target."""
        return self.trace.traceparent(self.span_id(attempt))

    @property
    def _birth(self) -> str:
        # Stacks may share schedules' names and a tracing backend, but hardly the millisecond of a claim.
        return f"{self.run_id} {to_ms(self.created_at)}"

    def elapsed_ms(self, now: datetime) -> int:
        """Milliseconds since the latest attempt began, 0 where none did."""
        return round((now - (self.started_at or now)) / timedelta(milliseconds=1))

    def noted(self, now: datetime, message: str, duration_ms: int | None = None) -> "Run":
        """The run with one more line in its story; the first line and the newest are kept."""
        event = RunEvent(now, self.state, message[:MAX_MESSAGE], self.attempt, duration_ms)
        kept = self.events if len(self.events) < MAX_EVENTS else (self.events[0], *self.events[2:])
        return replace(self, events=(*kept, event))


def target_state(state: RunState, kind: EventKind) -> RunState:
    """The state an event leads to; InvalidTransition for every pair that TRANSITIONS does not list."""
    try:
        return TRANSITIONS[state, kind]
    except KeyError:
        raise InvalidTransition(f"A run that is {state} cannot take the event '{kind}'.") from None
