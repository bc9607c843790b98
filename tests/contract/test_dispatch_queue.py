"""The Dispatch queue: tens, delays, and what happens to those that SQS does not take."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws

from carillon.adapters import aws
from carillon.adapters.pace import Pace
from carillon.adapters.sqs import SqsDispatchQueue
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import CarillonError
from tests.contract.builders import NOW, run
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.recorders import MemoryQueue
from tests.fakes.sealing import ClearMessages


class Sqs:
    """Answers as it is told, one answer a call, then takes everything."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls = []

    def send_message_batch(self, QueueUrl, Entries):  # noqa: N803 - AWS's names
        self.calls.append(Entries)
        answer = self.answers.pop(0) if self.answers else []
        if isinstance(answer, Exception):
            raise answer
        return {"Failed": [{"Id": id_, "Code": "InternalError", "SenderFault": False} for id_ in answer]}


def client_error(code, status=400):
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "SendMessageBatch"
    )


def queue_over(client, clock=None):
    clock = clock or FakeClock(NOW)
    pace = Pace(clock, FakeChance())
    return SqsDispatchQueue(client, "https://queue", ClearMessages(), clock=clock, pace=pace)


def dispatch(number=0, ahead=0.0):
    message = Dispatch.for_next_attempt(run(fire_at=NOW + timedelta(minutes=number)))
    return Dispatch(message.run_id, 1, NOW + timedelta(seconds=ahead))


DELAYS = {-30: 0, 0: 0, 0.5: 0, 0.95: 1, 1: 1, 59.89: 59, 59.9: 60, 60: 60, 899.99: 900, 5000: 900}


@pytest.mark.parametrize(("ahead", "delay"), DELAYS.items())
def test_a_message_is_delayed_until_its_run_may_start_or_a_moment_less(ahead, delay):
    sqs, memory = Sqs(), MemoryQueue()
    queue_over(sqs).send([dispatch(ahead=ahead)], NOW)
    memory.send([dispatch(ahead=ahead)], NOW)
    assert [entry["DelaySeconds"] for entry in sqs.calls[0]] == [delay]
    assert [sent.delay_seconds for sent in memory.sent] == [delay]


def test_delays_count_from_the_moment_given_and_not_from_the_clock():
    sqs = Sqs()
    queue_over(sqs, FakeClock(NOW + timedelta(hours=1))).send([dispatch(ahead=60)], NOW)
    assert sqs.calls[0][0]["DelaySeconds"] == 60


def test_messages_go_in_tens():
    sqs = Sqs()
    messages = [dispatch(n) for n in range(25)]
    assert queue_over(sqs).send(messages, NOW) == []
    assert sorted(len(entries) for entries in sqs.calls) == [5, 10, 10]
    sent = {entry["MessageBody"] for entries in sqs.calls for entry in entries}
    assert sent == {message.encode() for message in messages}


def test_nothing_to_send_calls_nobody():
    sqs = Sqs()
    assert queue_over(sqs).send([], NOW) == []
    assert sqs.calls == []


def test_only_the_failed_entries_are_sent_again():
    sqs, clock = Sqs(["1", "3"], ["3"]), FakeClock(NOW)
    messages = [dispatch(n) for n in range(5)]
    assert queue_over(sqs, clock).send(messages, NOW) == []
    assert [[entry["Id"] for entry in entries] for entries in sqs.calls] == [list("01234"), ["1", "3"], ["3"]]
    assert len(clock.slept) == 2


def test_entries_that_keep_failing_are_answered_as_unsent():
    sqs, clock = Sqs(*[["1"]] * 4), FakeClock(NOW)
    messages = [dispatch(n) for n in range(3)]
    assert queue_over(sqs, clock).send(messages, NOW) == [messages[1]]
    assert len(sqs.calls) == 4
    assert len(clock.slept) == 3


def test_a_message_sent_after_a_wait_is_delayed_by_less():
    clock = FakeClock(NOW)

    class Slow(Sqs):
        def send_message_batch(self, **arguments):
            clock.advance(7)
            return super().send_message_batch(**arguments)

    sqs = Slow(["0"])
    queue_over(sqs, clock).send([dispatch(ahead=60)], NOW)
    assert sqs.calls[0][0]["DelaySeconds"] == 60
    assert sqs.calls[1][0]["DelaySeconds"] in (52, 53)


@pytest.mark.parametrize(
    "fault",
    [
        client_error("RequestThrottled"),
        client_error("AWS.SimpleQueueService.RequestThrottled"),
        client_error("ServiceUnavailable", 503),
        ConnectTimeoutError(endpoint_url="https://queue"),
    ],
    ids=["throttled", "throttled by its full name", "unavailable", "timeout"],
)
def test_a_call_that_fails_for_a_while_is_made_again_and_then_given_up(fault):
    assert queue_over(Sqs(fault, fault)).send([dispatch()], NOW) == []
    assert queue_over(Sqs(*[fault] * 4)).send([dispatch()], NOW) == [dispatch()]


def test_a_call_that_is_refused_is_an_error():
    with pytest.raises(CarillonError, match="AccessDenied"):
        queue_over(Sqs(client_error("AccessDenied", 403))).send([dispatch()], NOW)


def test_messages_arrive_in_sqs_as_the_worker_reads_them(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = aws.client("sqs", attempts=1)
        url = client.create_queue(QueueName="dispatch")["QueueUrl"]
        clock = FakeClock(NOW)
        queue = SqsDispatchQueue(client, url, ClearMessages(), clock=clock, pace=Pace(clock, FakeChance()))
        assert queue.send([dispatch()], NOW) == []
        (message,) = client.receive_message(QueueUrl=url)["Messages"]
    assert Dispatch.decode(message["Body"]) == dispatch()
    assert json.loads(message["Body"])["v"] == 1
