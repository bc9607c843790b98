"""Lets a request through once: its timestamp is near, and its nonce was never sent by this principal."""

from carillon.domain.access import Principal
from carillon.domain.errors.doors import NonceReused
from carillon.domain.replay import NONCE_LIFETIME, check_timestamp, nonce_guard
from carillon.ports.guards import Fact, Facts
from carillon.ports.world import Chance, Clock


class Freshness:
    """The two halves of freshness; between them the rate is looked at, so that a flood fills no table with nonces."""

    def __init__(self, facts: Facts, clock: Clock, chance: Chance) -> None:
        self._facts = facts
        self._clock = clock
        self._chance = chance

    def check_timestamp(self, text: str) -> None:
        """InvalidInput, StaleTimestamp."""
        check_timestamp(text, self._clock.now())

    def use_nonce(self, principal: Principal, nonce: str) -> None:
        """Remembers the nonce; InvalidInput, NonceReused."""
        key, now = nonce_guard(principal.name, nonce), self._clock.now()
        if not self._facts.swap(key, None, Fact({}, now + NONCE_LIFETIME, self._chance.token()), now):
            raise NonceReused
