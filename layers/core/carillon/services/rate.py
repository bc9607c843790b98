"""Counts operations in exact sliding windows, one row per principal and class of operation."""

from datetime import timedelta
from typing import Final

from carillon.domain.access import Principal
from carillon.domain.errors import Throttled
from carillon.domain.errors.doors import RateLimited
from carillon.domain.limits import OperationClass, admit, limit_of
from carillon.domain.rbac import reachable
from carillon.ports.guards import Fact, Facts
from carillon.ports.world import Chance, Clock

MAX_TRIES: Final = 12


class Rate:
    """One more operation of a principal: it fits, or it does not."""

    def __init__(self, facts: Facts, clock: Clock, chance: Chance, triggers_per_minute: int) -> None:
        self._facts = facts
        self._clock = clock
        self._chance = chance
        self._triggers_per_minute = triggers_per_minute

    def check(self, principal: Principal, kind: OperationClass) -> None:
        """Counts the operation, or refuses it: RateLimited says in how many seconds one fits again."""
        wait = self.count(principal, kind)
        if wait:
            raise RateLimited(
                f"Too many operations of the class {kind}: one more fits in {wait} seconds.",
                retry_after_seconds=wait,
            )

    def count(self, principal: Principal, kind: OperationClass) -> int:
        """Counts the operation and answers 0, or answers in how many seconds it would fit and counts nothing."""
        roles = [role.name for role in reachable(principal.roles, {r.name: r for r in principal.definitions})]
        limit = limit_of(kind, roles, self._triggers_per_minute)
        key = f"rate#{kind}#{principal.name}"
        for _ in range(MAX_TRIES + limit.count):
            now = self._clock.now()
            before = self._facts.read(key, now)
            answer = admit(before.value["at"] if before else (), limit, now)
            if not answer.is_allowed:
                return answer.retry_after_seconds
            until = now + timedelta(seconds=limit.seconds)
            after = Fact({"at": list(answer.times_ms)}, until, self._chance.token())
            if self._facts.swap(key, before, after, now):
                return 0
        raise Throttled("Too many requests of this principal arrive at the same moment.")
