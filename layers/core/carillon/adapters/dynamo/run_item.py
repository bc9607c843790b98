"""A run as a row: found by the sweep while unfinished, listed if it failed, and kept for a while once ended."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from carillon.adapters.dynamo.callback_value import callback_value, read_callback, read_retry_of
from carillon.adapters.dynamo.remote_value import read_remote, remote_value
from carillon.adapters.dynamo.trace_value import read_trace_value, trace_value
from carillon.adapters.dynamo.wire import Row, Value, Wire, moment, shard_of, text, whole
from carillon.domain.errors import MalformedRow
from carillon.domain.moments import EPOCH
from carillon.domain.run import LISTED_AS_FAILED, Origin, Run, RunEvent, RunState
from carillon.domain.run_id import RunId
from carillon.domain.workflow.tasks import kept_for

_TEXTS: Final = ("claim_id", "reason", "cancel_reason")
_WHOLES: Final = ("revision", "skipped_count", "output_bytes", "item_count")
_MOMENTS: Final = ("lease_until", "started_at", "ended_at", "cancel_requested_at", "deadline_at")


def run_key(run_id: RunId) -> Wire:
    """The key of a run."""
    return {"schedule_id": text(run_id.schedule_id), "run_key": text(run_id.run_key)}


def run_item(run: Run, shards: int, kept: timedelta) -> Wire:
    """The row. An unfinished run has a wake_at and a terminal one an ended_at, or it is refused (ValueError)."""
    item = run_key(run.run_id) | {
        "generation": whole(run.generation),
        "origin": text(run.origin.value),
        "state": text(run.state.value),
        "fire_at": moment(run.fire_at),
        "not_before": moment(run.not_before),
        "created_at": moment(run.created_at),
        "attempt": whole(run.attempt),
    }
    if run.sends:
        item["sends"] = whole(run.sends)
    if run.slotted:
        item["slotted"] = {"BOOL": True}
    if run.compensable:
        item["compensable"] = {"BOOL": True}
    if run.retry_of is not None:
        item["retry_of"] = text(str(run.retry_of))
    if run.callback is not None:
        item["callback"] = callback_value(run.callback)
    if run.remote is not None:
        item["remote"] = remote_value(run.remote)
    if run.given_trace is not None:
        item["trace"] = trace_value(run.given_trace)
    if run.events:
        item["events"] = {"L": [event_value(event) for event in run.events]}
    for names, write in ((_TEXTS, text), (_WHOLES, whole), (_MOMENTS, moment)):
        item |= {name: write(value) for name in names if (value := getattr(run, name)) is not None}
    return item | (_ended_values(run, shards, kept) if run.state.is_terminal else _wake_values(run, shards))


def _wake_values(run: Run, shards: int) -> Wire:
    if run.wake_at is None or run.ended_at is not None:
        raise ValueError(f"Run {run.run_id} is {run.state}: it needs a wake_at and no ended_at.")
    shard = shard_of(run.run_id.schedule_id, shards)
    return {"wake_at": moment(run.wake_at), "wake_shard": text(shard)}


def _ended_values(run: Run, shards: int, kept: timedelta) -> Wire:
    if run.ended_at is None:
        raise ValueError(f"Run {run.run_id} is {run.state}: it needs an ended_at.")
    values = {"expires_at": whole((run.ended_at + kept_for(run, kept) - EPOCH) // timedelta(seconds=1))}
    if run.state in LISTED_AS_FAILED:
        shard = shard_of(run.run_id.schedule_id, shards)
        values |= {"failed_at": moment(run.ended_at), "failed_shard": text(shard)}
    return values


def event_value(event: RunEvent) -> Value:
    """One line of the story."""
    line: Wire = {
        "timestamp": moment(event.timestamp),
        "status": text(event.status.value),
        "message": text(event.message),
        "attempt": whole(event.attempt),
    }
    if event.duration_ms is not None:
        line["duration_ms"] = whole(event.duration_ms)
    return {"M": line}


def read_run_id(item: Mapping[str, Mapping[str, Any]]) -> RunId:
    """The id that stands in a row's or an index entry's key."""
    return RunId(str(item["schedule_id"]["S"]), str(item["run_key"]["S"]))


def read_run(item: Mapping[str, Mapping[str, Any]]) -> Run:
    """The run of a row or of a stream image; MalformedRow."""
    run_id = read_run_id(item)
    row = Row(item, f"Run {run_id}")
    try:
        state, origin = RunState(row.text("state")), Origin(row.text("origin"))
        events = tuple(_event(value) for value in row.values("events"))
    except MalformedRow:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedRow(f"Run {run_id} cannot be read: {error}.") from None
    return Run(
        run_id=run_id,
        generation=row.whole("generation"),
        origin=origin,
        state=state,
        fire_at=row.moment("fire_at"),
        not_before=row.moment("not_before"),
        created_at=row.moment("created_at"),
        attempt=row.whole("attempt"),
        sends=row.maybe_whole("sends") or 0,
        wake_at=row.maybe_moment("wake_at"),
        events=events,
        claim_id=row.maybe_text("claim_id"),
        reason=row.maybe_text("reason"),
        revision=row.maybe_whole("revision"),
        skipped_count=row.maybe_whole("skipped_count"),
        lease_until=row.maybe_moment("lease_until"),
        started_at=row.maybe_moment("started_at"),
        ended_at=row.maybe_moment("ended_at"),
        slotted=row.flag("slotted"),
        compensable=row.flag("compensable"),
        output_bytes=row.maybe_whole("output_bytes"),
        item_count=row.maybe_whole("item_count"),
        cancel_requested_at=row.maybe_moment("cancel_requested_at"),
        cancel_reason=row.maybe_text("cancel_reason"),
        deadline_at=row.maybe_moment("deadline_at"),
        retry_of=read_retry_of(row),
        callback=read_callback(row),
        remote=read_remote(row),
        given_trace=read_trace_value(row),
    )


def _event(value: Mapping[str, Any]) -> RunEvent:
    row = Row(value["M"], "An event")
    status = RunState(row.text("status"))
    return RunEvent(
        row.moment("timestamp"),
        status,
        row.text("message"),
        row.whole("attempt"),
        row.maybe_whole("duration_ms"),
    )
