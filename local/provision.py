"""Makes every resource of the expanded template, or says why one has no meaning on a laptop.

A type that is in neither table is an error: nothing of the template is dropped in silence.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.inventory import ACCOUNT, Inventory
from local.makers import compute, keys, messaging, storage
from local.makers.workshop import Maker, Workshop
from local.resolve import Made, Resolver
from local.template import TemplateError, expand

MAKERS: Mapping[str, Maker] = {
    "AWS::ApiGatewayV2::Api": compute.http_api,
    "AWS::DynamoDB::Table": storage.table,
    "AWS::KMS::Alias": keys.alias,
    "AWS::KMS::Key": keys.key,
    "AWS::Lambda::EventInvokeConfig": compute.invoke_policy,
    "AWS::Lambda::EventSourceMapping": compute.event_source,
    "AWS::Lambda::Function": compute.function,
    "AWS::Lambda::LayerVersion": compute.layer,
    "AWS::S3::Bucket": storage.bucket,
    "AWS::SNS::Subscription": messaging.subscription,
    "AWS::SNS::Topic": messaging.topic,
    "AWS::SQS::Queue": messaging.queue,
    "AWS::Scheduler::Schedule": compute.clock,
}

_NOBODY_ASKS = "nobody checks permissions on the laptop: every caller may do everything"
_NOBODY_WATCHES = "no metrics are collected on the laptop"
WITHOUT_MEANING: Mapping[str, str] = {
    "AWS::ApiGatewayV2::Stage": "the laptop has one stage, without throttling or access log",
    "AWS::CloudWatch::Alarm": _NOBODY_WATCHES,
    "AWS::CloudWatch::CompositeAlarm": _NOBODY_WATCHES,
    "AWS::CloudWatch::Dashboard": _NOBODY_WATCHES,
    "AWS::Events::Rule": "nothing outside the laptop changes its state; python -m local invoke plays an event",
    "AWS::IAM::ManagedPolicy": _NOBODY_ASKS,
    "AWS::IAM::Policy": _NOBODY_ASKS,
    "AWS::IAM::Role": _NOBODY_ASKS,
    "AWS::Lambda::Permission": _NOBODY_ASKS,
    "AWS::Logs::LogGroup": "functions log to files under .carillon/logs",
    "AWS::Logs::MetricFilter": _NOBODY_WATCHES,
    "AWS::S3::BucketPolicy": _NOBODY_ASKS,
    "AWS::SNS::TopicPolicy": _NOBODY_ASKS,
    "AWS::SQS::QueuePolicy": _NOBODY_ASKS,
    "AWS::Scheduler::ScheduleGroup": "a group has no effect of its own",
}


def provision(template: Path, parameters: Mapping[str, str], *, endpoint: str, stack: str) -> Inventory:
    """Make the stack in the emulator behind the endpoint and give what has to run."""
    shop = Workshop(endpoint, stack)

    def make(logical: str, kind: str, properties: Mapping[str, Any]) -> Made:
        if kind in MAKERS:
            return MAKERS[kind](shop, logical, properties)
        if kind in WITHOUT_MEANING:
            shop.inventory.without_meaning[logical] = f"{kind}: {WITHOUT_MEANING[kind]}"
            return _recorded(shop, logical, properties)
        raise TemplateError(f"{logical} is of type {kind}, which the laptop cloud does not know.")

    resolver = Resolver(expand(template, parameters), stack, make)
    made = resolver.make_all()
    shop.inventory.physical_ids.update({name: resource.ref for name, resource in made.items()})
    shop.inventory.outputs.update(resolver.outputs())
    _check_targets(shop.inventory)
    return shop.inventory


def _recorded(shop: Workshop, logical: str, properties: Mapping[str, Any]) -> Made:
    """Give a resource that is only noted a name and an ARN, so that others may refer to it."""
    names = ("RoleName", "LogGroupName", "AlarmName", "StageName", "Name")
    name = shop.physical(logical, next((properties[key] for key in names if key in properties), None))
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return Made(name, {"Arn": arn, "RoleId": name})


def _check_targets(inventory: Inventory) -> None:
    targets = {
        *(source.function for source in inventory.sources),
        *(clock.function for clock in inventory.clocks),
        *(route.function for route in inventory.routes),
    }
    missing = sorted(targets - set(inventory.functions))
    if missing:
        raise TemplateError(f"The template starts functions that it does not have: {', '.join(missing)}.")
