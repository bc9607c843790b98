"""Tables and buckets, made in the emulator with their indexes, streams, TTL and protection settings."""

from typing import Any

from local.makers.workshop import Properties, Workshop
from local.resolve import Made

_TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "DeletionProtectionEnabled",
    "TableClass",
)
_INDEX_PROPERTIES = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput")


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"


def table(shop: Workshop, logical: str, properties: Properties) -> Made:
    """Make a DynamoDB table."""
    dynamodb, name = shop.client("dynamodb"), shop.physical(logical, properties.get("TableName"))
    wanted: dict[str, Any] = {key: properties[key] for key in _TABLE_PROPERTIES if key in properties}
    if "DeletionProtectionEnabled" in wanted:
        wanted["DeletionProtectionEnabled"] = _flag(wanted["DeletionProtectionEnabled"])
    if "GlobalSecondaryIndexes" in properties:
        wanted["GlobalSecondaryIndexes"] = [
            {key: index[key] for key in _INDEX_PROPERTIES if key in index}
            for index in properties["GlobalSecondaryIndexes"]
        ]
    if "StreamSpecification" in properties:
        wanted["StreamSpecification"] = {
            "StreamEnabled": True,
            "StreamViewType": properties["StreamSpecification"]["StreamViewType"],
        }
    made = dynamodb.create_table(TableName=name, **wanted)["TableDescription"]
    _switch_on(dynamodb, name, properties)
    attributes = {"Arn": made["TableArn"]}
    if "LatestStreamArn" in made:
        attributes["StreamArn"] = made["LatestStreamArn"]
    return Made(name, attributes)


def _switch_on(dynamodb: Any, name: str, properties: Properties) -> None:
    if "TimeToLiveSpecification" in properties:
        specification = properties["TimeToLiveSpecification"]
        dynamodb.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={
                "AttributeName": specification["AttributeName"],
                "Enabled": _flag(specification["Enabled"]),
            },
        )
    recovery = properties.get("PointInTimeRecoverySpecification")
    if recovery:
        dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={
                "PointInTimeRecoveryEnabled": _flag(recovery["PointInTimeRecoveryEnabled"])
            },
        )


def bucket(shop: Workshop, logical: str, properties: Properties) -> Made:
    """Make an S3 bucket; its encryption, lifecycle and lock settings have nothing to act on here."""
    name = shop.physical(logical, properties.get("BucketName")).lower()
    shop.client("s3").create_bucket(
        Bucket=name, ObjectLockEnabledForBucket=_flag(properties.get("ObjectLockEnabled", False))
    )
    return Made(name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": f"{name}.s3.amazonaws.com"})
