"""Marks of secrets: what tells them in a callback to the api, which can open none.

The worker makes them with the attempt's callback token for a key. No row holds that, so whoever reads the marks has
nothing to try guesses with; and who calls back shows it.
"""

import hmac
from collections.abc import Iterable
from typing import Final

from carillon.domain.secret_mask import MASK, Mask, SecretMask

Mark = tuple[str, int, str]
"""A form of a secret: the digest of its first letters, its length, and its own digest."""

_START: Final = 4
"""As many letters as the shortest secret has."""

_SHORT, _WHOLE = 8, 32


def marks_of(mask: SecretMask, token: str) -> tuple[Mark, ...]:
    """The marks of all that the mask hides, for whoever shows the token."""
    return tuple(
        (_keyed(token, form[:_START], _SHORT), len(form), _keyed(token, form, _WHOLE)) for form in mask.forms
    )


class MarkMask(Mask):
    """Masks what is marked; a mask of no marks hides nothing."""

    def __init__(self, marks: Iterable[Mark], token: str) -> None:
        self._token = token
        self._marks: dict[str, list[tuple[int, str]]] = {}
        for start, length, whole in sorted(marks, key=lambda mark: mark[1], reverse=True):
            self._marks.setdefault(start, []).append((length, whole))

    @property
    def hides_nothing(self) -> bool:
        """Whether there is no mark."""
        return not self._marks

    def text(self, text: str) -> str:
        """The text without every secret that is marked, the longest first where several begin."""
        shown: list[str] = []
        at = 0
        while at < len(text):
            length = self._length_at(text, at)
            shown.append(MASK if length else text[at])
            at += length or 1
        return "".join(shown)

    def _length_at(self, text: str, at: int) -> int:
        start = _keyed(self._token, text[at : at + _START], _SHORT)
        for length, whole in self._marks.get(start, ()):
            found = text[at : at + length]
            if len(found) == length and hmac.compare_digest(_keyed(self._token, found, _WHOLE), whole):
                return length
        return 0


def _keyed(token: str, text: str, digits: int) -> str:
    key, message = token.encode("utf-8", "surrogatepass"), text.encode("utf-8", "surrogatepass")
    return hmac.digest(key, b"carillon secret mark\0" + message, "sha256").hex()[:digits]
