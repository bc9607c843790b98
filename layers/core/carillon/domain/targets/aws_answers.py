"""How an answer of AWS is read: tables of error codes, and what it means that no answer came.

A call that may have been accepted is unknown, unless its idempotency key makes a repetition harmless.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable

Meaning = tuple[OutcomeKind, str]
_R, _P = OutcomeKind.RETRYABLE, OutcomeKind.PERMANENT
THROTTLED: Final[Meaning] = (_R, "throttled")
UNAVAILABLE: Final[Meaning] = (_R, "service_unavailable")
DENIED: Final[Meaning] = (_P, "access_denied")
NOT_FOUND: Final[Meaning] = (_P, "target_not_found")
REFUSED: Final[Meaning] = (_P, "target_refused")

COMMON: Final[Mapping[str, Meaning]] = {
    "Throttling": THROTTLED,
    "ThrottlingException": THROTTLED,
    "Throttled": THROTTLED,
    "ThrottledException": THROTTLED,
    "TooManyRequestsException": THROTTLED,
    "RequestLimitExceeded": THROTTLED,
    "RequestThrottled": THROTTLED,
    "InternalError": UNAVAILABLE,
    "InternalFailure": UNAVAILABLE,
    "InternalException": UNAVAILABLE,
    "InternalServerError": UNAVAILABLE,
    "ServiceUnavailable": UNAVAILABLE,
    "ServerException": UNAVAILABLE,
    "RequestTimeout": UNAVAILABLE,
    "AccessDenied": DENIED,
    "AccessDeniedException": DENIED,
    "AuthorizationError": DENIED,
    "UnrecognizedClientException": DENIED,
    "ExpiredTokenException": (_R, "access_denied"),
    "ResourceNotFoundException": NOT_FOUND,
    "NotFound": NOT_FOUND,
}
"""What the codes that all services use mean; a kind's own table is asked first."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that a service answered."""

    code: str
    status: int
    message: str


def outcome_of(refusal: Refusal, own: Mapping[str, Meaning]) -> Outcome:
    """The outcome of an error; a code in no table is judged by its HTTP status."""
    # SQS puts a namespace before some codes, as in AWS.SimpleQueueService.NonExistentQueue.
    code = refusal.code.rpartition(".")[2]
    kind, error = own.get(code) or COMMON.get(code) or _by_status(refusal.status)
    return Outcome(kind, f"AWS answered {refusal.code}: {refusal.message}"[:400], error=error)


def _by_status(status: int) -> Meaning:
    if status >= 500:
        return UNAVAILABLE
    return THROTTLED if status == 429 else REFUSED


def lost(why: str, *, is_repeatable: bool) -> Outcome:
    """The call was sent and no answer came."""
    if is_repeatable:
        return retryable("answer_lost", f"No answer came ({why}); another attempt repeats nothing.")
    return Outcome(
        OutcomeKind.UNKNOWN,
        f"The call was sent and no answer came ({why}): it may have been accepted.",
        error="answer_lost",
    )


def not_sent(why: str) -> Outcome:
    """Nothing was sent."""
    return retryable("not_connected", f"The service could not be reached: {why}. Nothing was sent.")


def invalid(field: str, message: str) -> Outcome:
    """A specification that no longer passes its check, as when the stack's list has changed since it was saved."""
    return permanent("invalid_target", f"{field}: {message}")
