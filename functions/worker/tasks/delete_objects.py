"""Deletes the named objects of an S3 bucket: the undoing of tasks that write some. Arguments: bucket, keys."""

from typing import Any, Final

from carillon.task_settings import TaskSettings
from carillon.tasks import PermanentError, TaskContext, task
from worker.tasks import arguments, rows

MAX_KEYS: Final = 1_000


@task("delete-objects")
def delete_objects(context: TaskContext) -> dict[str, Any]:
    """Deletes them at once; one that is gone already is no fault."""
    arguments.only(context, "bucket", "keys")
    bucket = TaskSettings.from_env().bucket(context.arguments.get("bucket"))
    keys = context.arguments.get("keys")
    if (
        not isinstance(keys, list)
        or not all(isinstance(key, str) and key for key in keys)
        or len(keys) > MAX_KEYS
    ):
        raise PermanentError(f"The argument keys must be a list of at most {MAX_KEYS} object keys.")
    if keys:
        answer = rows.s3().delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
        )
        if answer.get("Errors"):
            raise RuntimeError(f"S3 kept {len(answer['Errors'])} of {len(keys)} objects.")
    context.log(f"deleted {len(keys)} objects of {bucket}")
    return {"deleted": len(keys)}
