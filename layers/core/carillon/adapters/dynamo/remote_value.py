"""What a run's row holds of its work elsewhere, as one JSON text."""

from carillon.adapters.dynamo.wire import Row, Value, packed
from carillon.domain.moments import from_ms, to_ms
from carillon.domain.run_remote import Remote


def remote_value(remote: Remote) -> Value:
    """The value."""
    due_at = to_ms(remote.due_at)
    return packed({"kind": remote.kind, "id": remote.id, "due_at": due_at, "ask_seconds": remote.ask_seconds})


def read_remote(row: Row) -> Remote | None:
    """The work of a row, None where there is none; MalformedRow."""
    found = row.mapping("remote")
    if not found:
        return None
    try:
        due_at = from_ms(found["due_at"])
        return Remote(str(found["kind"]), str(found["id"]), due_at, int(found["ask_seconds"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise row.fault("remote", "is not work elsewhere") from None
