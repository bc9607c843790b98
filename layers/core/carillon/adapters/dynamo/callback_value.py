"""What a run's row holds of its callbacks, as one JSON text, and of the run it repeats."""

from carillon.adapters.dynamo.wire import Row, Value, packed
from carillon.domain.callback import Callback
from carillon.domain.errors import RunNotFound
from carillon.domain.moments import from_ms, to_ms
from carillon.domain.run_id import RunId


def callback_value(callback: Callback) -> Value:
    """The value; what says nothing is left out."""
    fields = {
        "token": callback.token_hash,
        "answer": callback.answer,
        "due_at": None if callback.due_at is None else to_ms(callback.due_at),
        "heartbeat_seconds": callback.heartbeat_seconds,
        "past": callback.past or None,
        "marks": callback.marks or None,
    }
    return packed({name: value for name, value in fields.items() if value is not None})


def read_callback(row: Row) -> Callback | None:
    """The callbacks of a row, None where there are none; MalformedRow."""
    fields = row.mapping("callback")
    if not fields:
        return None
    try:
        due_at = fields.get("due_at")
        return Callback(
            token_hash=fields["token"],
            answer=fields.get("answer"),
            due_at=None if due_at is None else from_ms(due_at),
            heartbeat_seconds=fields.get("heartbeat_seconds"),
            past=tuple((str(known), str(said)) for known, said in fields.get("past", ())),
            marks=tuple((str(a), int(length), str(b)) for a, length, b in fields.get("marks", ())),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise row.fault("callback", "is not a callback") from None


def read_retry_of(row: Row) -> RunId | None:
    """The run that this one repeats; MalformedRow."""
    found = row.maybe_text("retry_of")
    try:
        return None if found is None else RunId.parse(found)
    except RunNotFound:
        raise row.fault("retry_of", "is not a run id") from None
