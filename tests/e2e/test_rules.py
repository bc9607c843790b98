"""The small rules of the laptop cloud: filter patterns, recursion lineage, turns of the clock, batch answers."""

import pytest

from local.lineage import MAXIMUM_PASSES, Lineage
from local.patterns import wanted
from local.queue_source import failed_ids
from local.sandbox import Answer
from local.schedule import next_turn

ENDED = {"dynamodb": {"NewImage": {"ended_at": {"N": [{"exists": True}]}}}}


@pytest.mark.parametrize(
    ("pattern", "record", "matches"),
    [
        (ENDED, {"dynamodb": {"NewImage": {"ended_at": {"N": "5"}}}}, True),
        (ENDED, {"dynamodb": {"NewImage": {}}}, False),
        (ENDED, {"dynamodb": {}}, False),
        ({"dynamodb": {"OldImage": {"ended_at": {"N": [{"exists": False}]}}}}, {"dynamodb": {}}, True),
        ({"eventName": ["INSERT", "MODIFY"]}, {"eventName": "MODIFY"}, True),
        ({"eventName": [{"anything-but": ["REMOVE"]}]}, {"eventName": "REMOVE"}, False),
        ({"eventName": [{"prefix": "INS"}]}, {"eventName": "INSERT"}, True),
        ({"$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"b": "2"}, True),
    ],
)
def test_a_pattern_matches_as_lambda_s_do(pattern, record, matches):
    assert wanted((pattern,), record) is matches


def test_without_a_pattern_everything_is_wanted_and_an_unknown_comparison_is_an_error():
    assert wanted((), {"a": 1})
    with pytest.raises(ValueError, match="cidr"):
        wanted(({"a": [{"cidr": "10.0.0.0/8"}]},), {"a": "10.0.0.1"})


def test_a_lineage_counts_each_function_for_itself_and_survives_its_header():
    chain = Lineage()
    for _ in range(MAXIMUM_PASSES - 1):
        chain = Lineage.parse(chain.through("worker").header())
    assert not chain.exhausted("worker")
    chain = Lineage.parse(chain.through("worker").through("api").header())
    assert chain.exhausted("worker")
    assert not chain.exhausted("api")


def test_a_batch_has_the_longest_lineage_of_its_messages():
    long = Lineage().through("worker").through("worker")
    assert Lineage.longest([None, long.header(), Lineage().through("worker").header()]) == long


@pytest.mark.parametrize(("now", "turn"), [(0.0, 60), (59.9, 60), (60.0, 120), (61.0, 120)])
def test_the_clock_s_next_turn_is_the_next_whole_minute(now, turn):
    assert next_turn(now, 60) == turn


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (Answer(b"null"), set()),
        (Answer(b"{}"), set()),
        (Answer(b'{"batchItemFailures": []}'), set()),
        (Answer(b'{"batchItemFailures": [{"itemIdentifier": "a"}]}'), {"a"}),
        (Answer(b'{"batchItemFailures": [{"itemIdentifier": "stranger"}]}'), {"a", "b"}),
        (Answer(b'{"batchItemFailures": [{}]}'), {"a", "b"}),
        (Answer(b"garbage"), {"a", "b"}),
        (Answer(b"{}", "Unhandled"), {"a", "b"}),
    ],
)
def test_a_batch_answer_that_cannot_be_trusted_fails_the_whole_batch(answer, failed):
    assert failed_ids(answer, ["a", "b"], partial=True) == failed
