"""Deletes the objects under a prefix of an S3 bucket that are older than a number of days.

Age counts from the fire time, so another attempt deletes the same objects. Arguments: bucket, prefix,
older_than_days, and dry_run, which counts without deleting.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from carillon.task_settings import TaskSettings
from carillon.tasks import TaskContext, task
from worker.tasks import arguments, rows

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BATCH = 1_000
MARGIN_SECONDS = 3.0


@dataclass(slots=True)
class Counts:
    """What was seen and done; `complete` is false when the deadline came near first."""

    examined: int = 0
    old: int = 0
    old_bytes: int = 0
    deleted: int = 0
    complete: bool = True


@task("delete-old-objects")
def delete_old_objects(context: TaskContext) -> dict[str, Any]:
    """Deletes in batches of a thousand and returns the counts."""
    arguments.only(context, "bucket", "prefix", "older_than_days", "dry_run")
    bucket = TaskSettings.from_env().bucket(context.arguments.get("bucket"))
    prefix = arguments.text(context, "prefix")
    border = context.fire_at - timedelta(days=arguments.days(context, "older_than_days"))
    dry_run = arguments.flag(context, "dry_run")
    client = rows.s3()
    counts = Counts()
    for page in _pages(client, bucket, prefix):
        counts.examined += len(page)
        old = [found for found in page if found["LastModified"] < border]
        counts.old += len(old)
        counts.old_bytes += sum(found["Size"] for found in old)
        if old and not dry_run:
            counts.deleted += _delete(client, bucket, [found["Key"] for found in old])
            context.log(f"deleted {counts.deleted} of {counts.examined} objects so far")
        if context.seconds_left() < MARGIN_SECONDS:
            counts.complete = False
            break
    return asdict(counts)


def _pages(client: "S3Client", bucket: str, prefix: str) -> Iterator[list[Any]]:
    paginator = client.get_paginator("list_objects_v2")
    for page in paginator.paginate(Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": BATCH}):
        yield list(page.get("Contents", []))


def _delete(client: "S3Client", bucket: str, keys: list[str]) -> int:
    answer = client.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
    )
    errors = answer.get("Errors", [])
    if errors:
        first = errors[0]
        raise RuntimeError(
            f"{len(errors)} of {len(keys)} objects were not deleted; {first.get('Key')}: {first.get('Code')}"
        )
    return len(keys)
