"""Runs by their states over DynamoDB: a schedule's without their rows, and the unfinished ones of a shard."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.run_item import read_run_id
from carillon.adapters.dynamo.wire import text
from carillon.domain.moments import to_key
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId
from carillon.ports.pages import Page


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

    def unfinished(self, shard: int, limit: int, start: Mapping[str, Any] | None = None) -> Page[RunId]:
        """Query of `wake`: wake_shard = shard, ascending; keys only, eventually consistent."""
        expression = Expression()
        key = expression.compare("wake_shard", "=", text(str(shard)))
        pages = self._database.query(
            start=start,
            TableName=self._database.runs_table,
            IndexName="wake",
            KeyConditionExpression=key,
            Limit=limit,
            **expression.arguments(),
        )
        items, last = next(pages)
        return Page(tuple(read_run_id(item) for item in items), last)


def _state(item: Mapping[str, Mapping[str, str]]) -> RunState:
    try:
        return RunState(item["state"]["S"])
    except (KeyError, ValueError):
        return RunState.FAILED
