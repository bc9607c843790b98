"""Judges codes: each after those that were tried before it, so that a lock cannot be outrun, and each step once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from carillon.domain.access import Principal
from carillon.domain.confirmation import Reply
from carillon.domain.errors import LostRace, Throttled
from carillon.domain.errors.doors import CodeRefused, SecondFactorLocked, SecondFactorRequired
from carillon.domain.moments import from_ms, to_ms, to_rfc3339
from carillon.domain.totp import (
    Factor,
    Standing,
    Verdict,
    judge,
    judge_recovery,
    matching_step,
    without_code,
)
from carillon.ports.access import FactorStore
from carillon.ports.guards import Fact, Facts
from carillon.ports.sealing import Opener
from carillon.ports.signals import Metrics
from carillon.ports.world import Chance, Clock, Log
from carillon.services.journal import Journal

MAX_TRIES: Final = 60
REMEMBERED: Final = timedelta(days=400)
"""How long misses and the last step are remembered: far beyond any lock."""

CONFIRM: Final = "confirmation.confirm"


class ProveFactor:
    """Asks for a code."""

    def __init__(
        self,
        factors: FactorStore,
        facts: Facts,
        opener: Opener,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._factors = factors
        self._facts = facts
        self._opener = opener
        self._clock = clock
        self._chance = chance
        self._journal = journal
        self._metrics = metrics
        self._log = log

    def __call__(self, principal: Principal, reply: Reply) -> str:
        """By what the principal has proved it: `totp` or `recovery-code`.

        SecondFactorRequired, CodeRefused, SecondFactorLocked.
        """
        factor = self._factors.factor(principal.name)
        if factor is None or not factor.is_active:
            raise SecondFactorRequired(permission=CONFIRM, object=f"user:{principal.name}")
        if reply.recovery_code:
            self._use_recovery_code(principal, factor, reply.recovery_code)
            return "recovery-code"
        self.check_code(principal, factor.seed, reply.code)
        return "totp"

    def check_code(self, principal: Principal, sealed_seed: bytes, code: str) -> None:
        """Uses up the step that the code belongs to; CodeRefused, SecondFactorLocked."""
        seed = self._opener.open(sealed_seed, seed_context(principal.name))

        def judged(standing: Standing) -> tuple[Verdict, Standing]:
            now = self._clock.now()
            return judge(standing, matching_step(seed, code, now), now)

        self._judge(principal, judged)

    def forget_misses(self, name: str) -> None:
        """Takes a lock away; the steps that were used stay used."""
        for _ in range(MAX_TRIES):
            now = self._clock.now()
            before = self._facts.read(_guard(name), now)
            after = self._fact(Standing(_standing(before).last_step))
            if self._facts.swap(_guard(name), before, after, now):
                return
        raise Throttled("Too many codes are tried at the same moment.")

    def _use_recovery_code(self, principal: Principal, factor: Factor, code: str) -> None:
        left = without_code(factor.recovery, code)
        self._judge(principal, lambda standing: judge_recovery(standing, left is not None, self._clock.now()))
        entry = self._journal.entry(
            principal,
            "user.use-recovery-code",
            f"user:{principal.name}",
            self._clock.now(),
            after={"recovery_codes_left": len(left or ())},
        )
        used = replace(factor, recovery=left or (), version=factor.version + 1)
        try:
            self._factors.save_factor(used, entry, replaces=factor.version)
        except LostRace:
            raise _refused(principal) from None

    def _judge(self, principal: Principal, judged: Callable[[Standing], tuple[Verdict, Standing]]) -> None:
        for _ in range(MAX_TRIES):
            now = self._clock.now()
            before = self._facts.read(_guard(principal.name), now)
            verdict, after = judged(_standing(before))
            if verdict is Verdict.LOCKED:
                raise self._locked(principal, after)
            if verdict is Verdict.REPEATED:
                raise _refused(principal)
            if self._facts.swap(_guard(principal.name), before, self._fact(after), now):
                break
        else:
            raise Throttled("Too many codes are tried at the same moment.")
        if verdict is Verdict.WRONG:
            self._tell(principal, after)
            raise _refused(principal)

    def _locked(self, principal: Principal, standing: Standing) -> SecondFactorLocked:
        left = (standing.locked_until or self._clock.now()) - self._clock.now()
        wait = max(1, -(-left // timedelta(seconds=1)))
        message = f"Too many wrong codes: none is looked at for {wait} seconds."
        return SecondFactorLocked(message, retry_after_seconds=wait, object=f"user:{principal.name}")

    def _tell(self, principal: Principal, standing: Standing) -> None:
        if standing.locked_until is None:
            return
        until = to_rfc3339(standing.locked_until)
        self._metrics.put("SecondFactorLocked", 1, "Count", actor=principal.name, until=until)
        self._log(
            "second_factor_locked",
            "Too many wrong codes were tried.",
            actor=principal.name,
            source=principal.source,
            misses=standing.misses,
            until=until,
        )

    def _fact(self, standing: Standing) -> Fact:
        until = standing.locked_until
        value = {
            "last_step": standing.last_step,
            "misses": standing.misses,
            "locked_until": None if until is None else to_ms(until),
        }
        return Fact(value, self._clock.now() + REMEMBERED, self._chance.token())


def seed_context(name: str) -> dict[str, str]:
    """What a user's seed is sealed for."""
    return {"purpose": "totp", "user": name}


def _standing(fact: Fact | None) -> Standing:
    if fact is None:
        return Standing()
    until = fact.value["locked_until"]
    return Standing(fact.value["last_step"], fact.value["misses"], None if until is None else from_ms(until))


def _refused(principal: Principal) -> CodeRefused:
    return CodeRefused(permission=CONFIRM, object=f"user:{principal.name}")


def _guard(name: str) -> str:
    return f"totp#{name}"
