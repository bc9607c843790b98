"""Lists over shards: every item once, in the order of the shards, however the pages are cut."""

import pytest

from carillon.ports.pages import Page
from carillon.services.walk_shards import walk_shards

SHARDS = (["a", "b", "c"], [], ["d"], ["e", "f"])


def page(shard, limit, key):
    first = key["after"] if key else 0
    items = tuple(SHARDS[shard][first : first + limit])
    end = first + len(items)
    return Page(items, {"after": end} if end < len(SHARDS[shard]) else None)


@pytest.mark.parametrize("limit", range(1, 8))
def test_every_item_comes_once_and_no_page_is_longer_than_asked(limit):
    pages, start = [], None
    while not pages or start is not None:
        items, start = walk_shards(len(SHARDS), limit, start, page)
        pages.append(items)
    assert [item for items in pages for item in items] == ["a", "b", "c", "d", "e", "f"]
    assert all(len(items) == limit for items in pages[:-1])


def test_no_shard_is_read_beyond_what_is_asked_for():
    read = []

    def watched(shard, limit, key):
        read.append((shard, limit))
        return page(shard, limit, key)

    walk_shards(len(SHARDS), 4, None, watched)
    assert read == [(0, 4), (1, 1), (2, 1)]
