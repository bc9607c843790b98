"""The Runs table walked for ended runs: a Scan, because no index knows a run of a schedule that is deleted."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.run_item import read_run, read_run_id
from carillon.adapters.dynamo.wire import Wire, text
from carillon.domain.archive_object import EndedRow
from carillon.domain.errors import MalformedRow
from carillon.domain.run_change import UnreadableChange
from carillon.ports.archive import EndedRows

PAGE: Final = 1000


class DynamoEndedRuns:
    """EndedRuns over DynamoDB; eventually consistent, for the rows ended minutes ago at least."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, first: datetime, last: datetime, start: Mapping[str, Any] | None = None) -> EndedRows:
        """Scan of at most PAGE rows, filtered by run_key and by whether they have ended."""
        expression = Expression()
        # Keys go on after their hour with a digit, which stands before DEL.
        hours = expression.between("run_key", text(f"{first:%Y%m%dT%H}"), text(f"{last:%Y%m%dT%H}\x7f"))
        after = {"ExclusiveStartKey": json.loads(str(start["after"]))} if start else {}
        answer = self._database.call(
            "scan",
            TableName=self._database.runs_table,
            Limit=PAGE,
            FilterExpression=f"{hours} AND {expression.present('ended_at')}",
            **expression.arguments(),
            **after,
        )
        following = answer.get("LastEvaluatedKey")
        rows = tuple(_row(item) for item in answer.get("Items", ()))
        return EndedRows(rows, {"after": json.dumps(following)} if following else None)


def _row(item: Wire) -> EndedRow:
    try:
        run = read_run(item)
        _ = run.run_id.moment
        return run
    except (MalformedRow, ValueError) as error:
        run_id = str(read_run_id(item))
        return UnreadableChange(f"again:{run_id}", "again", str(error), run_id, item)
