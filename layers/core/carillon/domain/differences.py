"""What an edit changes in a definition, in words: what is called comes first, and no secret's value is told."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from carillon.domain.masking import masked

LONGEST_VALUE: Final = 240
_SHARED: Final = 20
_FIRST: Final = ("job",)


def differences(before: Any, after: Any) -> Iterator[str]:
    """Every place where two documents differ, with both values as far as they are no secrets."""
    yield from _under("", before, after, masked(before), masked(after))


def _under(path: str, before: Any, after: Any, told: Any, shown: Any) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*_FIRST, *before, *after)):
            where = f"{path}.{name}" if path else str(name)
            yield from _under(where, before.get(name), after.get(name), told.get(name), shown.get(name))
    elif before != after and told == shown:
        yield f"{path} to another secret value"
    elif before != after:
        first, second = _both(ascii(told), ascii(shown))
        yield f"{path} from {first} to {second}"


def _both(before: str, after: str) -> tuple[str, str]:
    """Two texts from where they begin to differ, if they are long."""
    start = 0
    if max(len(before), len(after)) > LONGEST_VALUE:
        pairs = zip(before, after, strict=False)
        shared = next((at for at, (one, other) in enumerate(pairs) if one != other), 0)
        start = max(0, shared - _SHARED)
    return _cut(before, start), _cut(after, start)


def _cut(text: str, start: int) -> str:
    end = "…" if len(text) > start + LONGEST_VALUE else ""
    return f"{'…' if start else ''}{text[start : start + LONGEST_VALUE]}{end}"
