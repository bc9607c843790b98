"""Overlap slots: one value per schedule, swapped only from what it is."""

import pytest

from carillon.domain.overlap import EMPTY, Slot
from tests.contract.builders import NOW
from tests.contract.test_claims import in_threads

FIRST, SECOND, THIRD = "20261122T020000Z", "20261122T020100Z", "20261122T020200Z"


def test_nobody_holds_a_slot_that_was_never_taken(stores):
    assert stores.slots.read("etl") == EMPTY


@pytest.mark.parametrize(
    "slot",
    [Slot((FIRST,)), Slot((FIRST, SECOND), (THIRD,)), Slot((), (THIRD,))],
    ids=["held", "held and awaited", "only awaited"],
)
def test_a_slot_comes_back_as_it_was_swapped_and_is_empty_again_afterwards(stores, slot):
    assert stores.slots.swap("etl", EMPTY, slot, NOW) is None
    assert stores.slots.read("etl") == slot
    assert stores.slots.swap("etl", slot, EMPTY, NOW) is None
    assert stores.slots.read("etl") == EMPTY


@pytest.mark.parametrize("guess", [EMPTY, Slot((SECOND,)), Slot((FIRST,), (SECOND,))], ids=str)
def test_a_wrong_guess_writes_nothing_and_answers_the_slot_as_it_is(stores, guess):
    stores.slots.swap("etl", EMPTY, Slot((FIRST,)), NOW)
    assert stores.slots.swap("etl", guess, Slot((THIRD,)), NOW) == Slot((FIRST,))
    assert stores.slots.read("etl") == Slot((FIRST,))


def test_a_swap_repeated_finds_what_it_wrote(stores):
    assert stores.slots.swap("etl", EMPTY, Slot((FIRST,)), NOW) is None
    assert stores.slots.swap("etl", EMPTY, Slot((FIRST,)), NOW) == Slot((FIRST,))


def test_schedules_do_not_share_a_slot(stores):
    stores.slots.swap("etl", EMPTY, Slot((FIRST,)), NOW)
    assert stores.slots.swap("etl-2", EMPTY, Slot((FIRST,)), NOW) is None


def test_of_many_takers_at_once_exactly_one_gets_it(stores):
    answers = in_threads(8, lambda n: stores.slots.swap("etl", EMPTY, Slot((f"2026112{n}T020000Z",)), NOW))
    assert answers.count(None) == 1
    assert {answer for answer in answers if answer is not None} == {stores.slots.read("etl")}


def test_only_an_empty_row_is_cleared_away_in_time(dynamo):
    from carillon.adapters.dynamo.slots import DynamoSlots

    def row():
        return dynamo.client.get_item(TableName="GuardsTable", Key={"guard": {"S": "slot#etl"}})["Item"]

    slots = DynamoSlots(dynamo.database)
    slots.swap("etl", EMPTY, Slot((FIRST,)), NOW)
    assert row() == {"guard": {"S": "slot#etl"}, "holders": {"S": FIRST}}
    slots.swap("etl", Slot((FIRST,)), EMPTY, NOW)
    assert row() == {"guard": {"S": "slot#etl"}, "expires_at": {"N": str(int(NOW.timestamp()) + 86_400)}}
    slots.swap("etl", EMPTY, Slot((SECOND,)), NOW)
    assert "expires_at" not in row()
