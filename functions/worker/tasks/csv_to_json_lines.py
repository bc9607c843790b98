"""Turns a CSV object with a header into JSON Lines parts of a bounded number of rows, ready for load-table.

Arguments: bucket, key, prefix (where the parts go), rows_per_part (2500 unless given). Undone by delete-objects.
"""

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from carillon.task_settings import TaskSettings
from carillon.tasks import PermanentError, TaskContext, task
from worker.tasks import arguments, rows

MAX_ROWS_PER_PART: Final = 10_000


@task("csv-to-json-lines")
def csv_to_json_lines(context: TaskContext) -> dict[str, Any]:
    """Writes the parts and returns them with their counts."""
    arguments.only(context, "bucket", "key", "prefix", "rows_per_part")
    bucket = TaskSettings.from_env().bucket(context.arguments.get("bucket"))
    key, prefix = arguments.text(context, "key"), arguments.text(context, "prefix").rstrip("/")
    size = arguments.count(context, "rows_per_part", 2_500, MAX_ROWS_PER_PART)
    client = rows.s3()
    text = client.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8-sig")
    parts: list[dict[str, Any]] = []
    for lines in _parts(text, size):
        part = f"{prefix}/part-{len(parts) + 1:05}.jsonl"
        client.put_object(
            Bucket=bucket, Key=part, Body="".join(lines).encode(), ContentType="application/jsonl"
        )
        parts.append({"bucket": bucket, "key": part, "rows": len(lines)})
        context.log(f"wrote {len(lines)} rows to {part}")
    return {
        "rows": sum(part["rows"] for part in parts),
        "parts": parts,
        "keys": [part["key"] for part in parts],
    }


def _parts(text: str, size: int) -> Iterator[list[str]]:
    reader = csv.DictReader(io.StringIO(text), strict=True)
    while lines := [_line(row, reader.line_num) for row in islice(reader, size)]:
        yield lines


def _line(row: dict[str, Any], number: int) -> str:
    if None in row or None in row.values():
        raise PermanentError(f"Line {number} of the CSV has another number of columns than its header.")
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
