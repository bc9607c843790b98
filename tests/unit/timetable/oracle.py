"""A second opinion on timetables by brute force; it imports nothing of what it judges.

It reads fields by asking of every value "does this item contain you?", walks the calendar day by day, asks the zone for
both readings of each local time (PEP 495), and keeps the earliest instant that is late enough.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

FIRST, LAST = date(1970, 1, 1), date(2199, 12, 31)
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass
class Spec:
    """What an expression means, as plain data."""

    seconds: list
    minutes: list
    hours: list
    months: set
    years: set | None
    day: str
    weekday: str
    aws: bool
    absolute: bool


def number(text, names, base):
    return names.index(text) + base if text in names else int(text)


def contains(item, value, low, high, *, names=(), base=0, wraps=False):
    """Whether one list item contains a value."""
    span, _, step = item.partition("/")
    begin, dash, end = span.partition("-")
    if begin == "*":
        first, last = low, high
    else:
        first = number(begin, names, base)
        last = number(end, names, base) if dash else (high if step else first)
    if wraps:
        size = high - low + 1
        inside = (value - first) % size <= (last - first) % size
        return inside and (value - first) % size % int(step or 1) == 0
    return first <= value <= last and (value - first) % int(step or 1) == 0


def allowed(text, low, high, **options):
    return {
        value
        for value in range(low, high + 1)
        if any(contains(item, value, low, high, **options) for item in text.split(","))
    }


def read(expression):
    """The meaning of a cron expression of any dialect."""
    text = expression.strip().upper()
    text = NAMED.get(text.lower(), text)
    aws = text.startswith("CRON")
    fields = text[text.index("(") + 1 : -1].split() if aws else text.split()
    if aws:
        fields = ["0", *fields, "*"][:7]
    elif len(fields) == 5:
        fields = ["0", *fields]
    second, minute, hour, day, month, weekday = fields[:6]
    return Spec(
        seconds=sorted(allowed(second, 0, 59)),
        minutes=sorted(allowed(minute, 0, 59, wraps=aws)),
        hours=sorted(allowed(hour, 0, 23, wraps=aws)),
        months=allowed(month, 1, 12, names=MONTHS, base=1, wraps=aws),
        years=allowed(fields[6], 1970, 2199) if aws else None,
        day=day,
        weekday=weekday,
        aws=aws,
        absolute=minute[0] == "*" or hour[0] == "*",
    )


def nearest_weekday(year, month, wanted):
    """The working day closest to a day of the month without leaving the month, found by looking."""
    length = monthrange(year, month)[1]
    if wanted > length:
        return None
    working = [d for d in range(1, length + 1) if date(year, month, d).weekday() < 5]
    return min(
        working, key=lambda d: (abs(d - wanted), date(year, month, wanted).weekday() == 6 and d < wanted)
    )


def day_item(item, when, aws):
    length = monthrange(when.year, when.month)[1]
    if item == "L":
        return when.day == length
    if item in ("LW", "WL"):
        working = [d for d in range(1, length + 1) if date(when.year, when.month, d).weekday() < 5]
        return when.day == working[-1]
    if item.endswith("W"):
        return when.day == nearest_weekday(when.year, when.month, int(item[:-1]))
    return contains(item, when.day, 1, 31, wraps=aws)


def weekday_item(item, when, aws):
    base = 1 if aws else 0
    today = when.isoweekday() % 7
    if "#" in item:
        name, nth = item.split("#")
        same = [
            d for d in range(1, when.day + 1) if date(when.year, when.month, d).weekday() == when.weekday()
        ]
        return (number(name, WEEKDAYS, base) - base) % 7 == today and len(same) == int(nth)
    if item != "L" and (item.endswith("L") or item.startswith("L")):
        name = item.replace("L", "", 1) if item.startswith("L") else item[:-1]
        in_a_week = when + timedelta(days=7) if when < LAST - timedelta(days=7) else LAST
        last = in_a_week.month != when.month or when.day + 7 > monthrange(when.year, when.month)[1]
        return (number(name, WEEKDAYS, base) - base) % 7 == today and last
    if item == "L":
        return today == 6
    if aws:
        return contains(item, today + 1, 1, 7, names=WEEKDAYS, base=1, wraps=True)
    return plain_weekday(item, today)


def plain_weekday(item, today):
    """Sunday is 0 and 7; as the end of a range SUN is 7; a step from Sunday starts the week."""
    span, slash, step = item.partition("/")
    begin, dash, end = span.partition("-")
    if dash and end == "SUN" and begin not in ("SUN", "0"):
        item = f"{begin}-7{slash}{step}"
    if not dash and begin == "7":
        item = f"0{slash}{step}"
    top = 7 if dash else 6
    values = (today, 7) if today == 0 and dash else (today,)
    return any(contains(item, value, 0, top, names=WEEKDAYS) for value in values)


def date_matches(spec, when):
    if when.month not in spec.months or (spec.years is not None and when.year not in spec.years):
        return False
    by_day = spec.day == "?" or any(day_item(item, when, spec.aws) for item in spec.day.split(","))
    by_weekday = spec.weekday == "?" or any(
        weekday_item(item, when, spec.aws) for item in spec.weekday.split(",")
    )
    if any(text == "?" or text.startswith("*") for text in (spec.day, spec.weekday)):
        return by_day and by_weekday
    return by_day or by_weekday


def offset(zone, moment):
    return moment.astimezone(zone).utcoffset()


def jump_within(zone, early, late):
    """The instant at which the offset differs first, by bisection over two instants that disagree."""
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if offset(zone, middle) == offset(zone, early):
            early = middle
        else:
            late = middle
    return late


def changes_of(zone, year):
    """The instants in a year at which the zone's offset changes, found by looking at every other day."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(0, 368, 2)]
    return [jump_within(zone, a, b) for a, b in pairwise(days) if offset(zone, a) != offset(zone, b)]


