"""What stands before an operation: freshness, rate, idempotency and the second factor, in one value for the API."""

from collections.abc import Callable
from dataclasses import dataclass

from carillon.domain.risk import Case, Risk
from carillon.domain.schedule import Schedule, ScheduleState
from carillon.ports.access import AccessStore, FactorStore
from carillon.ports.audit import AuditLog
from carillon.ports.guards import Facts, Guards
from carillon.ports.schedules import ScheduleStore
from carillon.ports.sealing import Opener, Sealer
from carillon.ports.signals import Metrics
from carillon.ports.world import Chance, Clock, Log
from carillon.services.confirmations import Confirmations
from carillon.services.freshness import Freshness
from carillon.services.idempotency import Idempotency
from carillon.services.journal import Journal
from carillon.services.login import Tries
from carillon.services.prove_factor import ProveFactor
from carillon.services.rate import Rate
from carillon.services.second_factor import SecondFactor

Judge = Callable[[str, Case], Risk | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The services that the API's gate asks in their order; `risk` is the table of domain/risk.py."""

    freshness: Freshness
    rate: Rate
    idempotency: Idempotency
    second_factor: SecondFactor
    confirmations: Confirmations
    risk: Judge
    schedules: ScheduleStore

    def live_head(self, schedule_id: str) -> Schedule | None:
        """The schedule that risk looks at, None when there is none or it is deleted."""
        head = self.schedules.head(schedule_id)
        return None if head is None or head.state is ScheduleState.DELETED else head


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorPorts:
    """The ports that only the doors need."""

    facts: Facts
    factors: FactorStore
    sealer: Sealer
    opener: Opener
    metrics: Metrics
    risk: Judge
    triggers_per_minute: int


def build_doors(
    ports: DoorPorts,
    *,
    access: AccessStore,
    guards: Guards,
    audit: AuditLog,
    schedules: ScheduleStore,
    clock: Clock,
    chance: Chance,
    journal: Journal,
    log: Log,
    issuer: str,
) -> Doors:
    """The services over a stack's ports; `issuer` names the stack in authenticator apps."""
    facts, factors, sealer, opener = ports.facts, ports.factors, ports.sealer, ports.opener
    prove = ProveFactor(factors, facts, opener, clock, chance, journal, ports.metrics, log)
    tries = Tries(guards, clock)
    second_factor = SecondFactor(factors, access, tries, prove, sealer, clock, chance, journal, issuer)
    return Doors(
        freshness=Freshness(facts, clock, chance),
        rate=Rate(facts, clock, chance, ports.triggers_per_minute),
        idempotency=Idempotency(facts, clock, chance),
        second_factor=second_factor,
        confirmations=Confirmations(
            facts, access, schedules, second_factor, prove, sealer, opener, clock, chance, journal, audit
        ),
        risk=ports.risk,
        schedules=schedules,
    )
