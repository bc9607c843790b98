"""The next date that a cron expression's day, month and year fields allow.

croniter searches the calendar here, on naive midnights and canonical lists only: day lists, `L`, months,
weekdays, `n#k` and `Ln`, always as an intersection. What it refuses or misreads is done beside it: `W` in lists,
`LW`, `31W` in a month of 30 days, years (past 2099 too), and the either-or of the two day fields.
"""

from calendar import monthrange
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from croniter import CroniterBadDateError, croniter

from carillon.domain.cron_days import MonthDays, WeekDays

FIRST_YEAR = 1970
LAST_YEAR = 2199
ALL_MONTHS = frozenset(range(1, 13))

_EPOCH_DAY = date(FIRST_YEAR, 1, 1).toordinal()
_LAST_DAY = date(LAST_YEAR, 12, 31).toordinal() - _EPOCH_DAY
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class DateRule:
    """Which dates match; None leaves a part open; `either` joins the two day fields by or instead of and."""

    months: frozenset[int] = ALL_MONTHS
    month_days: MonthDays | None = None
    week_days: WeekDays | None = None
    either: bool = False
    years: frozenset[int] | None = None

    @property
    def daily(self) -> bool:
        """Whether every date matches."""
        return self == DateRule()


def day_of(when: date) -> int:
    """A date as days since the epoch."""
    return when.toordinal() - _EPOCH_DAY


def date_of(day: int) -> date:
    """The date of a number of days since the epoch."""
    return date.fromordinal(day + _EPOCH_DAY)


@lru_cache(maxsize=8_192)
def next_day(rule: DateRule, day: int) -> int | None:
    """The first matching day (since the epoch) at or after a day, or None when the calendar ends first."""
    found = _in_allowed_year(rule, max(day, 0))
    while found is not None and found <= _LAST_DAY:
        match = found if rule.daily else _search(rule, found)
        if match is None or match > _LAST_DAY:
            return None
        found = _in_allowed_year(rule, match)
        if found == match:
            return match
    return None


def _in_allowed_year(rule: DateRule, day: int) -> int | None:
    if rule.years is None or day > _LAST_DAY:
        return day
    year = date_of(day).year
    if year in rule.years:
        return day
    later = [allowed for allowed in rule.years if allowed > year]
    return day_of(date(min(later), 1, 1)) if later else None


def _search(rule: DateRule, day: int) -> int | None:
    if rule.either:
        sides = [DateRule(rule.months, rule.month_days), DateRule(rule.months, None, rule.week_days)]
    else:
        sides = [DateRule(rule.months, rule.month_days, rule.week_days)]
    found = [_next_of_one(side, day) for side in sides]
    return min((match for match in found if match is not None), default=None)


def _next_of_one(rule: DateRule, day: int) -> int | None:
    matches = [_ask_croniter(expression, day) for expression in canonical(rule)]
    if rule.month_days is not None and (rule.month_days.near or rule.month_days.last_weekday):
        matches.append(next(_working_days(rule, rule.month_days, day), None))
    return min((match for match in matches if match is not None), default=None)


@lru_cache(maxsize=1_024)
def canonical(rule: DateRule) -> tuple[str, ...]:
    """The expressions for croniter whose dates together are this rule's, without `W` and `LW`."""
    month = _listed(rule.months) if rule.months != ALL_MONTHS else "*"
    days = _day_list(rule.month_days) if rule.month_days else "*"
    if not days:
        return ()
    return tuple(f"0 0 {days} {month} {weekdays}" for weekdays in _weekday_lists(rule.week_days))


def _day_list(days: MonthDays) -> str:
    listed = _listed(days.days)
    return ",".join(part for part in (listed, "L" if days.last else "") if part)


def _weekday_lists(days: WeekDays | None) -> Iterator[str]:
    if days is None:
        yield "*"
        return
    if days.days:
        yield _listed(days.days) if len(days.days) < 7 else "*"
    special = [f"{day}#{nth}" for day, nth in sorted(days.nth)] + [f"L{day}" for day in sorted(days.last)]
    if special:
        yield ",".join(special)


def _listed(numbers: frozenset[int]) -> str:
    return ",".join(str(number) for number in sorted(numbers))


@lru_cache(maxsize=1_024)
def _searcher(expression: str) -> croniter:
    return croniter(expression, datetime(FIRST_YEAR, 1, 1), ret_type=datetime, day_or=False)  # noqa: DTZ001


def _ask_croniter(expression: str, day: int) -> int | None:
    midnight = datetime.combine(date_of(day), datetime.min.time())
    # A searcher keeps its position, so each question gets its own shallow copy.
    searcher = copy(_searcher(expression))
    try:
        found: datetime = searcher.get_next(start_time=midnight - _MINUTE)
    except CroniterBadDateError:
        return None
    return day_of(found.date())


def _working_days(rule: DateRule, days: MonthDays, day: int) -> Iterator[int]:
    """Days nearest to a day of the month, and last weekdays, from a day on and in order."""
    start = date_of(day)
    for year in range(start.year, LAST_YEAR + 1):
        for month in sorted(rule.months):
            if (year, month) < (start.year, start.month):
                continue
            found = sorted(day_of(date(year, month, number)) for number in _nearest(days, year, month))
            yield from (match for match in found if match >= day and _on_weekday(rule.week_days, match))


def _nearest(days: MonthDays, year: int, month: int) -> set[int]:
    first_weekday, length = monthrange(year, month)
    wanted = {number for number in days.near if number <= length}
    if days.last_weekday:
        wanted.add(length)
    return {_nearest_weekday(number, (first_weekday + number - 1) % 7, length) for number in wanted}


def _nearest_weekday(number: int, weekday: int, length: int) -> int:
    """The Monday to Friday closest to a day, never in another month; Monday is weekday 0."""
    if weekday == 5:
        return number - 1 if number > 1 else 3
    if weekday == 6:
        return number + 1 if number < length else number - 2
    return number


def _on_weekday(days: WeekDays | None, day: int) -> bool:
    if days is None:
        return True
    when = date_of(day)
    weekday = when.isoweekday() % 7
    return (
        weekday in days.days
        or (weekday, (when.day + 6) // 7) in days.nth
        or (weekday in days.last and when.day + 7 > monthrange(when.year, when.month)[1])
    )
