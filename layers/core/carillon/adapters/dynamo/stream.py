"""The Runs table's stream: a Lambda event's record becomes a change of a run."""

from collections.abc import Mapping
from typing import Any

from carillon.adapters.dynamo.run_item import read_run, read_run_id
from carillon.domain.errors import MalformedRow
from carillon.domain.run import Run
from carillon.domain.run_change import Change, RunChange, UnreadableChange

Image = Mapping[str, Mapping[str, Any]]


def change_from(record: Mapping[str, Any]) -> Change:
    """The change that one record tells; a row that cannot be read is a value too, so that it stops no other."""
    change_id, detail = record["eventID"], record["dynamodb"]
    sequence = detail["SequenceNumber"]
    try:
        before, after = _run(detail.get("OldImage")), _run(detail.get("NewImage"))
    except MalformedRow as error:
        run_id = str(read_run_id(detail["Keys"]))
        return UnreadableChange(change_id, sequence, str(error), run_id, detail.get("NewImage") or {})
    return RunChange(change_id, sequence, before, after)


def _run(image: Image | None) -> Run | None:
    if image is None:
        return None
    run = read_run(image)
    try:
        # The archive is partitioned by this moment; a key without one cannot be a run's.
        _ = run.run_id.moment
    except ValueError:
        raise MalformedRow(f"Run {run.run_id}: its key does not begin with a time.") from None
    return run
