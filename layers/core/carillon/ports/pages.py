"""One page of a list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items of a list, and where the next page begins (None: this is the last).

    `next_key` is the store's own key, not yet the authenticated cursor that a client sees.
    """

    items: tuple[Item, ...]
    next_key: Mapping[str, Any] | None = None
