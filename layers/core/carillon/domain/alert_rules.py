"""What a schedule wants to be told about its runs: read from its document, and applied to one ended run.

Failures in a row and recoveries need a memory, the streak. It knows the ends it has counted, so that a repeated record
of the stream counts nothing twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from carillon.domain.moments import to_ms
from carillon.domain.reading import Section
from carillon.domain.run import FAILURES, Origin, Run, RunState
from carillon.domain.run_document import first_start

ALERT_FIELDS: Final = (
    "on", "late_after_seconds", "longer_than_seconds", "after_failures", "pause_after_failures", "to",
)  # fmt: skip
CHANNELS: Final = ("topic", "webhook", "bus")
MAX_SECONDS: Final = 7 * 86_400
MAX_FAILURES: Final = 100
KEPT_MARKS: Final = 128
"""More ends than a batch of the stream holds."""

_NEEDS: Final[Mapping[str, str]] = {
    "lateness": "late_after_seconds",
    "duration": "longer_than_seconds",
    "consecutive_failures": "after_failures",
}
_WORDS: Final = ("failure", "recovery", *_NEEDS)


class AlertKind(StrEnum):
    """What an alert is about."""

    FAILED = "run_failed"
    LATE = "run_late"
    LONG = "run_long"
    IN_A_ROW = "failures_in_a_row"
    RECOVERED = "schedule_recovered"


@dataclass(frozen=True, slots=True)
class AlertRules:
    """The rules of one schedule; None is a rule that it has not."""

    failure: bool = True
    recovery: bool = False
    late_after_seconds: int | None = None
    longer_than_seconds: int | None = None
    after_failures: int | None = None
    pauses: bool = False
    to: tuple[str, ...] = ()
    """The channels that are told; all of the stack's when there are none."""

    @classmethod
    def of(cls, alerts: Mapping[str, Any]) -> "AlertRules":
        """The rules as a head carries them; a head without any alerts of failures."""
        on = alerts.get("on", ["failure"])
        return cls(
            failure="failure" in on,
            recovery="recovery" in on,
            late_after_seconds=alerts.get("late_after_seconds"),
            longer_than_seconds=alerts.get("longer_than_seconds"),
            after_failures=alerts.get("after_failures"),
            pauses=bool(alerts.get("pause_after_failures")),
            to=tuple(alerts.get("to") or ()),
        )

    @property
    def remembers(self) -> bool:
        """Whether a run is judged by those before it."""
        return self.recovery or self.after_failures is not None


@dataclass(frozen=True, slots=True)
class Streak:
    """The failures of a schedule since its last success, and the marks of the ends that are in it, newest last."""

    failures: int = 0
    is_failing: bool = False
    marks: tuple[str, ...] = ()

    def value(self) -> dict[str, Any]:
        """As it is stored."""
        return {"failures": self.failures, "failing": self.is_failing, "marks": list(self.marks)}

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Streak":
        """As it was stored."""
        return cls(int(value["failures"]), bool(value["failing"]), tuple(map(str, value["marks"])))


def read_alerts(section: Section) -> Mapping[str, object]:
    """The alerts of a schedule's document; a limit that is given is watched, whether `on` names it or not."""
    on = section.get("on")
    if on is None:
        on = ["failure"]
    elif not isinstance(on, list) or not all(isinstance(word, str) and word in _WORDS for word in on):
        section.fault("on", f"This must be a list of words among {', '.join(_WORDS)}.")
        on = []
    limits = {
        name: section.whole(name, 1, 1, highest) if section.get(name) is not None else None
        for name, highest in (
            ("late_after_seconds", MAX_SECONDS),
            ("longer_than_seconds", MAX_SECONDS),
            ("after_failures", MAX_FAILURES),
        )
    }
    for word, needed in _NEEDS.items():
        if word in on and limits[needed] is None:
            section.fault(needed, f"Alerts on {word} need this limit.")
    pauses = section.flag("pause_after_failures")
    if pauses and limits["after_failures"] is None:
        section.fault("after_failures", "Say after how many failures in a row the schedule is to be paused.")
    return {"on": on, **limits, "pause_after_failures": pauses, "to": _read_channels(section)}


def _read_channels(section: Section) -> list[str] | None:
    to = section.get("to")
    if to is None:
        return None
    if not isinstance(to, list) or not to or not all(word in CHANNELS for word in to):
        section.fault("to", f"Name one or more of {', '.join(CHANNELS)}, or leave it out for all of them.")
        return None
    return [word for word in CHANNELS if word in to]


def judge(
    rules: AlertRules, streak: Streak, run: Run, *, is_settled: bool = False
) -> tuple[tuple[AlertKind, ...], Streak]:
    """What is told of a run's end, and the streak after it; `is_settled` is a failure that was told before."""
    is_failure = run.state in FAILURES or (run.state is RunState.COMPENSATED and not is_settled)
    kinds = [AlertKind.FAILED] if is_failure and rules.failure else []
    if _is_late(rules, run):
        kinds.append(AlertKind.LATE)
    if _is_long(rules, run):
        kinds.append(AlertKind.LONG)
    mark = _mark(run)
    if not rules.remembers or mark in streak.marks:
        return tuple(kinds), streak
    if is_failure:
        failures = streak.failures + 1
        marks = (*streak.marks, mark)[-KEPT_MARKS:]
        if failures == rules.after_failures:
            # Counting begins again: a schedule that was paused and resumed has as many tries as before.
            kinds.append(AlertKind.IN_A_ROW)
            failures = 0
        return tuple(kinds), Streak(failures, True, marks)
    if run.state is not RunState.SUCCEEDED or not streak.is_failing:
        return tuple(kinds), streak
    if rules.recovery:
        kinds.append(AlertKind.RECOVERED)
    return tuple(kinds), replace(streak, failures=0, is_failing=False)


def _is_late(rules: AlertRules, run: Run) -> bool:
    if rules.late_after_seconds is None or run.origin is not Origin.FIRE:
        return False
    if run.state is RunState.SKIPPED:
        return run.reason == "misfired"
    started_at = first_start(run)
    return started_at is not None and started_at - run.fire_at > timedelta(seconds=rules.late_after_seconds)


def _is_long(rules: AlertRules, run: Run) -> bool:
    started_at = first_start(run)
    if rules.longer_than_seconds is None or started_at is None or run.ended_at is None:
        return False
    return run.ended_at - started_at > timedelta(seconds=rules.longer_than_seconds)


def _mark(run: Run) -> str:
    ended = 0 if run.ended_at is None else to_ms(run.ended_at)
    return sha256(f"{run.run_id}:{run.state}:{ended}".encode()).hexdigest()[:8]
