"""Lets calls to a host pass, or holds them back while it is down or busy; what is known is shared through one row.

A host without limits that is well costs one read every CACHED per worker. Only failures, recoveries, and hosts with
limits are written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.errors import CarillonError
from carillon.domain.host_gate import Admission, Host, HostLimit, Sign, State, admit, sign_of, told
from carillon.domain.host_value import host_value, read_host
from carillon.domain.outcome import Outcome
from carillon.ports.guards import Fact, Facts
from carillon.ports.world import Chance, Clock, Log

CACHED: Final = timedelta(seconds=5)
REMEMBERED: Final = timedelta(hours=1)
SPREAD_SECONDS: Final = 20.0
"""Runs that were held back come back over this time, not all at once."""

MAX_TRIES: Final = 5
CONTENDED: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Pass:
    """Leave to call a host; `call` names it in the host's row."""

    host: str
    call: str


@dataclass(frozen=True, slots=True)
class Held:
    """Not now: when to come again, and why."""

    again_at: datetime
    reason: str


class HostGate:
    """Asks before each call of a host and is told after it."""

    def __init__(
        self, facts: Facts, limits: Mapping[str, HostLimit], clock: Clock, chance: Chance, log: Log
    ) -> None:
        self._facts = facts
        self._limits = limits
        self._clock = clock
        self._chance = chance
        self._log = log
        self._seen: dict[str, tuple[datetime, Host]] = {}

    def ask(self, name: str, until: datetime) -> Pass | Held:
        """Leave to call the host now; `until` is when the call surely has ended."""
        call, limit = self._chance.token()[:8], self._limits.get(name, HostLimit())
        seen = self._seen.get(name)
        is_fresh = seen is not None and self._clock.now() < seen[0] + CACHED
        if is_fresh and seen is not None and limit == HostLimit():
            state = seen[1].state(self._clock.now())
            if state is State.CLOSED:
                return Pass(name, call)
            if state is State.OPEN:
                return self._held(name, admit(seen[1], limit, self._clock.now(), call, until))
        try:
            return self._ask_all(name, limit, call, until)
        except CarillonError as error:
            # What only spares a host must not keep a run from its target.
            self._log("host_not_asked", f"Nothing is known of {name}: {error}", host=name)
            return Pass(name, call)

    def _ask_all(self, name: str, limit: HostLimit, call: str, until: datetime) -> Pass | Held:
        for _ in range(MAX_TRIES):
            now, (fact, host) = self._clock.now(), self._read(name)
            admission = admit(host, limit, now, call, until)
            if not admission.go:
                return self._held(name, admission)
            if admission.host == host or self._write(name, fact, admission.host):
                return Pass(name, call)
        return Held(self._clock.now() + CONTENDED, "many calls to the host begin at once")

    def tell(self, given: Pass, outcome: Outcome) -> None:
        """How the call ended."""
        sign = sign_of(outcome)
        seen = self._seen.get(given.host, (None, Host()))[1]
        if sign is not Sign.DEAD and given.host not in self._limits and seen == Host():
            return
        try:
            self._tell_all(given, sign)
        except CarillonError as error:
            self._log("host_not_told", f"{given.host} was not noted: {error}", host=given.host)

    def _tell_all(self, given: Pass, sign: Sign) -> None:
        for _ in range(MAX_TRIES):
            fact, host = self._read(given.host)
            after = told(host, sign, self._clock.now(), given.call)
            if after == host:
                return
            if self._write(given.host, fact, after):
                self._tell(given.host, host, after)
                return

    def _held(self, name: str, admission: Admission) -> Held:
        again_at = admission.again_at or self._clock.now()
        again_at += timedelta(seconds=SPREAD_SECONDS * self._chance.share())
        return Held(again_at, f"{admission.reason} ({name})")

    def _read(self, name: str) -> tuple[Fact | None, Host]:
        now = self._clock.now()
        fact = self._facts.read(f"host#{name}", now)
        host = Host() if fact is None else read_host(fact.value)
        self._seen[name] = (now, host)
        return fact, host

    def _write(self, name: str, before: Fact | None, host: Host) -> bool:
        now = self._clock.now()
        fact = Fact(host_value(host), now + REMEMBERED, self._chance.token())
        is_written = self._facts.swap(f"host#{name}", before, fact, now)
        if is_written:
            self._seen[name] = (now, host)
        return is_written

    def _tell(self, name: str, before: Host, after: Host) -> None:
        if after.open_until is not None and after.open_until != before.open_until:
            self._log("host_down", f"{name} is not called until {after.open_until:%H:%M:%S}.", host=name)
        elif before.open_until is not None and after.open_until is None:
            self._log("host_up", f"{name} answers again.", host=name)
