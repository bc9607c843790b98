"""Facts of the run in a job's texts: `${fire_time:date}`, `${run_id}`, `${window.start}`; `$${…}` stays `${…}`.

Only texts that were saved with a placeholder are filled: what an expression brings in at run time is plain text.
Secrets are `${secrets.NAME}`; they and `${callback.token}` are filled elsewhere, right before the call.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final

from carillon.domain.errors import FieldError
from carillon.domain.moments import to_ms, to_rfc3339
from carillon.domain.workflow.inputs import MARK

_PLACEHOLDER: Final = re.compile(r"(\$?)\$\{(?!secrets\.)([^{}]*)\}")
_TEXTS: Final = ("run_id", "schedule_id")
_MOMENTS: Final = ("fire_time", "window.start", "window.end")
CALLBACK: Final = ("callback.token", "callback.url")
NAMES: Final = (*_TEXTS, *_MOMENTS, *CALLBACK)
FORMATS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "rfc3339": to_rfc3339,
    "date": lambda moment: f"{moment:%Y-%m-%d}",
    "time": lambda moment: f"{moment:%H:%M:%S}",
    "compact": lambda moment: f"{moment:%Y%m%dT%H%M%SZ}",
    "epoch": lambda moment: str(to_ms(moment) // 1000),
    "year": lambda moment: f"{moment:%Y}",
    "month": lambda moment: f"{moment:%m}",
    "day": lambda moment: f"{moment:%d}",
    "hour": lambda moment: f"{moment:%H}",
    "minute": lambda moment: f"{moment:%M}",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run's placeholders stand for; the window begins at the last success's fire time."""

    run_id: str
    schedule_id: str
    fire_time: datetime
    window_start: datetime


def check_templates(target: Mapping[str, Any], *, has_callback: bool = False) -> Iterator[FieldError]:
    """A fault for every placeholder that stands for nothing."""
    for where, text in texts_of(target, ""):
        for escaped, inner in _PLACEHOLDER.findall(text):
            message = None if escaped else _fault(inner, has_callback=has_callback)
            if message is not None:
                yield FieldError(where, message)


def needs_window(target: Any) -> bool:
    """Whether a text names the last success."""
    return any(
        not escaped and inner.partition(":")[0] == "window.start"
        for _, text in texts_of(target, "")
        for escaped, inner in _PLACEHOLDER.findall(text)
    )


def fill(value: Any, facts: Facts) -> Any:
    """The value with its placeholders filled; one that stands for nothing stays as it is."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: _filled(found, facts), value)
    if isinstance(value, Mapping):
        return {name: each if is_path(name) else fill(each, facts) for name, each in value.items()}
    return [fill(each, facts) for each in value] if isinstance(value, list) else value


def _filled(found: re.Match[str], facts: Facts) -> str:
    escaped, inner = found.groups()
    if inner in CALLBACK:
        return found[0]
    if escaped:
        return found[0][1:]
    if _fault(inner) is not None:
        return found[0]
    name, _, form = inner.partition(":")
    texts = {"run_id": facts.run_id, "schedule_id": facts.schedule_id}
    if name in texts:
        return texts[name]
    return FORMATS[form or "rfc3339"](facts.window_start if name == "window.start" else facts.fire_time)


def _fault(inner: str, *, has_callback: bool = True) -> str | None:
    name, colon, form = inner.partition(":")
    shown = ascii(name[:40])[1:-1]
    if name not in NAMES:
        near = get_close_matches(name[:64], NAMES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(NAMES)} and secrets.NAME."
        return f"Nothing is called {shown} here; {hint} Write $${{…}} to keep the text as it is."
    if name in CALLBACK and not has_callback:
        return f'{shown} is there only beside "wait": "callback"; add that or take it out.'
    if colon and name not in _MOMENTS:
        return f"{shown} is a text and takes no format; write ${{{shown}}}."
    if colon and form not in FORMATS:
        return f"There is no format {ascii(form[:40])[1:-1]}; use one of {', '.join(FORMATS)}."
    return None


def texts_of(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every text of a value with its place; not the expressions."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if not is_path(name):
                shown = ascii(str(name)[:64])[1:-1]
                yield from texts_of(each, f"{where}.{shown}" if where else shown)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from texts_of(each, f"{where}.{place}")


def is_path(name: object) -> bool:
    """Whether what stands under this name is an expression."""
    return str(name).endswith(MARK)
