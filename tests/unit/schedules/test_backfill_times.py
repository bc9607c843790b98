"""Fire times from either end of a range are the same ones."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.backfill_times import in_range, next_in_order
from carillon.domain.schedule import TimetableSpec

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
EXPRESSIONS = ("* * * * * *", "*/7 * * * *", "30 2 * * *", "0 12 1 * *", "* 9 1 4 *", "rate(90 minutes)")


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("seed", range(4))
def test_backwards_in_pieces_is_forwards_reversed(expression, seed):
    chance = random.Random(seed)
    spec = TimetableSpec(expression, "Europe/Berlin", anchor=datetime(2020, 1, 1, tzinfo=UTC))
    days = {"* * * * * *": 0.05, "*/7 * * * *": 9}.get(expression, 400)
    last = FIRST + timedelta(days=days * chance.random(), seconds=chance.randrange(60))
    forwards = list(in_range(spec, FIRST, last))

    backwards, cursor = [], forwards[-1] if forwards else None
    while cursor is not None:
        *piece, following = (*next_in_order(spec, cursor, FIRST, 101), None)
        if len(piece) > 100:
            *piece, following = piece
        backwards += piece
        cursor = following

    assert backwards == forwards[::-1]


def test_a_range_includes_both_its_ends():
    spec = TimetableSpec("@hourly")
    assert list(in_range(spec, FIRST, FIRST + timedelta(hours=1))) == [FIRST, FIRST + timedelta(hours=1)]
