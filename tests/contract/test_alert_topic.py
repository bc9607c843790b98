"""The alerts topic over SNS."""

import json

import pytest

from carillon.adapters.sns import SnsAlertTopic
from carillon.domain.errors import CarillonError


@pytest.fixture
def inbox(aws_client):
    """A topic with one queue subscribed: how to publish to it, and what arrived."""
    sns, sqs = aws_client("sns"), aws_client("sqs")
    topic_arn = sns.create_topic(Name="alerts")["TopicArn"]
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn)

    def arrived():
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    return SnsAlertTopic(sns, topic_arn), arrived


def test_an_alert_arrives_as_its_subject_and_a_json_document(inbox):
    topic, arrived = inbox

    topic.publish("nightly-etl FAILED", {"alert_id": "nightly-etl@1:FAILED", "reason": "Zeitüberschreitung"})

    [message] = arrived()
    assert message["Subject"] == "nightly-etl FAILED"
    assert json.loads(message["Message"]) == {
        "alert_id": "nightly-etl@1:FAILED",
        "reason": "Zeitüberschreitung",
    }


@pytest.mark.parametrize(
    ("subject", "sent"),
    [
        ("x" * 130, "x" * 100),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("  Störung\x07", "St?rung?"),
        (" \n", "Alert"),
    ],
)
def test_a_subject_is_made_what_sns_takes(inbox, subject, sent):
    topic, arrived = inbox

    topic.publish(subject, {})

    assert [message["Subject"] for message in arrived()] == [sent]


def test_a_topic_that_does_not_exist_is_a_named_error(aws_client):
    topic = SnsAlertTopic(aws_client("sns"), "arn:aws:sns:eu-central-1:123456789012:gone")

    with pytest.raises(CarillonError, match="NotFound") as raised:
        topic.publish("x", {})
    assert not raised.value.retryable
