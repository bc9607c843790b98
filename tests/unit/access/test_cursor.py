"""Cursors of lists."""

import pytest

from carillon.domain.cursor import open_cursor, seal_cursor
from carillon.domain.errors import InvalidInput

KEY = b"k" * 32
POSITION = {"shard": 1, "key": {"schedule_id": {"S": "etl"}}}


def test_a_cursor_opens_to_its_position():
    assert open_cursor(KEY, "schedules", seal_cursor(KEY, "schedules", POSITION)) == POSITION


def test_a_cursor_of_another_list_or_another_stack_is_refused():
    cursor = seal_cursor(KEY, "runs:etl", POSITION)

    for key, listing in ((KEY, "runs:other"), (KEY, "runs:et"), (b"x" * 32, "runs:etl")):
        with pytest.raises(InvalidInput):
            open_cursor(key, listing, cursor)


@pytest.mark.parametrize("text", ["", "a", "äöü", "AAAA", "=" * 10, "A" * 5000, "%00", "null"])
def test_an_invented_cursor_is_refused_with_its_field(text):
    with pytest.raises(InvalidInput) as caught:
        open_cursor(KEY, "schedules", text)
    assert [fault.field for fault in caught.value.errors] == ["cursor"]


def test_a_cursor_with_one_character_changed_is_refused():
    cursor = seal_cursor(KEY, "schedules", POSITION)

    for place in range(0, len(cursor) - 1, 7):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(InvalidInput):
            open_cursor(KEY, "schedules", changed)
