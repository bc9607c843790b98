"""Moments as Carillon writes them: aware UTC datetimes inside, epoch milliseconds in rows, RFC 3339 for people."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_KEY_FORMAT = "%Y%m%dT%H%M%SZ"


def to_ms(moment: datetime) -> int:
    """Epoch milliseconds, rounded down."""
    return (moment - EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The UTC moment of epoch milliseconds."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def to_key(moment: datetime) -> str:
    """The second-precise form used in run keys: 20261122T020000Z."""
    moment = moment.astimezone(UTC)
    # strftime does not pad years below 1000 on every platform; run keys start in 1970, so it need not.
    return moment.strftime(_KEY_FORMAT)


def from_key(text: str) -> datetime:
    """The moment of a run key's leading time; ValueError when it has none."""
    return datetime.strptime(text[:16], _KEY_FORMAT).replace(tzinfo=UTC)


def to_rfc3339(moment: datetime) -> str:
    """2026-11-22T02:00:00Z, with milliseconds only when there are any."""
    moment = moment.astimezone(UTC)
    spec = "milliseconds" if moment.microsecond >= 1000 else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def from_rfc3339(text: str) -> datetime:
    """The UTC moment of an RFC 3339 text; ValueError when it is malformed or has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset; write it as 2026-11-22T02:00:00Z")
    return moment.astimezone(UTC)


def ceil_second(moment: datetime) -> datetime:
    """The first whole second at or after the moment."""
    whole = moment.replace(microsecond=0)
    return whole if whole == moment else whole + timedelta(seconds=1)
