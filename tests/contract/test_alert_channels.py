"""The alerts webhook over a real server, the bus and the signing key over AWS as moto plays it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import EndpointConnectionError

from carillon.adapters import alert_webhook
from carillon.adapters.alert_bus import AlertBus
from carillon.adapters.alert_webhook import AlertWebhook
from carillon.adapters.clock import SystemClock
from carillon.adapters.parameter import SecretParameter
from carillon.adapters.targets.http import HttpTarget
from carillon.domain.allow_list import AllowList
from carillon.domain.errors import CarillonError, Unavailable
from carillon.domain.targets.signature import signature_headers
from tests.contract.targets.receiver import Receiver

BUS = "arn:aws:events:eu-central-1:123456789012:event-bus/alerts"
ALERT = {"alert": "run_failed", "alert_id": "etl@20261122T020000Z:FAILED", "reason": "Zeitüberschreitung"}


@pytest.fixture
def hook(monkeypatch):
    """A webhook over a server that answers each request with the next of these statuses, and what it was sent."""
    # How long it is given is not what these tests are about.
    monkeypatch.setattr(alert_webhook, "DEADLINE", timedelta(seconds=60))
    started = []

    def start(*statuses, key="", allow=("127.0.0.1",)):
        left = list(statuses)

        def answer(connection):
            connection.sendall(f"HTTP/1.1 {left.pop(0)} X\r\nContent-Length: 0\r\n\r\n".encode())

        receiver = Receiver(answer)
        started.append(receiver)
        url = f"http://127.0.0.1:{receiver.port}/alerts?team=data"
        target = HttpTarget(AllowList.of(allow))
        return AlertWebhook(target, url, lambda: key, SystemClock()), receiver

    yield start
    for receiver in started:
        receiver.close()


def parts(request):
    head, body = request
    first, *lines = head.split("\r\n")
    return first, dict(line.split(": ", 1) for line in lines), body


def test_an_alert_is_one_post_of_a_json_document_whose_idempotency_key_is_its_id(hook):
    webhook, receiver = hook(204)

    webhook.publish("etl FAILED", ALERT)

    [request] = receiver.requests
    first, headers, body = parts(request)
    assert first == "POST /alerts?team=data HTTP/1.1"
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == ALERT["alert_id"]
    assert json.loads(body) == {"subject": "etl FAILED", **ALERT}
    assert "Carillon-Signature" not in headers


def test_with_a_key_it_is_signed_as_a_jobs_request_is(hook):
    webhook, receiver = hook(200, key="the key")

    webhook.publish("etl FAILED", ALERT)

    _, headers, body = parts(receiver.requests[0])
    signed_at = datetime.fromtimestamp(int(headers["Carillon-Timestamp"]), UTC)
    expected = signature_headers("the key", signed_at, ALERT["alert_id"], body)
    assert headers["Carillon-Signature"] == expected["Carillon-Signature"]


@pytest.mark.parametrize("status", [302, 400, 429, 500])
def test_any_answer_but_success_is_an_error_that_says_why(hook, status):
    webhook, _ = hook(status)

    with pytest.raises(CarillonError, match=str(status)):
        webhook.publish("etl FAILED", ALERT)


def test_a_private_address_that_is_not_allowed_is_not_connected_to(hook):
    webhook, receiver = hook(200, allow=())

    with pytest.raises(CarillonError):
        webhook.publish("etl FAILED", ALERT)
    assert receiver.accepted == 0


def test_without_its_key_nothing_is_sent(hook):
    _, receiver = hook(200)

    def refused():
        raise CarillonError("AWS refused GetParameter")

    target = HttpTarget(AllowList.of(["127.0.0.1"]))
    webhook = AlertWebhook(target, f"http://127.0.0.1:{receiver.port}/", refused, SystemClock())

    with pytest.raises(CarillonError, match="GetParameter"):
        webhook.publish("etl FAILED", ALERT)
    assert receiver.accepted == 0


def test_the_key_is_read_once_and_an_unnamed_one_is_empty(aws_client):
    ssm, made = aws_client("ssm"), []
    ssm.put_parameter(Name="/carillon/alerts", Value="the key", Type="SecureString")

    def connect():
        made.append(1)
        return ssm

    key = SecretParameter(connect, "/carillon/alerts")

    assert (key(), key(), len(made)) == ("the key", "the key", 1)
    assert SecretParameter(connect, "")() == ""
    with pytest.raises(CarillonError, match="ParameterNotFound"):
        SecretParameter(connect, "/carillon/other")()


@pytest.fixture
def bus(aws_client):
    """A bus whose alerts go to a queue: how to publish, and what arrived."""
    events, sqs = aws_client("events"), aws_client("sqs")
    events.create_event_bus(Name="alerts")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = json.dumps({"source": ["carillon"], "detail-type": ["Carillon Run Alert"]})
    events.put_rule(Name="all", EventBusName="alerts", EventPattern=pattern)
    events.put_targets(Rule="all", EventBusName="alerts", Targets=[{"Id": "1", "Arn": arn}])

    def arrived():
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"])["detail"] for message in found]

    return AlertBus(lambda: events, BUS), arrived


def test_an_alert_is_one_event_that_rules_can_tell(bus):
    alerts, arrived = bus

    alerts.publish("etl FAILED", ALERT)

    assert arrived() == [{"subject": "etl FAILED", **ALERT}]


def test_an_entry_that_the_bus_refuses_is_an_error():
    class Refusing:
        def put_events(self, Entries):  # noqa: N803 - as AWS names it
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "NotAuthorized", "ErrorMessage": "no"}]}

    with pytest.raises(CarillonError, match="NotAuthorized: no"):
        AlertBus(Refusing, BUS).publish("etl FAILED", ALERT)


def test_a_bus_that_cannot_be_asked_is_a_named_error():
    class Unreachable:
        def put_events(self, Entries):  # noqa: N803 - as AWS names it
            raise EndpointConnectionError(endpoint_url="https://events.example.com")

    with pytest.raises(Unavailable, match="No proper answer"):
        AlertBus(Unreachable, BUS).publish("etl FAILED", ALERT)
