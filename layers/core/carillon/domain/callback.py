"""A callback: the token that one attempt's target was given, what was answered with it, and until when.

Only a hash of the token stands in the row, together with those of earlier attempts, so that a late or repeated
answer is told from a forged one. The hash covers the run, the row the attempt: a token opens nothing else.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from carillon.domain.run_id import RunId
from carillon.domain.secret_marks import Mark

MAX_PAST: Final = 4
OVERDUE: Final = "overdue"
"""What stands for the answer of an earlier attempt that gave none."""


class CallbackVerb(StrEnum):
    """What a target can say."""

    COMPLETE = "complete"
    FAIL = "fail"
    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One run's callbacks.

    `token_hash` is that of the present attempt, empty until it has one; `answer` is the verb that ended its wait;
    `past` holds hash and answer of earlier attempts, `marks` tell the secrets that the present one was given. `due_at`
    and `heartbeat_seconds` are set while the run is WAITING.
    """

    token_hash: str
    answer: str | None = None
    due_at: datetime | None = None
    heartbeat_seconds: int | None = None
    past: tuple[tuple[str, str], ...] = ()
    marks: tuple[Mark, ...] = ()

    def closed(self) -> "Callback":
        """The callbacks once another attempt begins: no token counts until it has its own.

        The newest few earlier tokens are remembered.
        """
        if not self.token_hash:
            return self
        past = (*self.past, (self.token_hash, self.answer or OVERDUE))
        return Callback(token_hash="", past=past[-MAX_PAST:])  # nosec B106 # the hash of no token

    def followed_by(self, token_hash: str, marks: tuple[Mark, ...] = ()) -> "Callback":
        """The callbacks once another attempt has a token."""
        return replace(self.closed(), token_hash=token_hash, marks=marks)

    def answered(self, verb: CallbackVerb) -> "Callback":
        """The callbacks once the present attempt's target has answered."""
        return replace(self, answer=str(verb), due_at=None, heartbeat_seconds=None, marks=())

    def is_present(self, token_hash: str) -> bool:
        """Whether the token is that of the present attempt."""
        return hmac.compare_digest(self.token_hash, token_hash)

    def past_answer(self, token_hash: str) -> str | None:
        """What was answered with a token of an earlier attempt, None when there was no such token."""
        return next((said for known, said in self.past if hmac.compare_digest(known, token_hash)), None)


def token_hash(run_id: RunId, token: str) -> str:
    """The hash that a row keeps of a token, 128 bits."""
    text = f"carillon callback\0{run_id}\0{token}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
