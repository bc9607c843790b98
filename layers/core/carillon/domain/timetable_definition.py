"""The timetable of a schedule document, read and judged: each fault at its field, with what would be right."""

from datetime import datetime, timedelta
from typing import Any, Final

from carillon.domain.errors import InvalidExpression, InvalidInput
from carillon.domain.fire_times import JUST, anchored, next_after, timetable_of
from carillon.domain.moments import EPOCH
from carillon.domain.reading import Section, moment_of
from carillon.domain.run_id import SCHEDULE_ID
from carillon.domain.schedule import After, ChainOn, TimetableSpec
from carillon.domain.smallest_gap import smallest_gap
from carillon.domain.timetable import Timetable

LONGEST_EXPRESSION: Final = 256
MAX_JITTER_SECONDS: Final = 3600
MAX_RUNS_EVER: Final = 1_000_000_000
MAX_CALENDARS: Final = 10
MAX_EXTRA: Final = 100
TIMETABLE_FIELDS: Final = (
    "expression", "zone", "gap", "fold", "anchor", "starts_at", "ends_at", "max_runs", "jitter_seconds",
    "calendars", "also_at", "after",
)  # fmt: skip
_OF_TIMES: Final = (
    "expression", "anchor", "starts_at", "ends_at", "max_runs", "jitter_seconds", "calendars", "also_at",
)  # fmt: skip


def read_timetable(section: Section, minimum_seconds: int, now: datetime) -> TimetableSpec:
    """The timetable in a section whose known fields are TIMETABLE_FIELDS; faults are noted in the section.

    `minimum_seconds` is the shortest gap that the stack allows from now on.
    """
    spec = TimetableSpec(
        expression=section.text("expression", longest=LONGEST_EXPRESSION),
        zone=section.text("zone", "UTC", longest=64),
        gap="skip" if section.word("gap", ("fire", "skip")) == "skip" else "fire",
        fold="twice" if section.word("fold", ("once", "twice")) == "twice" else "once",
        anchor=section.moment("anchor"),
        starts_at=section.moment("starts_at"),
        ends_at=section.moment("ends_at"),
        max_runs=section.whole("max_runs", 0, 1, MAX_RUNS_EVER) or None,
        jitter_seconds=section.whole("jitter_seconds", 0, 0, MAX_JITTER_SECONDS),
        calendars=_calendars(section),
        also_at=_also_at(section),
    )
    if not section.is_object:
        return spec
    if section.get("after") is not None:
        _zone_is_known(section, spec)
        return _chained(section)
    if section.get("expression") is None:
        section.fault("expression", "Say when it fires, for example 30 2 * * * or rate(5 minutes).")
        return spec
    _check_bounds(section, spec)
    if _parses(section, anchored(spec, now)):
        _check_gaps(section, anchored(spec, now), minimum_seconds, now)
    return spec


def _chained(section: Section) -> TimetableSpec:
    """The timetable of a schedule that follows another one's runs; it has no times of its own."""
    for name in _OF_TIMES:
        if section.get(name) not in (None, [], 0):
            section.fault(name, "A schedule that runs after another one has no fire times; leave this out.")
    after = section.section("after", ("schedule_id", "on"))
    upstream = after.text("schedule_id", longest=64)
    if not SCHEDULE_ID.fullmatch(upstream):
        after.fault("schedule_id", "Name the schedule to run after, such as nightly-etl.")
    return TimetableSpec("", after=After(upstream, after.choice("on", ChainOn.SUCCESS)))


def sentence(error: InvalidInput) -> str:
    """An error's message as a sentence with its full stop."""
    text = str(error)
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _calendars(section: Section) -> tuple[str, ...]:
    right = "Give the name of a calendar, such as de-holidays."
    return section.items("calendars", MAX_CALENDARS, _name, "names of calendars", right)


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and SCHEDULE_ID.fullmatch(value) else None


def _also_at(section: Section) -> tuple[datetime, ...]:
    right = "Give a time on a whole second with an offset, such as 2026-12-24T18:00:00Z."
    return tuple(sorted(section.items("also_at", MAX_EXTRA, _whole_second, "times", right)))


def _whole_second(value: Any) -> datetime | None:
    moment = moment_of(value)
    return moment if moment is not None and moment.microsecond == 0 else None


def _check_bounds(section: Section, spec: TimetableSpec) -> None:
    if spec.starts_at and spec.ends_at and spec.ends_at <= spec.starts_at:
        section.fault("ends_at", "The end must be later than starts_at.")
    first, last = spec.starts_at, spec.ends_at
    outside = [each for each in spec.also_at if (first and each < first) or (last and each > last)]
    if outside:
        section.fault(
            "also_at",
            f"{outside[0]:%Y-%m-%dT%H:%M:%SZ} does not lie between starts_at and ends_at; leave it out.",
        )


def _parses(section: Section, spec: TimetableSpec) -> bool:
    if not _zone_is_known(section, spec):
        return False
    try:
        first = next_after(spec, (spec.starts_at or EPOCH) - JUST)
    except InvalidExpression as error:
        section.fault("expression", sentence(error))
        return False
    if first is None:
        name = "ends_at" if spec.ends_at is not None else "starts_at"
        section.fault(name, "There is no fire time between starts_at and ends_at; widen them.")
    return not section.faults.errors


def _zone_is_known(section: Section, spec: TimetableSpec) -> bool:
    try:
        Timetable.parse("@hourly", spec.zone)
    except InvalidExpression as error:
        section.fault("zone", sentence(error))
        return False
    return True


def _check_gaps(section: Section, spec: TimetableSpec, minimum_seconds: int, now: datetime) -> None:
    gap = smallest_gap(timetable_of(spec), max(now, spec.starts_at or now))
    if gap < timedelta(seconds=minimum_seconds):
        section.fault(
            "expression",
            f"This can fire every {gap.total_seconds():g} s at its quickest; this stack allows one fire time "
            f"every {minimum_seconds} s (parameter MinimumIntervalSeconds).",
        )
    if gap < timedelta(seconds=spec.jitter_seconds):
        section.fault(
            "jitter_seconds",
            f"Fire times can be {gap.total_seconds():g} s apart, so that longer jitter would run them out of "
            f"order; use at most {gap.total_seconds():g}.",
        )
    close = next((moment for moment in spec.also_at if _has_neighbour(spec, moment, minimum_seconds)), None)
    if close is not None:
        section.fault(
            "also_at",
            f"{close:%Y-%m-%dT%H:%M:%SZ} lies closer to another fire time than this stack allows "
            f"({minimum_seconds} s, parameter MinimumIntervalSeconds).",
        )


def _has_neighbour(spec: TimetableSpec, moment: datetime, minimum_seconds: int) -> bool:
    reach = timedelta(seconds=minimum_seconds)
    before, after = next_after(spec, moment - reach), next_after(spec, moment)
    return (before is not None and before < moment) or (after is not None and after < moment + reach)
