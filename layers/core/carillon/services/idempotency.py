"""Does a request with an Idempotency-Key once, and gives its answer again to whoever repeats it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from carillon.domain.access import Principal
from carillon.domain.errors import CarillonError, Throttled
from carillon.domain.idempotency import (
    LIFETIME,
    MAX_KEPT_BYTES,
    KeptAnswer,
    answer_of,
    begun,
    ended,
    key_guard,
)
from carillon.domain.moments import to_ms
from carillon.ports.guards import Fact, Facts
from carillon.ports.world import Chance, Clock

MAX_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Given:
    """An answer, and whether it is one of an earlier request."""

    answer: KeptAnswer
    is_repeated: bool


class Idempotency:
    """The key is written down as begun before the request is carried out, and as ended after it.

    A request that was refused did nothing, so its key is free again. One that failed in between stays begun:
    nobody knows whether it took effect, and a repetition is told so.
    """

    def __init__(self, facts: Facts, clock: Clock, chance: Chance) -> None:
        self._facts = facts
        self._clock = clock
        self._chance = chance

    def __call__(
        self,
        principal: Principal,
        key: str,
        digest: str,
        act: Callable[[], KeptAnswer],
        *,
        shows_secret: bool,
    ) -> Given:
        """The answer of `act`, or of the same request before; errors as in domain/idempotency.py."""
        guard = key_guard(principal.name, key)
        first = self._begun(guard, digest)
        if isinstance(first, KeptAnswer):
            return Given(first, True)
        try:
            answer = act()
        except CarillonError:
            # Raised and not answered: a door refused it, so nothing was done.
            self._release(guard, first)
            raise
        self._end(guard, first, digest, answer, shows_secret)
        return Given(answer, False)

    def _begun(self, guard: str, digest: str) -> Fact | KeptAnswer:
        for _ in range(MAX_TRIES):
            now = self._clock.now()
            first = Fact(begun(digest, to_ms(now)), now + LIFETIME, self._chance.token())
            if self._facts.swap(guard, None, first, now):
                return first
            found = self._facts.read(guard, now)
            if found is not None:
                return answer_of(found.value, digest, now)
        raise Throttled("Too many requests with this Idempotency-Key arrive at the same moment.")

    def _end(self, guard: str, first: Fact, digest: str, answer: KeptAnswer, shows_secret: bool) -> None:
        if 400 <= answer.status < 500:
            self._release(guard, first)
        elif answer.status < 400:
            is_kept = not shows_secret and len(answer.body.encode()) <= MAX_KEPT_BYTES
            value = ended(digest, first.value["begun_at"], answer if is_kept else None)
            self._facts.swap(
                guard, first, replace(first, value=value, stamp=self._chance.token()), self._clock.now()
            )

    def _release(self, guard: str, first: Fact) -> None:
        now = self._clock.now()
        over = replace(first, until=now - timedelta(milliseconds=1), stamp=self._chance.token())
        self._facts.swap(guard, first, over, now)
