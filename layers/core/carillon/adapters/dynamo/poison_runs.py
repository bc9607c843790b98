"""A run's row that cannot be read, as the sweep meets it: put off in the wake index, with the reason beside it.

It is not ended: a newer version may have written it, and reads it when it is back.
"""

from datetime import datetime
from typing import Final

from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.run_item import read_run, run_key
from carillon.adapters.dynamo.wire import Wire, moment, text
from carillon.domain.errors import MalformedRow
from carillon.domain.run_id import RunId

_MAX_REASON: Final = 500


def put_off_unreadable(database: Database, run_id: RunId, until: datetime) -> str | None:
    """Why the row cannot be read, once its wake_at is `until`; None where there was nothing to put off."""
    item = database.get(database.runs_table, run_key(run_id))
    why = _fault(item) if item is not None and "wake_at" in item else None
    if item is None or why is None:
        return None
    expression = Expression()
    # Compared as stored, whatever their types are: what is wrong may be one of these.
    condition = " AND ".join(expression.same(name, item.get(name)) for name in ("wake_at", "state"))
    try:
        database.call(
            "update_item",
            TableName=database.runs_table,
            Key=run_key(run_id),
            UpdateExpression=expression.update({"wake_at": moment(until), "unreadable": text(why)}),
            ConditionExpression=condition,
            **expression.arguments(),
        )
    except ConditionFailed:
        return None  # Somebody who can read it has moved it.
    return why


def _fault(item: Wire) -> str | None:
    try:
        read_run(item)
    except MalformedRow as error:
        return str(error)[:_MAX_REASON]
    return None
