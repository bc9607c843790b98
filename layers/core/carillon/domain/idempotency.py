"""Idempotency keys: the same key and the same request get the same answer for a day.

A key that was begun and never ended stays as it is: whether its request took effect is not known, and doing it again
would be a guess.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.errors.doors import (
    AnswerNotKept,
    IdempotencyInProgress,
    IdempotencyInterrupted,
    IdempotencyKeyReused,
)
from carillon.domain.moments import from_ms

LIFETIME: Final = timedelta(hours=24)
LONGEST_ACT: Final = timedelta(seconds=30)
"""No request is worked on for longer: the gateway gives up before."""

MAX_KEPT_BYTES: Final = 64 * 1024
_KEY: Final = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given the first time."""

    status: int
    headers: Mapping[str, str]
    body: str


def key_guard(principal: str, key: str) -> str:
    """The key under which a principal's Idempotency-Key is remembered; InvalidInput."""
    if not _KEY.fullmatch(key):
        message = "Send 1 to 128 printable ASCII characters, such as a UUID."
        raise InvalidInput(
            "The Idempotency-Key header is not valid.", [FieldError("Idempotency-Key", message)]
        )
    return "idempotency#" + hashlib.sha256(f"{principal}\0{key}".encode()).hexdigest()


def request_digest(**parts: Any) -> str:
    """What two requests share only if they ask for the same."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def begun(digest: str, now_ms: int) -> dict[str, Any]:
    """What is remembered of a key from its first use on."""
    return {"digest": digest, "begun_at": now_ms, "state": "begun"}


def ended(digest: str, now_ms: int, answer: KeptAnswer | None) -> dict[str, Any]:
    """What is remembered from the answer on; None for an answer that must not be kept."""
    kept = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body} if answer else None
    return {"digest": digest, "begun_at": now_ms, "state": "ended", "answer": kept}


def answer_of(remembered: Mapping[str, Any], digest: str, now: datetime) -> KeptAnswer:
    """The answer to a repetition; IdempotencyKeyReused, -InProgress or -Interrupted, AnswerNotKept."""
    if remembered["digest"] != digest:
        raise IdempotencyKeyReused
    if remembered["state"] == "begun":
        left = from_ms(remembered["begun_at"]) + LONGEST_ACT - now
        if left > timedelta(0):
            raise IdempotencyInProgress(retry_after_seconds=max(1, -(-left // timedelta(seconds=1))))
        raise IdempotencyInterrupted
    answer = remembered["answer"]
    if answer is None:
        raise AnswerNotKept
    return KeptAnswer(answer["status"], answer["headers"], answer["body"])
