"""Documents to read, and how their faults look."""

import copy
from datetime import UTC, datetime

import pytest

from carillon.domain.allow_list import AllowList
from carillon.domain.definition import Limits, read_definition
from carillon.domain.errors import InvalidInput

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
LIMITS = Limits(295.0, 1, AllowList.of(["127.0.0.1"]))
MINIMAL = {
    "schedule_id": "nightly-etl",
    "timetable": {"expression": "30 2 * * *"},
    "job": {"target": {"kind": "http", "url": "https://example.com/etl"}},
}


def with_value(path, value, base=MINIMAL):
    """The document with one value at a dotted path."""
    document = copy.deepcopy(base)
    *parents, last = path.split(".")
    place = document
    for name in parents:
        place = place.setdefault(name, {})
    place[last] = value
    return document


def read(document, limits=LIMITS):
    return read_definition(document, limits, NOW)


def faults(document, limits=LIMITS):
    """The faults of a document by field, and the error's code."""
    with pytest.raises(InvalidInput) as caught:
        read(document, limits)
    return {fault.field: fault.message for fault in caught.value.errors}, caught.value.code