def instants(local, zone, gap, fold, absolute):
    """The instants at which a local time fires."""
    one, two = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    first, second = local - one.utcoffset(), local - two.utcoffset()
    first, second = first.replace(tzinfo=UTC), second.replace(tzinfo=UTC)
    if first == second:
        return [first]
    if first < second:
        return [first, second] if absolute or fold == "twice" else [first]
    if absolute or gap == "skip":
        return []
    return [jump_within(zone, second, first)]


def spread(zone, moment):
    """By how much local clocks jump within a good day of a moment."""
    day = timedelta(hours=26)
    return abs(offset(zone, moment - day) - offset(zone, moment + day))


def times_of(spec, day, start):
    """The local times of a day not earlier than a start, in order."""
    midnight = datetime.combine(day, datetime.min.time())
    for hour in spec.hours:
        if midnight + timedelta(hours=hour + 1) <= start:
            continue
        for minute in spec.minutes:
            if midnight + timedelta(hours=hour, minutes=minute + 1) <= start:
                continue
            for second in spec.seconds:
                local = midnight + timedelta(hours=hour, minutes=minute, seconds=second)
                if local >= start:
                    yield local


def next_of_cron(spec, zone, gap, fold, moment):
    """The earliest instant after a moment at which a cron expression fires."""
    start = moment.astimezone(zone).replace(tzinfo=None) - spread(zone, moment)
    best = limit = None
    day = max(start.date(), FIRST)
    while day <= LAST and (limit is None or datetime.combine(day, datetime.min.time()) <= limit):
        if date_matches(spec, day):
            for local in times_of(spec, day, start):
                if limit is not None and local > limit:
                    break
                for instant in instants(local, zone, gap, fold, spec.absolute):
                    if instant > moment and (best is None or instant < best):
                        best = instant
                        limit = best.astimezone(zone).replace(tzinfo=None) + spread(zone, best)
        day += timedelta(days=1)
    return best


def period_of(expression):
    """The period of `rate()` or `@every`."""
    units = {"W": 604800, "D": 86400, "H": 3600, "M": 60, "S": 1}
    return timedelta(
        seconds=sum(int(n) * units[u] for n, u in re.findall(r"(\d+)\s*([WDHMS])", expression.upper()))
    )


def next_fire(expression, zone_name, moment, gap="fire", fold="once", anchor=None):
    """The first fire time after a moment, or None."""
    zone = ZoneInfo(zone_name)
    text = expression.strip().lower()
    if text.startswith(("rate", "@every")):
        fire = anchor
        period = period_of(text.split("(")[-1].removeprefix("@every"))
        if moment >= fire:
            fire += ((moment - fire) // period) * period
        while fire <= moment:
            fire += period
        return fire if fire.year <= LAST.year else None
    if text.startswith("at"):
        local = datetime.fromisoformat(text[text.index("(") + 1 : -1].strip().upper())
        later = [t for t in instants(local, zone, gap, fold, absolute=False) if t > moment]
        return min(later, default=None)
    return next_of_cron(read(expression), zone, gap, fold, moment)
