"""The states of a schedule's runs over DynamoDB: a Query that carries two attributes of each row home."""

from collections.abc import Mapping
from datetime import datetime

from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.wire import text
from carillon.domain.moments import to_key
from carillon.domain.run import RunState


class DynamoRunStates:
    """RunStates over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def between(self, schedule_id: str, first: datetime, last: datetime) -> Mapping[str, RunState]:
        """Query of run_key from first to last, consistent, projected; a state unknown here counts as FAILED."""
        expression = Expression()
        key = expression.compare("schedule_id", "=", text(schedule_id))
        # Keys go on after their moment with a character below DEL.
        span = expression.between("run_key", text(to_key(first)), text(f"{to_key(last)}\x7f"))
        pages = self._database.query(
            TableName=self._database.runs_table,
            KeyConditionExpression=f"{key} AND {span}",
            ProjectionExpression=f"{expression.name('run_key')}, {expression.name('state')}",
            ConsistentRead=True,
            **expression.arguments(),
        )
        return {item["run_key"]["S"]: _state(item) for items, _ in pages for item in items}


def _state(item: Mapping[str, Mapping[str, str]]) -> RunState:
    try:
        return RunState(item["state"]["S"])
    except (KeyError, ValueError):
        return RunState.FAILED
