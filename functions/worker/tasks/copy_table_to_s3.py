"""Copies a DynamoDB table's items to S3, as gzip JSON Lines in the format of DynamoDB's own export.

A line is {"Item": {…}} in DynamoDB JSON: nothing is lost, and ImportTable reads it back. Arguments: table, bucket,
prefix. Parts go under prefix/run id/, so another attempt overwrites them; manifest.json, written last, lists the
parts that count. Items that change during the scan may appear in either state.
"""

import base64
import gzip
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from carillon.task_settings import TaskSettings
from carillon.tasks import PermanentError, TaskContext, task
from worker.tasks import arguments, rows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

PART_BYTES = 8 * 1024 * 1024
MARGIN_SECONDS = 3.0


@task("copy-table-to-s3")
def copy_table_to_s3(context: TaskContext) -> dict[str, Any]:
    """Copies page by page and returns the count and where the manifest is."""
    arguments.only(context, "table", "bucket", "prefix")
    settings = TaskSettings.from_env()
    table = settings.table(context.arguments.get("table"))
    bucket = settings.bucket(context.arguments.get("bucket"))
    folder = f"{arguments.text(context, 'prefix').rstrip('/')}/{context.run_id}"
    dynamodb, s3 = rows.dynamodb(), rows.s3()
    keys: list[str] = []
    items = 0
    for lines in _parts(_pages(context, dynamodb, table)):
        keys.append(f"{folder}/part-{len(keys) + 1:05}.json.gz")
        body = gzip.compress(b"".join(lines), mtime=0)
        s3.put_object(Bucket=bucket, Key=keys[-1], Body=body, ContentType="application/gzip")
        items += len(lines)
        context.log(f"copied {items} items in {len(keys)} parts so far")
    manifest = {"table": table, "run_id": context.run_id, "items": items, "parts": keys}
    _put_manifest(s3, bucket, f"{folder}/manifest.json", manifest)
    return {"items": items, "parts": len(keys), "manifest": f"s3://{bucket}/{folder}/manifest.json"}


def _pages(context: TaskContext, client: "DynamoDBClient", table: str) -> Iterator[list[Any]]:
    for page in client.get_paginator("scan").paginate(TableName=table):
        yield page["Items"]
        if page.get("LastEvaluatedKey") and context.seconds_left() < MARGIN_SECONDS:
            raise PermanentError(
                f"The table {table} takes longer to copy than the schedule's timeout_seconds allows: raise it, "
                "or use DynamoDB's own export for a table of this size."
            )


def _parts(pages: Iterator[list[Any]]) -> Iterator[list[bytes]]:
    """Groups the pages' lines to parts of about PART_BYTES; an empty table has none."""
    lines: list[bytes] = []
    size = 0
    for page in pages:
        for item in page:
            line = json.dumps({"Item": item}, default=_encode_binary, separators=(",", ":")).encode() + b"\n"
            lines.append(line)
            size += len(line)
        if size >= PART_BYTES:
            yield lines
            lines, size = [], 0
    if lines:
        yield lines


def _encode_binary(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is no DynamoDB value")


def _put_manifest(client: "S3Client", bucket: str, key: str, manifest: dict[str, Any]) -> None:
    body = json.dumps(manifest, indent=1).encode()
    client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
