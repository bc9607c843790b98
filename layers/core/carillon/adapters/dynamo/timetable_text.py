"""Timetables and policies as compact JSON texts: defaults left out, moments in epoch milliseconds.

Names that this version does not know are ignored, so that two versions can share a table during a deployment.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from carillon.domain.moments import from_ms, to_ms
from carillon.domain.schedule import After, CatchUp, ChainOn, Misfire, Overlap, Policies, TimetableSpec

_Reader = Callable[[object], Any]


def write_timetable(spec: TimetableSpec) -> str:
    """The timetable as text."""
    return _compact({"expression": spec.expression, **_beyond_defaults(spec, TimetableSpec(""))})


def write_policies(policies: Policies) -> str:
    """The policies as text."""
    found = _beyond_defaults(policies, Policies())
    if "misfire" in found:
        found["misfire"] = _beyond_defaults(policies.misfire, Misfire())
    return _compact(found)


def read_timetable(text: str) -> TimetableSpec:
    """The timetable of a text; ValueError says which name is wrong."""
    return TimetableSpec(**_read(json.loads(text), _TIMETABLE))


def read_policies(text: str) -> Policies:
    """The policies of a text; ValueError says which name is wrong."""
    return Policies(**_read(json.loads(text), _POLICIES))


def _beyond_defaults(value: Any, defaults: Any) -> dict[str, Any]:
    names = [field.name for field in fields(value)]
    found = {name: getattr(value, name) for name in names}
    return {name: part for name, part in found.items() if part != getattr(defaults, name)}


def _compact(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return to_ms(value)
    if isinstance(value, After):
        return {"schedule_id": value.schedule_id, "on": str(value.on)}
    raise TypeError(f"{type(value).__name__} has no place in a row")


def _read(document: object, readers: Mapping[str, _Reader]) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    found: dict[str, Any] = {}
    for name, value in document.items():
        if name in readers:
            try:
                found[name] = readers[name](value)
            except (ValueError, TypeError, OverflowError) as error:
                raise ValueError(f"'{name}': {error}") from None
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("not a whole number")
    return value


def _moment(value: object) -> datetime:
    return from_ms(_whole(value))


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value


def _maybe(reader: _Reader) -> _Reader:
    return lambda value: None if value is None else reader(value)


def _after(value: object) -> After:
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return After(_text(value.get("schedule_id")), ChainOn(_text(value.get("on"))))


_TIMETABLE: Final[Mapping[str, _Reader]] = {
    "expression": _text,
    "zone": _text,
    "gap": _text,
    "fold": _text,
    "anchor": _maybe(_moment),
    "starts_at": _maybe(_moment),
    "ends_at": _maybe(_moment),
    "max_runs": _maybe(_whole),
    "jitter_seconds": _whole,
    "calendars": lambda value: tuple(_text(name) for name in _list(value)),
    "also_at": lambda value: tuple(_moment(part) for part in _list(value)),
    "after": _maybe(_after),
}
_MISFIRE: Final[Mapping[str, _Reader]] = {
    "grace_seconds": _whole,
    "catch_up": lambda value: CatchUp(_text(value)),
    "max_catch_up": _whole,
}
_POLICIES: Final[Mapping[str, _Reader]] = {
    "overlap": lambda value: Overlap(_text(value)),
    "max_concurrent": _maybe(_whole),
    "max_queued": _whole,
    "misfire": lambda value: Misfire(**_read(value, _MISFIRE)),
}
