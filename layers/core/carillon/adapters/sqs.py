"""The Dispatch queue: wake-ups sealed and signed, sent in tens, each delayed until its run may start."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from carillon.adapters.aws import named
from carillon.adapters.pace import Pace
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import CarillonError
from carillon.ports.sealing import MessageSealer
from carillon.ports.world import Clock

TEN: Final = 10
MAX_DELAY_SECONDS: Final = 900
_TRIES: Final = 4
# SQS delays whole seconds. Rounding down lets a message come early, which the worker waits out; this much late is
# less than what the message takes to arrive anyway.
_LATE_SECONDS: Final = 0.1


class SqsDispatchQueue:
    """DispatchQueue over SQS."""

    def __init__(
        self, client: Any, queue_url: str, messages: MessageSealer, *, clock: Clock, pace: Pace
    ) -> None:
        self._client = client
        self._queue_url = queue_url
        self._messages = messages
        self._clock = clock
        self._pace = pace

    def send(self, messages: Sequence[Dispatch], now: datetime) -> Sequence[Dispatch]:
        """SendMessageBatch, ten by ten; the unsent ones in the order given. What cannot be sealed is not sent."""
        # A long list takes a while to send: delays count from each batch's own moment.
        ahead = now - self._clock.now()
        unsent: list[Dispatch] = []
        for first in range(0, len(messages), TEN):
            ten = messages[first : first + TEN]
            try:
                bodies = self._messages.seal(ten)
            except CarillonError as error:
                if not error.retryable:
                    raise
                return [*unsent, *messages[first:]]  # The others would only wait for KMS in vain, too.
            unsent += self._send_ten(list(zip(ten, bodies, strict=True)), ahead)
        return unsent

    def _send_ten(self, ten: Sequence[tuple[Dispatch, str]], ahead: timedelta) -> Sequence[Dispatch]:
        left = dict(enumerate(ten))
        for tries in range(1, _TRIES + 1):
            failed = self._try(left, self._clock.now() + ahead)
            left = {index: left[index] for index in failed}
            if not left:
                break
            if tries < _TRIES:
                self._pace.wait(tries)
        return [message for message, _ in left.values()]

    def _try(self, messages: dict[int, tuple[Dispatch, str]], now: datetime) -> Iterable[int]:
        entries = [
            {"Id": str(index), "MessageBody": body, "DelaySeconds": delay_seconds(message, now)}
            for index, (message, body) in messages.items()
        ]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            failure = named(error)
            if not failure.retryable:
                raise failure from error
            return list(messages)
        return [int(entry["Id"]) for entry in answer.get("Failed", ())]


def delay_seconds(message: Dispatch, now: datetime) -> int:
    """Whole seconds from now until the run may start, between none and what SQS allows."""
    ahead = (message.not_before - now).total_seconds()
    return min(MAX_DELAY_SECONDS, max(0, math.floor(ahead + _LATE_SECONDS)))
