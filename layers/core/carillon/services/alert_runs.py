"""Tells people about the runs that ended in a batch of changes, as each schedule wants it, and pauses where wished.

What is told is kept before it is remembered: after a crash between the two it is found among what was kept.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from carillon.domain.alert import Alert, run_alert
from carillon.domain.alert_rules import AlertKind, AlertRules, Streak, judge
from carillon.domain.errors import CarillonError, Throttled
from carillon.domain.run import Run, RunState
from carillon.domain.run_change import Change, RunChange
from carillon.domain.workflow.tasks import BELOW
from carillon.ports.guards import Fact, Facts
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Chance, Clock, Log
from carillon.services.rules_of import RulesOf

REMEMBERED: Final = timedelta(days=90)


class AlertRuns:
    """The alerts of one batch; `tell` keeps and sends them, `pause` pauses a schedule by its id."""

    def __init__(
        self,
        schedules: ScheduleStore,
        facts: Facts,
        tell: Callable[[Sequence[Alert]], None],
        pause: Callable[[str], object],
        clock: Clock,
        chance: Chance,
        log: Log,
        environment: str,
    ) -> None:
        self._rules_of = RulesOf(schedules, log)
        self._facts = facts
        self._tell = tell
        self._pause = pause
        self._clock = clock
        self._chance = chance
        self._log = log
        self._environment = environment

    def __call__(self, changes: Sequence[Change]) -> None:
        """Retryable errors bring the whole batch back; it then tells nothing new twice in a streak."""
        ends: dict[str, list[RunChange]] = {}
        for change in changes:
            if isinstance(change, RunChange) and change.after is not None and _is_end(change, change.after):
                ends.setdefault(change.after.run_id.schedule_id, []).append(change)
        if not ends:
            return
        rules = self._rules_of(ends)
        now = self._clock.now()
        known = self._facts.read_many([_key(name) for name in ends if rules[name].remembers], now)
        alerts: list[Alert] = []
        streaks: list[tuple[str, Fact | None, Streak]] = []
        for name, own in ends.items():
            fact = known.get(_key(name))
            before = Streak() if fact is None else Streak.of(fact.value)
            told, after = self._judged(rules[name], before, own)
            alerts += told
            if after != before:
                streaks.append((name, fact, after))
        if alerts:
            self._tell(alerts)
        for name, fact, streak in streaks:
            self._remember(name, fact, streak)

    def _judged(
        self, rules: AlertRules, streak: Streak, ends: Sequence[RunChange]
    ) -> tuple[list[Alert], Streak]:
        alerts = []
        for change in ends:
            run = change.after
            if run is None:
                continue
            kinds, streak = judge(rules, streak, run, is_settled=_is_settled(change))
            for kind in kinds:
                details: dict[str, Any] = {}
                if kind is AlertKind.IN_A_ROW:
                    details = {"failures": rules.after_failures, "paused": rules.pauses and self._paused(run)}
                alerts.append(run_alert(kind, run, self._environment, details, rules.to))
        return alerts, streak

    def _paused(self, run: Run) -> bool:
        schedule_id = run.run_id.schedule_id
        try:
            self._pause(schedule_id)
        except CarillonError as error:
            if error.retryable:
                raise
            # Deleted or ended meanwhile: there is nothing left that could fail again.
            self._log("pause_refused", str(error), schedule_id=schedule_id)
            return False
        self._log("schedule_paused", "Too many failures in a row.", schedule_id=schedule_id)
        return True

    def _remember(self, name: str, before: Fact | None, streak: Streak) -> None:
        now = self._clock.now()
        after = Fact(streak.value(), now + REMEMBERED, self._chance.token())
        if not self._facts.swap(_key(name), before, after, now):
            raise Throttled(f"The failures of {name} are being counted by another.")


def _is_end(change: RunChange, run: Run) -> bool:
    """A workflow speaks for its steps."""
    return change.ends_now and run.origin not in BELOW


def _is_settled(change: RunChange) -> bool:
    return change.before is not None and change.before.state is RunState.COMPENSATION_FAILED


def _key(schedule_id: str) -> str:
    return f"streak#{schedule_id}"
