"""Queues, topics and their subscriptions, made in the emulator."""

import json
from typing import Any

from local.makers.workshop import Properties, Workshop
from local.resolve import Made

_QUEUE_ATTRIBUTES = (
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "VisibilityTimeout",
)


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)


def queue(shop: Workshop, logical: str, properties: Properties) -> Made:
    """Make an SQS queue; its encryption setting has nothing to act on here."""
    name = shop.physical(logical, properties.get("QueueName"))
    attributes = {key: _text(properties[key]) for key in _QUEUE_ATTRIBUTES if key in properties}
    url = shop.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return Made(url, {"Arn": shop.arn("sqs", name), "QueueName": name, "QueueUrl": url})


def topic(shop: Workshop, logical: str, properties: Properties) -> Made:
    """Make an SNS topic with the subscriptions written inside it."""
    name = shop.physical(logical, properties.get("TopicName"))
    arn = shop.client("sns").create_topic(Name=name)["TopicArn"]
    for inner in properties.get("Subscription", []):
        subscription(shop, logical, {**inner, "TopicArn": arn})
    return Made(arn, {"TopicName": name, "TopicArn": arn})


def subscription(shop: Workshop, _logical: str, properties: Properties) -> Made:
    """Subscribe an endpoint to a topic."""
    made = shop.client("sns").subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties["Endpoint"],
        ReturnSubscriptionArn=True,
    )
    return Made(made["SubscriptionArn"], {"Arn": made["SubscriptionArn"]})
