"""Kept messages and outputs: kept once, listed newest first without a scan, sent again on record."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.adapters.dynamo.dead_letters import MAX_BODY_BYTES, STRIDE, DynamoDeadLetters
from carillon.domain.errors import DeadLetterNotFound, OutputNotFound
from tests.contract.builders import NOW, audit, minutes, run


def listed(stores, limit=3):
    pages, start = [], None
    while True:
        page = stores.dead_letters.page(limit, start)
        pages.append([letter.message_id for letter in page.items])
        start = page.next_key
        if start is None:
            return pages


def called(dynamo):
    return [request.headers["X-Amz-Target"].rpartition(".")[2] for request in dynamo.wire.requests]


def test_a_kept_message_tells_why_and_when(stores):
    stores.dead_letters.keep("m1", "{}", "It cannot be read.", NOW)
    letter = stores.dead_letters.get("m1")
    assert (letter.message_id, letter.body, letter.reason, letter.kept_at) == (
        "m1",
        "{}",
        "It cannot be read.",
        NOW,
    )
    assert letter.redriven_at is None


def test_a_message_received_again_is_the_same_one(stores):
    stores.dead_letters.keep("m1", "{}", "first", NOW)
    stores.dead_letters.keep("m1", "other", "again", NOW + minutes(1))
    assert stores.dead_letters.get("m1").reason == "first"
    assert listed(stores) == [["m1"]]


def test_a_message_received_again_is_read_and_takes_no_number(dynamo):
    shelf = DynamoDeadLetters(dynamo.database)
    shelf.keep("m1", "{}", "first", NOW)
    dynamo.wire.clear()
    shelf.keep("m1", "{}", "again", NOW)
    assert called(dynamo) == ["GetItem"]


def test_a_message_that_two_receive_at_once_is_listed_once(dynamo):
    shelf = DynamoDeadLetters(dynamo.database)

    def keep_too(request):
        """Comes with the first one's message, when its number is taken."""
        shelf.keep("m1", "{}", "theirs", NOW)

    dynamo.wire.faults += [*(lambda request: None,) * 3, keep_too]
    shelf.keep("m1", "{}", "mine", NOW)
    assert [(letter.message_id, letter.reason) for letter in shelf.page(10).items] == [("m1", "theirs")]


@pytest.mark.parametrize(("more", "is_cut"), [(0, False), (1, True)])
def test_a_body_is_cut_only_beyond_what_a_row_holds(dynamo, more, is_cut):
    shelf = DynamoDeadLetters(dynamo.database)
    shelf.keep("m1", "x" * (MAX_BODY_BYTES + more), "why", NOW)
    letter = shelf.get("m1")
    assert (letter.is_cut, len(letter.body)) == (is_cut, MAX_BODY_BYTES)


def test_a_page_that_holds_the_oldest_is_the_last(stores):
    for number in range(3):
        stores.dead_letters.keep(f"m{number}", "{}", "why", NOW)
    assert stores.dead_letters.page(3).next_key is None
    assert len(listed(stores, 2)) == 2


def test_messages_are_listed_newest_first_in_pages(stores):
    for number in range(7):
        stores.dead_letters.keep(f"m{number}", "{}", "why", NOW + minutes(number))
    pages = listed(stores)
    assert [letter for page in pages for letter in page] == [f"m{number}" for number in range(6, -1, -1)]
    assert [len(page) for page in pages][:2] == [3, 3]


def test_an_empty_shelf_is_one_empty_page(stores):
    assert listed(stores) == [[]]


def test_a_message_that_is_not_there_is_named(stores):
    with pytest.raises(DeadLetterNotFound):
        stores.dead_letters.get("nobody")
    with pytest.raises(DeadLetterNotFound):
        stores.dead_letters.note_redrive("nobody", audit())


def test_a_redrive_is_on_record_with_its_audit_entry(stores):
    stores.dead_letters.keep("m1", "{}", "why", NOW)
    entry = audit(action="dead-letter.redrive", at=NOW + minutes(5))
    stores.dead_letters.note_redrive("m1", entry)
    stores.dead_letters.note_redrive("m1", entry)
    letter = stores.dead_letters.get("m1")
    assert (letter.redriven_at, letter.redriven_by) == (NOW + minutes(5), "user:ada")


def test_numbers_that_a_dying_writer_left_are_passed_over(dynamo):
    shelf = DynamoDeadLetters(dynamo.database)
    shelf.keep("m1", "{}", "why", NOW)
    for _ in range(3):
        shelf._next_number()
    shelf.keep("m2", "{}", "why", NOW)
    assert [letter.message_id for letter in shelf.page(10).items] == ["m2", "m1"]


def test_expired_messages_end_the_list_and_no_call_scans(dynamo):
    shelf = DynamoDeadLetters(dynamo.database)
    for _ in range(STRIDE * 3):
        shelf._next_number()
    shelf.keep("m1", "{}", "why", NOW)
    dynamo.wire.clear()
    page = shelf.page(10)
    assert ([letter.message_id for letter in page.items], page.next_key) == (["m1"], None)
    assert called(dynamo) == ["GetItem", "BatchGetItem", "BatchGetItem", "BatchGetItem"]


def test_an_output_is_kept_once_for_each_attempt(stores):
    first = run(attempt=1)
    second = replace(first, attempt=2)
    stores.outputs.keep(first, {"rows": 7}, NOW)
    stores.outputs.keep(first, {"rows": 8}, NOW + timedelta(seconds=1))
    stores.outputs.keep(second, [1, None, "ü"], NOW)
    assert stores.outputs.read(first) == {"rows": 7}
    assert stores.outputs.read(second) == [1, None, "ü"]


def test_a_run_without_output_is_named(stores):
    with pytest.raises(OutputNotFound):
        stores.outputs.read(run(attempt=1))
    stores.outputs.keep(run(attempt=1), None, NOW)
    assert stores.outputs.read(run(attempt=1)) is None


def test_outputs_are_in_nobodys_list_of_runs(dynamo):
    from carillon.adapters.dynamo.outputs import DynamoOutputs
    from carillon.adapters.dynamo.runs import DynamoRuns

    runs = DynamoRuns(dynamo.database)
    runs.put_if_absent(run(attempt=1))
    DynamoOutputs(dynamo.database).keep(run(attempt=1), {"rows": 7}, NOW)
    assert [found.run_id for found in runs.of_schedule("nightly-etl", 10).items] == [run().run_id]
