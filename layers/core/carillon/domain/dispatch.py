"""A dispatch message: the wake-up for one attempt of one run. The table is the truth; this only points at it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeGuard

from carillon.domain.errors import MalformedMessage
from carillon.domain.moments import from_ms, to_ms
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.domain.trace import TRACEPARENT, read_trace

FORMAT: Final = 1

_written: Final = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Which attempt of which run may start, and not before when.

    `min_revision` is the revision that the sender knew of: an older one is not to be run on this message's word.
    `traceparent` names the attempt in its run's trace, for those who meet the message without the run.
    """

    run_id: RunId
    attempt: int
    not_before: datetime
    min_revision: int = 0
    traceparent: str | None = None

    @classmethod
    def for_next_attempt(cls, run: Run, min_revision: int = 0) -> "Dispatch":
        """The wake-up that an unstarted or retrying run waits for."""
        attempt, floor = run.attempt + 1, max(min_revision, run.revision or 0)
        return cls(run.run_id, attempt, run.not_before, floor, run.traceparent(attempt))

    @property
    def trace_id(self) -> str | None:
        """The run's trace, None in a message that does not say."""
        trace = read_trace(self.traceparent)
        return None if trace is None else trace.trace_id

    def encode(self) -> str:
        """The message's text: format, schedule id, run key, attempt, not-before in epoch ms, least revision, trace."""
        fields: dict[str, Any] = {
            "v": FORMAT,
            "schedule_id": self.run_id.schedule_id,
            "run_key": self.run_id.run_key,
            "attempt": self.attempt,
            "not_before": to_ms(self.not_before),
        }
        if self.min_revision:
            fields["min_revision"] = self.min_revision
        if self.traceparent:
            fields[TRACEPARENT] = self.traceparent
        return _written(fields)

    @classmethod
    def decode(cls, body: str) -> "Dispatch":
        """Reads a body; MalformedMessage says what is wrong with it."""
        fields = _fields(body)
        if fields.get("v") != FORMAT:
            raise MalformedMessage(
                f"The message has format {fields.get('v')!r:.40}; this worker reads {FORMAT}."
            )
        attempt, not_before = fields.get("attempt"), fields.get("not_before")
        floor = fields.get("min_revision", 0)
        if not _is_count(attempt) or not _is_count(not_before) or not _is_count(floor):
            raise MalformedMessage(
                "The message's attempt, not_before and min_revision must be whole numbers."
            )
        try:
            run_id = RunId.parse(f"{fields.get('schedule_id')}@{fields.get('run_key')}")
            return cls(run_id, attempt, from_ms(not_before), floor, _traceparent(fields))
        except (LookupError, OverflowError) as error:
            raise MalformedMessage(f"The message names no run: {error}") from None


def _fields(body: str) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedMessage("The message is not JSON.") from None
    if not isinstance(fields, dict):
        raise MalformedMessage("The message is not a JSON object.")
    return fields


def _traceparent(fields: Mapping[str, Any]) -> str | None:
    """A trace is for people: without one, or with a broken one, a message is as good as any."""
    found = fields.get(TRACEPARENT)
    return found if read_trace(found) is not None else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
