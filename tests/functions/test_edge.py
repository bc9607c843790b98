"""The edge of the batch functions."""

import threading

import pytest

from carillon.domain.errors import MalformedRow, Throttled
from edge import each_record, in_order
from tests.fakes.log import RecordedLog


def messages(*bodies):
    return {"Records": [{"messageId": f"m-{body}", "body": body} for body in bodies]}


def changes(*numbers):
    return {"Records": [{"eventID": f"e-{n}", "dynamodb": {"SequenceNumber": str(n)}} for n in numbers]}


def refuse(*bad):
    def handle_one(record):
        if record.get("body") in bad or record.get("eventID") in bad:
            raise Throttled

    return handle_one


@pytest.mark.parametrize("threads", [1, 4])
def test_only_the_message_that_fails_comes_again(threads):
    answer = each_record(messages("a", "b", "c"), refuse("b"), RecordedLog(), threads=threads)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-b"}]}


def test_an_error_nobody_foresaw_returns_its_message_and_is_logged():
    log = RecordedLog()

    def handle_one(record):
        raise KeyError(record["body"])

    answer = each_record(messages("a"), handle_one, log)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-a"}]}
    [(action, _, fields)] = log.lines
    assert (action, fields["record_id"], fields["error"]) == ("record_returned", "m-a", "KeyError")
    assert fields["retryable"] is False


def test_messages_are_handled_side_by_side_when_asked():
    meeting = threading.Barrier(3, timeout=60)

    answer = each_record(messages("a", "b", "c"), lambda _: meeting.wait(), RecordedLog(), threads=3)

    assert answer == {"batchItemFailures": []}


def test_a_stream_stops_at_the_first_record_that_fails():
    seen = []

    def handle_one(record):
        seen.append(record["eventID"])
        refuse("e-2")(record)

    answer = in_order(changes(1, 2, 3), handle_one, RecordedLog())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert seen == ["e-1", "e-2"]


def test_a_stream_batch_without_failures_is_done_with():
    assert in_order(changes(1, 2), refuse(), RecordedLog()) == {"batchItemFailures": []}


def test_the_end_of_a_stream_batch_comes_after_its_records_and_sees_only_those_handled():
    seen = []

    answer = in_order(changes(1, 2, 3), refuse("e-3"), RecordedLog(), at_end=lambda: seen.append("end"))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "3"}]}
    assert seen == ["end"]


def test_when_the_end_of_a_batch_fails_all_of_it_comes_again():
    def fail():
        raise KeyError("stats")

    assert in_order(changes(1, 2), refuse(), RecordedLog(), at_end=fail) == {
        "batchItemFailures": [{"itemIdentifier": "1"}]
    }


def test_a_batch_whose_first_record_fails_has_no_end():
    seen = []

    answer = in_order(changes(1, 2), refuse("e-1"), RecordedLog(), at_end=lambda: seen.append("end"))

    assert (answer, seen) == ({"batchItemFailures": [{"itemIdentifier": "1"}]}, [])


@pytest.mark.parametrize(("error", "retryable"), [(Throttled(), True), (MalformedRow("no state"), False)])
def test_the_log_says_of_a_record_whether_time_alone_can_help(error, retryable):
    log = RecordedLog()

    def handle_one(record):
        raise error

    each_record(messages("a"), handle_one, log)

    [(_, _, fields)] = log.lines
    assert fields["retryable"] is retryable
