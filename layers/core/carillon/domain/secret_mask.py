"""Keeps secrets out of what a target says: answers, errors and log lines lose every value that was used."""

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, quote_plus

from carillon.domain.outcome import Outcome

MASK: Final = "***"
LEAST_BASE64: Final = 8
_URL_SAFE: Final = str.maketrans("+/", "-_")


class Mask(ABC):
    """Something that takes secrets out of texts, and so out of values and outcomes."""

    @property
    @abstractmethod
    def hides_nothing(self) -> bool:
        """Whether texts stay as they are."""

    @abstractmethod
    def text(self, text: str) -> str:
        """The text without the secrets."""

    def value(self, value: Any) -> Any:
        """A JSON value without them, in keys as in values."""
        if self.hides_nothing:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.value(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        return self._number(value) if isinstance(value, int | float) else value

    def outcome(self, outcome: Outcome) -> Outcome:
        """An outcome without them."""
        if self.hides_nothing:
            return outcome
        return replace(
            outcome,
            message=self.text(outcome.message),
            error=None if outcome.error is None else self.text(outcome.error),
            output=self.value(outcome.output),
        )

    def _number(self, value: float) -> Any:
        # Not at the end of the text, where half of a secret would do.
        return MASK if self.text(f"{value} ") == f"{MASK} " else value


class SecretMask(Mask):
    """Masks some secrets in the forms in which targets repeat them: as they are, in JSON, in a URL, in base64."""

    def __init__(self, secrets: Iterable[str]) -> None:
        values = tuple(secrets)
        forms = {form for value in values for form in _forms(value)}
        # The longest first; those of one length in an order that is the same in every process.
        self.forms = sorted(forms, key=lambda form: (-len(form), form))

    @property
    def hides_nothing(self) -> bool:
        """Whether there is no secret."""
        return not self.forms

    def text(self, text: str) -> str:
        """The text without them."""
        for form in self.forms:
            text = text.replace(form, MASK)
        return self._without_cut_end(text)

    def _without_cut_end(self, text: str) -> str:
        end = text.rstrip("….")
        for form in self.forms:
            # A text that was cut within a secret: half of one is masked, for less says nothing.
            for length in range(min(len(form) - 1, len(end)), max(4, len(form) // 2) - 1, -1):
                if end.endswith(form[:length]):
                    return end[:-length] + MASK
        return text


def _forms(value: str) -> Iterable[str]:
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield quote(value, safe="")
    yield quote(value)
    yield quote_plus(value)
    yield repr(value)[1:-1]
    raw = value.encode()
    yield raw.hex()
    # Within a longer text base64 depends on what stands before and after: what stays the same is the middle.
    for before in range(3):
        whole = base64.b64encode(bytes(before) + raw).decode("ascii")
        middle = whole[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        if len(middle) >= LEAST_BASE64:
            yield middle
            yield middle.translate(_URL_SAFE)
