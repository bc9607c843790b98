"""A list that is spread over shards, page by page: the shards in their order, each from where it was left."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from carillon.ports.pages import Page

Item = TypeVar("Item")
Key = Mapping[str, Any]


def walk_shards(
    shards: int, limit: int, start: Key | None, page: Callable[[int, int, Key | None], Page[Item]]
) -> tuple[list[Item], Key | None]:
    """Up to `limit` items, and where the list goes on; `page` reads from (shard, limit, the store's key)."""
    shard, key = (start["shard"], start["key"]) if start else (0, None)
    found: list[Item] = []
    while shard < shards and len(found) < limit:
        read = page(shard, limit - len(found), key)
        found.extend(read.items)
        key = read.next_key
        shard += key is None
    return found, {"shard": shard, "key": key} if shard < shards else None
