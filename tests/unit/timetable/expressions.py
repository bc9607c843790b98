"""Hypothesis strategies for expressions of every form, zones, and moments near and far from clock changes."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.unit.timetable import oracle

LIVELY = [
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Santiago",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Gaza",
    "America/St_Johns",
    "Asia/Tehran",
    "Pacific/Kwajalein",
    "Pacific/Kiritimati",
    "America/Havana",
    "Africa/Monrovia",
    "America/Asuncion",
    "Europe/Dublin",
    "Antarctica/Troll",
    "Asia/Pyongyang",
    "America/Nuuk",
    "Atlantic/Azores",
    "Pacific/Chatham",
    "Asia/Beirut",
    "America/Sao_Paulo",
    "Asia/Amman",
    "Europe/Lisbon",
    "America/Caracas",
    "UTC",
    "Asia/Kathmandu",
]
EVERY = sorted(zoneinfo.available_timezones())
GAPS, FOLDS = ("fire", "skip"), ("once", "twice")
MONTHS, WEEKDAYS = oracle.MONTHS, oracle.WEEKDAYS


def zones():
    return st.sampled_from(LIVELY) | st.sampled_from(EVERY)


@lru_cache(maxsize=4096)
def changes(zone, year):
    return oracle.changes_of(ZoneInfo(zone), year)


@st.composite
def moments(draw, zone):
    """A moment: often within hours of a clock change, else anywhere from 1970 to 2199."""
    year = draw(st.integers(2005, 2040) | st.integers(1970, 2198))
    near = changes(zone, year)
    if near and draw(st.integers(0, 3)):
        reach = draw(st.sampled_from([30, 7200, 100_000]))
        return draw(st.sampled_from(near)) + timedelta(seconds=draw(st.integers(-reach, reach)))
    seconds = draw(st.integers(0, 366 * 86400))
    return datetime(year, 1, 1, tzinfo=UTC) + timedelta(
        seconds=seconds, microseconds=draw(st.sampled_from([0, 1, 999_999]))
    )


def spans(low, high, *, top=None, names=(), base=0, wraps=False):
    """Ranges; upwards only, unless they may wrap."""
    top = high if top is None else top
    value = st.integers(low, high)
    pairs = st.tuples(value, value).map(lambda p: p if wraps else tuple(sorted(p)))

    def write(pair):
        return f"{pair[0]}-{pair[1]}"

    numeric = pairs.map(write)
    if not names:
        return numeric
    spelled = st.tuples(st.sampled_from(range(len(names))), st.sampled_from(range(len(names)))).map(
        # SUN is 0, yet ends a plain range as 7.
        lambda p: p if wraps or (p[1] == 0 and high == 7) else tuple(sorted(p))
    )
    return numeric | spelled.map(lambda p: f"{names[p[0]]}-{names[p[1]].lower()}")


@st.composite
def items(draw, low, high, near=None, **options):
    """One list item of a plain field."""
    names = options.get("names", ())
    value = st.integers(low, high).map(str)
    if near is not None:
        value = st.sampled_from(near).map(str) | value
    if names:
        value |= st.sampled_from(names)
    step = st.integers(1, high - low + 1) if low or high != 7 else st.integers(1, 7)
    kind = draw(st.sampled_from(["value", "value", "span", "stepped span", "open step"]))
    if kind == "value":
        return draw(value)
    if kind == "open step":
        return f"{draw(value)}/{draw(step)}"
    span = draw(spans(low, high, **options))
    return span if kind == "span" else f"{span}/{draw(step)}"


@st.composite
def fields(draw, low, high, star=3, near=None, extra=None, **options):
    """A field: `*`, `*/n` or a list of items."""
    roll = draw(st.integers(0, 9))
    if roll < star:
        return "*"
    if roll == star:
        top = min(high, 6) if (low, high) == (0, 7) else high
        return f"*/{draw(st.integers(1, top - low + 1))}"
    item = items(low, high, near, **options)
    if extra is not None:
        item |= extra
    return ",".join(draw(st.lists(item, min_size=1, max_size=3)))


def _weekday_extra(low, high):
    day = st.integers(low, high).map(str) | st.sampled_from(WEEKDAYS)
    nth = st.tuples(day, st.integers(1, 5)).map(lambda p: f"{p[0]}#{p[1]}")
    return nth | day.map(lambda d: f"{d}L") | day.map(lambda d: f"L{d}")


def _day_extra():
    return st.sampled_from(["L", "LW", "1W", "30W", "31W"]) | st.integers(1, 31).map(lambda d: f"{d}W")


@st.composite
def crons(draw, near):
    """Five or six fields; the times are often those around a clock change."""
    hours, minutes, days, months = near
    second = draw(st.sampled_from(["", "", "", "0 ", "*/20 ", "5,50 ", "* "]))
    minute = draw(fields(0, 59, star=1, near=minutes))
    hour = draw(fields(0, 23, star=1, near=hours))
    if draw(st.booleans()):
        return f"{second}{minute} {hour} * * *"
    day = draw(st.just("*") | st.just("?") | fields(1, 31, near=days, extra=_day_extra()))
    month = draw(st.just("*") | fields(1, 12, near=months, names=MONTHS, base=1))
    weekday = draw(st.just("*") | st.just("?") | fields(0, 7, names=WEEKDAYS, extra=_weekday_extra(0, 7)))
    return f"{second}{minute} {hour} {day} {month} {weekday}"


@st.composite
def aws_crons(draw, near, year):
    hours, minutes, days, months = near
    minute = draw(fields(0, 59, star=1, near=minutes, wraps=True))
    hour = draw(fields(0, 23, star=1, near=hours, wraps=True))
    if draw(st.booleans()):
        return f"cron({minute} {hour} {draw(st.sampled_from(['* * ?', '? * *']))} *)"
    month = draw(st.just("*") | fields(1, 12, near=months, names=MONTHS, base=1, wraps=True))
    if draw(st.booleans()):
        day, weekday = draw(fields(1, 31, near=days, extra=_day_extra(), wraps=True)), "?"
    else:
        extra = _weekday_extra(1, 7) | st.just("L")
        day, weekday = "?", draw(fields(1, 7, names=WEEKDAYS, base=1, extra=extra, wraps=True))
    years = st.sampled_from(
        ["", " *", f" {year}", f" {year}-2199", f" {year}/3", f" 1970,{min(year + 1, 2199)}"]
    )
    return f"cron({minute} {hour} {day} {month} {weekday}{draw(years)})"


@st.composite
def durations(draw):
    parts = [(draw(st.integers(0, 70)), unit) for unit in "wdhms"]
    kept = [f"{n}{unit}" for n, unit in parts if n and draw(st.booleans())]
    return "".join(kept) or "90s"


@st.composite
def cases(draw):
    """(expression, zone, moment, gap, fold, anchor)."""
    zone = draw(zones())
    moment = draw(moments(zone))
    local = moment.astimezone(ZoneInfo(zone))
    near = (
        [(local.hour + d) % 24 for d in (-1, 0, 0, 1)],
        [local.minute, (local.minute + 1) % 60, 0, 30],
        [local.day, local.day, (local + timedelta(days=1)).day],
        [local.month],
    )
    at = local.replace(tzinfo=None, microsecond=0) + timedelta(seconds=draw(st.integers(-9000, 9000)))
    kind = draw(st.integers(0, 11))
    if kind < 6:
        expression = draw(crons(near))
    elif kind < 9:
        expression = draw(aws_crons(near, max(local.year, 1970)))
    else:
        unit = st.sampled_from(["minute", "minutes", "hours", "days", "DAY"])
        expression = draw(
            st.sampled_from([*oracle.NAMED, "@Hourly", "@DAILY"])
            | durations().map(lambda text: f"@every {text}")
            | st.tuples(st.integers(1, 5000), unit).map(lambda p: f"rate({p[0]} {p[1]})")
            | st.just(f"at({at:%Y-%m-%dT%H:%M:%S})")
        )
    distance = timedelta(seconds=draw(st.integers(-(10**6), 10**6)))
    anchor = max(moment.replace(microsecond=0) + distance, datetime(1970, 1, 1, tzinfo=UTC))
    return expression, zone, moment, draw(st.sampled_from(GAPS)), draw(st.sampled_from(FOLDS)), anchor
