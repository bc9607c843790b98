"""How an HTTP answer is read: which statuses are worth another attempt, and what pause the target asks for.

2xx is success. 408, 425, 429 and 5xx may pass with time. The rest, redirects included, would only repeat.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from carillon.domain.outcome import Outcome, OutcomeKind

MAX_RETRY_AFTER_SECONDS: Final = 3600.0
_WORTH_ANOTHER_ATTEMPT: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


def kind_of(status: int) -> OutcomeKind:
    """Success, retryable or permanent, from the status alone."""
    if 200 <= status < 300:
        return OutcomeKind.SUCCESS
    if status in _WORTH_ANOTHER_ATTEMPT or 500 <= status < 600:
        return OutcomeKind.RETRYABLE
    return OutcomeKind.PERMANENT


def read_answer(status: int, retry_after: str | None, now: datetime, output: object = None) -> Outcome:
    """The outcome of a complete answer; Retry-After counts for retryable ones only."""
    kind = kind_of(status)
    if kind is OutcomeKind.SUCCESS:
        return Outcome(kind, f"The target answered {_named(status)}.", status=status, output=output)
    pause = parse_retry_after(retry_after, now) if kind is OutcomeKind.RETRYABLE else None
    return Outcome(kind, _complaint(status), pause, status, f"http_{status}", output)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, between 0 and MAX_RETRY_AFTER_SECONDS; None when the value says nothing readable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        # Ten digits are three centuries; more would only make int() work.
        return min(float(text[:10]), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)


def _complaint(status: int) -> str:
    if 300 <= status < 400:
        return f"The target answered {_named(status)}; redirects are not followed, so give the final URL."
    return f"The target answered {_named(status)}."


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
