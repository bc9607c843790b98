"""Scopes: on which objects a permission holds.

They are `any`, `owner`, `tag:k=v`, and `id:glob`, where `*` stands for any text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LONGEST_SCOPE: Final = 256


@dataclass(frozen=True, slots=True)
class Subject:
    """An object that somebody wants to do something to, as far as scopes look at it."""

    id: str
    owner: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class ScopeKind(StrEnum):
    """What a scope looks at."""

    ANY = "any"
    OWNER = "owner"
    TAG = "tag"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope; `value` is the `k=v` of a tag or the glob of an id."""

    kind: ScopeKind
    value: str = ""

    @classmethod
    def parse(cls, text: str) -> "Scope":
        """Reads a scope as people write it; ValueError says what would be right."""
        word, _, value = text.partition(":")
        if text in (ScopeKind.ANY, ScopeKind.OWNER):
            return cls(ScopeKind(text))
        key, equals, _ = value.partition("=")
        if word == ScopeKind.TAG and key and equals and len(text) <= LONGEST_SCOPE:
            return cls(ScopeKind.TAG, value)
        if word == ScopeKind.ID and value and len(text) <= LONGEST_SCOPE:
            return cls(ScopeKind.ID, value)
        raise ValueError("Write any, owner, tag:key=value or id:glob, for example id:etl-*.")

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}" if self.value else str(self.kind)

    def covers(self, subject: Subject, name: str) -> bool:
        """Whether the principal of this name may act on the subject under this scope."""
        if self.kind is ScopeKind.ANY:
            return True
        if self.kind is ScopeKind.OWNER:
            return bool(name) and subject.owner == name
        if self.kind is ScopeKind.TAG:
            key, _, value = self.value.partition("=")
            return subject.tags.get(key) == value
        return matches(self.value, subject.id)

    def includes(self, other: "Scope") -> bool:
        """Whether everything that the other covers, for whomever, is covered by this one.

        Another principal's own objects are not mine: so `owner` includes nothing, and only `any` includes it.
        """
        if self.kind is ScopeKind.ANY:
            return True
        if self.kind is not other.kind or self.kind is ScopeKind.OWNER:
            return False
        # The other glob's stars are met as if they were letters, which only a star of this one accepts.
        return matches(self.value, other.value) if self.kind is ScopeKind.ID else self.value == other.value


def matches(glob: str, text: str) -> bool:
    """Whether the text fits the glob; linear in both, because a role's author chooses the glob."""
    first, *others = glob.split("*")
    if not others:
        return text == glob
    *middle, last = others
    if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
        return False
    place, end = len(first), len(text) - len(last)
    for part in middle:
        place = text.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True
