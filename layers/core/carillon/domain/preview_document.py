"""A preview as the API asks for it and answers it: a sentence, and fire times with what changes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from carillon.domain.definition import Limits
from carillon.domain.fire_times import anchored
from carillon.domain.looking_ahead import Expected
from carillon.domain.moments import to_rfc3339
from carillon.domain.reading import Faults, Section
from carillon.domain.schedule import TimetableSpec
from carillon.domain.timetable_definition import TIMETABLE_FIELDS, read_timetable
from carillon.domain.wording import describe

MAX_COUNT: Final = 100
DEFAULT_COUNT: Final = 10
FOLLOWS: Final = "Whenever a run of the schedule that it follows has ended."


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """Which timetable to look ahead in, from when, and how many fire times."""

    spec: TimetableSpec
    moment: datetime
    count: int


def read_preview(document: Any, limits: Limits, now: datetime) -> PreviewRequest:
    """The request in a decoded JSON document: a timetable's fields, `count` and `from`; InvalidInput."""
    faults = Faults()
    body = Section(document, "", faults, (*TIMETABLE_FIELDS, "count", "from"))
    spec = anchored(read_timetable(body, limits.minimum_interval_seconds, now), now)
    request = PreviewRequest(
        spec, body.moment("from") or now, body.whole("count", DEFAULT_COUNT, 1, MAX_COUNT)
    )
    if not spec.expression:
        body.fault("expression", "Say when it fires; only an expression can be looked ahead in.")
    faults.raise_any("The timetable is not valid.")
    return request


def preview_document(spec: TimetableSpec, entries: Sequence[Expected]) -> dict[str, Any]:
    """The answer: the expression as a sentence, and the entries in order."""
    return {
        "sentence": describe(spec.expression, spec.zone) if spec.expression else FOLLOWS,
        "zone": spec.zone,
        "items": [_entry(entry) for entry in entries],
    }


def _entry(entry: Expected) -> Mapping[str, Any]:
    fire = entry.fire
    return {
        "at": to_rfc3339(fire.at),
        # A local time that the clocks leave out has no offset to show.
        "local": fire.local.isoformat(),
        "starts_at": None if entry.starts_at is None else to_rfc3339(entry.starts_at),
        "skipped": fire.skipped,
        "note": fire.note or None,
    }
