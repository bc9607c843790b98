"""What tasks share that move rows in S3 and DynamoDB: clients, and JSON Lines read as a whole. Registers no task."""

import json
from typing import TYPE_CHECKING, Any

from carillon.tasks import PermanentError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

Row = dict[str, Any]


def s3() -> "S3Client":
    """A client; imported here, because a child that runs other tasks should not pay for the SDK."""
    import boto3  # noqa: PLC0415

    return boto3.client("s3")


def dynamodb() -> "DynamoDBClient":
    """A client, imported late like the other."""
    import boto3  # noqa: PLC0415

    return boto3.client("dynamodb")


def read_lines(client: "S3Client", bucket: str, key: str, needed: str) -> list[Row]:
    """The rows of a JSON Lines object, each with a text under `needed`; PermanentError names the first without."""
    body = client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    rows = [json.loads(line) for line in body.splitlines()]
    for number, row in enumerate(rows, 1):
        if not isinstance(row.get(needed), str) or not row[needed]:
            raise PermanentError(
                f"Line {number} of s3://{bucket}/{key} has no {needed}; nothing was written."
            )
    return rows
