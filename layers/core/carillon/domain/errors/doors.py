"""The doors before an operation: too old, seen before, too many, not confirmed."""

from carillon.domain.errors.bad_input import InvalidInput
from carillon.domain.errors.conflict import WrongState
from carillon.domain.errors.refused import Forbidden
from carillon.domain.errors.root import CarillonError, TryLater


class StaleTimestamp(InvalidInput):
    """X-Timestamp is too far from the server's time."""

    code = "stale_timestamp"


class NonceReused(CarillonError):
    """This X-Nonce was used before: send a fresh one with every request."""

    code = "nonce_reused"


class RateLimited(TryLater):
    """Too many of these operations in a short time."""

    code = "rate_limited"


class SecondFactorLocked(RateLimited):
    """Too many wrong codes: codes are not looked at for a while."""

    code = "second_factor_locked"
    permission = "confirmation.confirm"

    def __init__(self, message: str | None = None, *, retry_after_seconds: int, object: str = "") -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.object = object


class TooManyConfirmations(RateLimited):
    """Too many operations wait for their confirmation: confirm or decline some."""

    code = "too_many_confirmations"


class IdempotencyKeyReused(CarillonError):
    """This Idempotency-Key was used for another request: send a fresh key with every new request."""

    code = "idempotency_key_reused"


class IdempotencyInProgress(TryLater):
    """The request with this Idempotency-Key is still being carried out."""

    code = "idempotency_in_progress"


class IdempotencyInterrupted(WrongState):
    """The request with this Idempotency-Key broke off: look whether it took effect, then send it with a fresh key."""

    code = "idempotency_interrupted"


class AnswerNotKept(WrongState):
    """The request with this Idempotency-Key was carried out; its answer, a secret or too long, is not kept."""

    code = "answer_not_kept"


class SecondFactorRequired(Forbidden):
    """This needs a second factor: enrol with POST /v1/me/totp, activate it with a first code, then ask again."""

    code = "second_factor_required"


class CodeRefused(Forbidden):
    """The code is wrong, too old, or was used before."""

    code = "code_refused"


class NothingPending(WrongState):
    """No enrolment waits for its first code: begin one with POST /v1/me/totp; it holds for ten minutes."""

    code = "nothing_pending"


class ConfirmationNotFound(CarillonError, LookupError):
    """There is no such confirmation, or it is not yours."""

    code = "confirmation_not_found"


class ConfirmationEnded(WrongState):
    """This confirmation has ended."""

    code = "confirmation_ended"
