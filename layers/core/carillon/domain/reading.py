"""Reads values out of a JSON document, collecting every fault instead of stopping at the first.

A `Section` is one JSON object of the document; a missing or null field has its default. Values that are wrong
are noted under their dotted path, and the default stands in for them so that reading can go on.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final, TypeVar

from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.moments import from_rfc3339

Choice = TypeVar("Choice", bound=StrEnum)
Item = TypeVar("Item")
MAX_FAULTS: Final = 100


@dataclass(slots=True)
class Faults:
    """What is wrong with a document, in reading order."""

    errors: list[FieldError] = field(default_factory=list)

    def note(self, path: str, message: str, code: str = "invalid") -> None:
        """Adds one fault; a path has at most one, the first, and a document MAX_FAULTS."""
        if len(self.errors) < MAX_FAULTS and all(error.field != path for error in self.errors):
            self.errors.append(FieldError(path, message, code))

    def raise_any(self, message: str) -> None:
        """InvalidInput with every fault, if there is one."""
        if self.errors:
            raise InvalidInput(message, self.errors)


class Section:
    """One JSON object of a document."""

    def __init__(self, document: Any, path: str, faults: Faults, known: Collection[str]) -> None:
        self.path = path
        self.faults = faults
        self.is_object = isinstance(document, Mapping)
        if not self.is_object:
            faults.note(path or "(body)", "This must be a JSON object.")
            document = {}
        self.document: Mapping[str, Any] = document
        for name in document:
            if name not in known:
                faults.note(self.at(_shown(name)), unknown_field(name, known))

    def at(self, name: str) -> str:
        """The dotted path of a field of this section."""
        return f"{self.path}.{name}" if self.path else name

    def fault(self, name: str, message: str, code: str = "invalid") -> None:
        """Notes what is wrong with a field of this section."""
        self.faults.note(self.at(name), message, code)

    def get(self, name: str) -> Any:
        """The raw value, None when it is missing or null."""
        return self.document.get(name)

    def section(self, name: str, known: Collection[str]) -> "Section":
        """A nested object, empty when it is missing."""
        value = self.get(name)
        return Section({} if value is None else value, self.at(name), self.faults, known)

    def text(self, name: str, default: str = "", *, longest: int = 256) -> str:
        """A text."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            self.fault(name, "This must be a text in quotes.")
            return default
        if len(value) > longest:
            self.fault(name, f"This text has {len(value)} characters; {longest} are allowed.")
            return default
        if not value.isprintable() and any(ord(sign) < 32 and sign not in "\n\t" for sign in value):
            self.fault(name, "This text holds control characters; leave them out.")
        return value

    def value(self, name: str, longest: int) -> Any:
        """Any JSON value of at most so many bytes, None where there is none."""
        value = self.get(name)
        size = len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="replace"))
        if size > longest:
            remedy = "Store the data and send a reference to it."
            self.fault(name, f"The {name} is {size} bytes; {longest} are allowed. {remedy}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A true or false."""
        value = self.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.fault(name, "This must be true or false, without quotes.")
        return default

    def whole(self, name: str, default: int, lowest: int, highest: int) -> int:
        """A whole number within bounds."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            self.fault(name, f"This must be a whole number from {lowest} to {highest}.")
            return default
        return value

    def number(self, name: str, default: float, lowest: float, highest: float) -> float:
        """A number within bounds."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, int | float) or isinstance(value, bool) or not lowest <= value <= highest:
            self.fault(name, f"This must be a number from {lowest:.10g} to {highest:.10g}.")
            return default
        return float(value)

    def word(self, name: str, words: Sequence[str]) -> str:
        """One of the words; the first is the default."""
        value = self.get(name)
        if value is None:
            return words[0]
        if not isinstance(value, str) or value not in words:
            self.fault(name, one_of(value, words))
            return words[0]
        return value

    def choice(self, name: str, default: Choice) -> Choice:
        """One of the words of the default's enumeration."""
        others = (str(word) for word in type(default) if word is not default)
        return type(default)(self.word(name, (str(default), *others)))

    def items(
        self, name: str, most: int, read: Callable[[Any], Item | None], what: str, right: str
    ) -> tuple[Item, ...]:
        """A list of `what`, each once; `right` is the sentence for an item that cannot be read, noted at its place."""
        values = self.get(name)
        if values is None:
            return ()
        if not isinstance(values, list) or len(values) > most:
            self.fault(name, f"This must be a list of at most {most} {what}.")
            return ()
        found = [(place, read(value)) for place, value in enumerate(values)]
        for place, item in found:
            if item is None:
                self.fault(f"{name}.{place}", right)
        return tuple(dict.fromkeys(item for _, item in found if item is not None))

    def moment(self, name: str) -> datetime | None:
        """A moment with an offset, None when it is missing."""
        value = self.get(name)
        if value is None:
            return None
        moment = moment_of(value)
        if moment is None:
            self.fault(
                name, "This must be a time from 1970 to 2199 with an offset, such as 2026-11-22T02:00:00Z."
            )
            return None
        return moment


def moment_of(value: Any) -> datetime | None:
    """The moment of a text with an offset, None where it is none from 1970 to 2199."""
    try:
        moment = from_rfc3339(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
    return moment if moment is not None and 1970 <= moment.year < 2200 else None


def unknown_field(name: object, known: Collection[str]) -> str:
    """The sentence for a field that does not exist, with the nearest that does."""
    near = get_close_matches(str(name)[:64], sorted(known), n=1)
    if near:
        return f"There is no such field; did you mean {near[0]}?"
    return f"There is no such field; known here are {', '.join(sorted(known))}."


def one_of(value: object, words: Sequence[str]) -> str:
    """The sentence for a word that is not among those allowed."""
    near = get_close_matches(str(value)[:64], words, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"Use one of {', '.join(words)}{hint}"


def _shown(name: object) -> str:
    return ascii(str(name)[:64])[1:-1]
