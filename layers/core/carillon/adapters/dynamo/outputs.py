"""What attempts put out, in partitions of their own of the Runs table, so that reading states stays cheap.

Such a row has no ended_at, so the functions behind the table's stream never see it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.sealed_json import opened_json, sealed_json
from carillon.adapters.dynamo.wire import Value, Wire, expiry, text
from carillon.domain.errors import OutputNotFound
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.domain.workflow.tasks import kept_for


class DynamoOutputs:
    """OutputStore over the Runs table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, run: Run, output: Any, now: datetime) -> None:
        """PutItem if absent."""
        item = _key(run) | {
            "output": self._sealed(run, output),
            "expires_at": expiry(now + kept_for(run, self._database.kept)),
        }
        expression = Expression()
        condition = expression.absent("schedule_id")
        try:
            self._database.call(
                "put_item",
                TableName=self._database.runs_table,
                Item=item,
                ConditionExpression=condition,
                **expression.arguments(),
            )
        except ConditionFailed:
            return  # A repeated callback, or the SDK's repeat: the first output stands.

    def read(self, run: Run) -> Any:
        """GetItem, consistent; OutputNotFound, MalformedRow."""
        item = self._database.get(self._database.runs_table, _key(run))
        if item is None:
            raise OutputNotFound
        return self._opened(run, item)

    def read_many(self, runs: Sequence[Run]) -> Mapping[RunId, Any]:
        """BatchGetItem, consistent; MalformedRow."""
        asked = {(key["schedule_id"]["S"], key["run_key"]["S"]): run for run in runs for key in (_key(run),)}
        keys = [{"schedule_id": text(schedule_id), "run_key": text(key)} for schedule_id, key in asked]
        found = {}
        for item in self._database.get_batch(self._database.runs_table, keys, consistent=True):
            run = asked[item["schedule_id"]["S"], item["run_key"]["S"]]
            found[run.run_id] = self._opened(run, item)
        return found

    def _sealed(self, run: Run, output: Any) -> Value:
        return sealed_json(self._database, output, _context(run))

    def _opened(self, run: Run, item: Wire) -> Any:
        name = f"The output of {run.run_id}"
        return opened_json(self._database, item.get("output"), name, _context(run))


def _context(run: Run) -> Mapping[str, str]:
    return {"purpose": "output", "run": str(run.run_id), "attempt": str(run.attempt)}


def _key(run: Run) -> Wire:
    return {
        "schedule_id": text(f"output#{run.run_id.schedule_id}"),
        "run_key": text(f"{run.run_id.run_key}#{run.attempt:03d}"),
    }
