"""Stats as the API answers them: hours with their counts, their sum, and the averages."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.moments import to_rfc3339
from carillon.domain.stats import Counts, HourStats, hour_of

LONGEST_RANGE: Final = timedelta(days=31)
A_DAY: Final = timedelta(days=1)


def stats_range(first: datetime | None, last: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """The hours that `from` and `to` name, both included; a day up to now unless told. InvalidInput."""
    end = last or now
    begin = first or end - A_DAY
    if begin > end:
        raise InvalidInput("The range is not valid.", [FieldError("from", "This must not be later than to.")])
    if end - begin > LONGEST_RANGE:
        fault = FieldError("from", f"At most {LONGEST_RANGE.days} days are answered at a time.")
        raise InvalidInput("The range is too long.", [fault])
    return hour_of(begin), hour_of(end)


def hours_document(rows: Iterable[HourStats]) -> dict[str, Any]:
    """Counts by hour, oldest first, with rows of the same hour added up; hours in which nothing ended are absent."""
    hours: dict[datetime, Counts] = {}
    for row in rows:
        hours[row.key.hour] = hours.get(row.key.hour, Counts()) + row.counts
    total = sum(hours.values(), Counts())
    return {
        "total": counts_document(total),
        "hours": [{"hour": to_rfc3339(hour), **counts_document(hours[hour])} for hour in sorted(hours)],
    }


def counts_document(counts: Counts) -> dict[str, Any]:
    """The counts, with averages in place of the totals; None where there is nothing to average."""
    found = asdict(counts)
    lateness, duration, timed = found.pop("lateness_ms"), found.pop("duration_ms"), found.pop("timed")
    return {
        **found,
        "average_lateness_ms": _average(lateness, timed),
        "average_duration_ms": _average(duration, counts.fired),
    }


def latest_document(rows: Sequence[HourStats], now: datetime) -> dict[str, Any]:
    """What a schedule's answer tells of its runs: the counters of the last 24 hours, and the run that ended last."""
    since = hour_of(now) - A_DAY
    recent = (row.counts for row in rows if row.key.hour > since)
    runs = [row.last_run for row in rows if row.last_run is not None]
    last = max(runs, key=lambda run: run.ended_at, default=None)
    return {
        "counters": counts_document(sum(recent, Counts())),
        "last_run": None
        if last is None
        else {"run_id": last.run_id, "state": str(last.state), "ended_at": to_rfc3339(last.ended_at)},
    }


def _average(total: int, count: int) -> int | None:
    return round(total / count) if count else None
