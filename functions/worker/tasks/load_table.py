"""Loads a JSON Lines object into a DynamoDB table, and takes it out again: load-table and its undoing, unload-table.

Arguments: table, bucket, key, and id_attribute, the key of the table, which each line must have. All are checked before
the first is written. Both may be repeated: a row is put under the same key again, or is already gone.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from carillon.task_settings import TaskSettings
from carillon.tasks import TaskContext, task
from worker.tasks import arguments, rows
from worker.tasks.rows import Row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH: Final = 25
MAX_TRIES: Final = 8


@task("load-table")
def load_table(context: TaskContext) -> dict[str, Any]:
    """Puts every row as an item and returns the count."""
    return _write(context, lambda row, _: {"PutRequest": {"Item": {name: _value(row[name]) for name in row}}})


@task("unload-table")
def unload_table(context: TaskContext) -> dict[str, Any]:
    """Deletes every row's item and returns the count."""
    return _write(context, lambda row, key: {"DeleteRequest": {"Key": {key: _value(row[key])}}})


def _write(context: TaskContext, request: Callable[[Row, str], dict[str, Any]]) -> dict[str, Any]:
    arguments.only(context, "table", "bucket", "key", "id_attribute")
    settings = TaskSettings.from_env()
    table = settings.table(context.arguments.get("table"))
    bucket = settings.bucket(context.arguments.get("bucket"))
    key, identity = arguments.text(context, "key"), arguments.text(context, "id_attribute")
    found = rows.read_lines(rows.s3(), bucket, key, identity)
    client = rows.dynamodb()
    requests = [request(row, identity) for row in found]
    for first in range(0, len(requests), BATCH):
        _send(client, table, requests[first : first + BATCH])
    context.log(f"wrote {len(found)} rows of s3://{bucket}/{key} to {table}")
    return {"table": table, "bucket": bucket, "key": key, "items": len(found)}


def _send(client: "DynamoDBClient", table: str, requests: Iterable[dict[str, Any]]) -> None:
    left: Any = {table: list(requests)}
    for _ in range(MAX_TRIES):
        left = client.batch_write_item(RequestItems=left).get("UnprocessedItems")
        if not left:
            return
    raise RuntimeError(f"DynamoDB left items unprocessed {MAX_TRIES} times; another attempt may get through.")


def _value(value: object) -> dict[str, str]:
    return {"S": value if isinstance(value, str) else str(value)}
