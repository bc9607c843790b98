"""Copies one S3 object; what a workflow extracts from a bucket it does not own lies still while it works on it.

Arguments: from_bucket, from_key, bucket, key. Undone by delete-objects.
"""

from typing import Any

from carillon.task_settings import TaskSettings
from carillon.tasks import TaskContext, task
from worker.tasks import arguments, rows


@task("copy-object")
def copy_object(context: TaskContext) -> dict[str, Any]:
    """Copies within S3 and returns where the copy is and how large."""
    arguments.only(context, "from_bucket", "from_key", "bucket", "key")
    settings = TaskSettings.from_env()
    source = settings.bucket(context.arguments.get("from_bucket"))
    bucket = settings.bucket(context.arguments.get("bucket"))
    key = arguments.text(context, "key")
    client = rows.s3()
    client.copy_object(
        Bucket=bucket, Key=key, CopySource={"Bucket": source, "Key": arguments.text(context, "from_key")}
    )
    size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
    context.log(f"copied {size} bytes to s3://{bucket}/{key}")
    return {"bucket": bucket, "key": key, "bytes": size}
