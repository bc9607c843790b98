"""The Runs table over DynamoDB: rows put once, moved only from what was read, and found again by the sweep."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from carillon.adapters.dynamo.audit import write_audited
from carillon.adapters.dynamo.claims import put_run_action
from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.poison_runs import put_off_unreadable
from carillon.adapters.dynamo.run_item import read_run, read_run_id, run_key
from carillon.adapters.dynamo.transitions import is_own_write, write_transition, write_transition_with
from carillon.adapters.dynamo.wire import Row, Wire, text
from carillon.adapters.dynamo.wire import moment as at
from carillon.domain.audit import AuditEntry
from carillon.domain.errors import MalformedRow
from carillon.domain.moments import ceil_second, to_key
from carillon.domain.run import Run, RunState
from carillon.domain.run_id import RunId
from carillon.ports.pages import Page

_logger = logging.getLogger(__name__)


class DynamoRuns:
    """RunStore over DynamoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_if_absent(self, run: Run, audit: AuditEntry | None = None) -> bool:
        """PutItem if absent; with an audit entry TransactWriteItems of both.

        A repeat of this very put is told by the audit row, or by the claim_id of a run that has one. A row without
        either answers False to its own repeat, which is safe: whoever puts a run goes on the same way with a row
        that was there already.
        """
        action = put_run_action(self._database, run)
        if audit is None:
            return self._put_alone(action["Put"], run)
        return write_audited(self._database, action, audit)

    def _put_alone(self, arguments: Mapping[str, Any], run: Run) -> bool:
        try:
            self._database.call("put_item", **arguments, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except ConditionFailed as failed:
            return failed.item is not None and is_own_write(failed.item, run)
        return True

    def get(self, run_id: RunId) -> Run | None:
        """GetItem, consistent; MalformedRow."""
        item = self._database.get(self._database.runs_table, run_key(run_id))
        return read_run(item) if item is not None else None

    def get_many(self, run_ids: Sequence[RunId]) -> Sequence[Run]:
        """BatchGetItem, consistent; in the order asked for."""
        keys = [run_key(run_id) for run_id in dict.fromkeys(run_ids)]
        items = self._database.get_batch(self._database.runs_table, keys, consistent=True)
        found = {run.run_id: run for run in _readable(items)}
        return [found[run_id] for run_id in dict.fromkeys(run_ids) if run_id in found]

    def tree(self, top: RunId) -> Sequence[Run]:
        """Query of run_key from the top's to its last step's, consistent; MalformedRow."""
        expression = Expression()
        key = expression.compare("schedule_id", "=", text(top.schedule_id))
        # Steps go on after the top's key with a dot; a repetition's key, with a dash, may come in between.
        low, high = text(top.run_key), text(f"{top.run_key}.\x7f")
        pages = self._query(
            f"{key} AND {expression.between('run_key', low, high)}", expression, ConsistentRead=True
        )
        below = f"{top.run_key}."
        rows = [item for items, _ in pages for item in items]
        return [
            read_run(item)
            for item in rows
            if item["run_key"]["S"] == top.run_key or str(item["run_key"]["S"]).startswith(below)
        ]

    def transition(
        self, before: Run, after: Run, *, held_wake: bool = False, audit: AuditEntry | None = None
    ) -> Run:
        """UpdateItem of what differs, if state, claim_id and attempt are as read; LostRace.

        With an audit entry TransactWriteItems of both, then GetItem.
        """
        if audit is None:
            return write_transition(self._database, before, after, held_wake=held_wake)
        write_transition_with(self._database, before, after, audit, held_wake=held_wake)
        return self.get(after.run_id) or after

    def of_schedule(self, schedule_id: str, limit: int, start: Mapping[str, Any] | None = None) -> Page[Run]:
        """Query of one schedule, descending, eventually consistent; rows that cannot be read are left out."""
        expression = Expression()
        key = expression.compare("schedule_id", "=", text(schedule_id))
        items, last = next(self._query(key, expression, limit, start, ScanIndexForward=False))
        return Page(tuple(_readable(items)), last)

    def queued_between(self, schedule_id: str, first: datetime, last: datetime) -> Sequence[Run]:
        """Query of run_key from first to last, consistent, filtered by state."""
        # Keys go on after their moment with a character below DEL, for steps and for triggers.
        low, high = text(to_key(ceil_second(first))), text(f"{to_key(last)}\x7f")
        if low["S"] > high["S"]:
            return []
        expression = Expression()
        key = expression.compare("schedule_id", "=", text(schedule_id))
        pages = self._query(
            f"{key} AND {expression.between('run_key', low, high)}",
            expression,
            ConsistentRead=True,
            FilterExpression=expression.compare("state", "=", text(RunState.QUEUED.value)),
        )
        return [run for items, _ in pages for run in _readable(items)]

    def put_off_unreadable(self, run_id: RunId, until: datetime) -> str | None:
        """GetItem, consistent, then UpdateItem if state and wake_at are as stored."""
        return put_off_unreadable(self._database, run_id, until)

    def wake_before(self, shard: int, moment: datetime, limit: int) -> Sequence[RunId]:
        """Query of `wake`: wake_shard = shard, wake_at ≤ moment, ascending; keys only, eventually consistent."""
        expression = Expression()
        key = expression.compare("wake_shard", "=", text(str(shard)))
        until = expression.compare("wake_at", "<=", at(moment))
        items, _ = next(self._query(f"{key} AND {until}", expression, limit, IndexName="wake"))
        return [read_run_id(item) for item in items]

    def oldest_wake(self, shard: int) -> datetime | None:
        """Query of `wake`: wake_shard = shard, ascending, the first entry; eventually consistent."""
        expression = Expression()
        key = expression.compare("wake_shard", "=", text(str(shard)))
        items, _ = next(self._query(key, expression, 1, IndexName="wake"))
        return Row(items[0], "An entry of the wake index").moment("wake_at") if items else None

    def failed_since(
        self, shard: int, moment: datetime, limit: int, start: Mapping[str, Any] | None = None
    ) -> Page[RunId]:
        """Query of `failed`: failed_shard = shard, failed_at ≥ moment, descending; keys only."""
        expression = Expression()
        key = expression.compare("failed_shard", "=", text(str(shard)))
        since = expression.compare("failed_at", ">=", at(moment))
        pages = self._query(
            f"{key} AND {since}", expression, limit, start, IndexName="failed", ScanIndexForward=False
        )
        items, last = next(pages)
        return Page(tuple(read_run_id(item) for item in items), last)

    def _query(
        self,
        key: str,
        expression: Expression,
        limit: int | None = None,
        start: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Iterator[tuple[list[Wire], Wire | None]]:
        if limit is not None:
            arguments["Limit"] = limit
        return self._database.query(
            start=start,
            TableName=self._database.runs_table,
            KeyConditionExpression=key,
            **expression.arguments(),
            **arguments,
        )


def _readable(items: Sequence[Wire] | Iterator[Wire]) -> Iterator[Run]:
    for item in items:
        try:
            yield read_run(item)
        except MalformedRow as error:
            _logger.warning(str(error), extra={"action": "row_left_out"})
