"""What tasks wrote, in partitions of their own of the Runs table: one row for an attempt, written over as it grows.

Such a row has no ended_at, so the functions behind the table's stream never see it.
"""

from datetime import datetime

from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.wire import Row, Wire, expiry, packed, text, whole
from carillon.domain.errors import MalformedRow
from carillon.domain.moments import from_ms, to_ms
from carillon.domain.run import Run
from carillon.domain.run_log import LogLine, RunLog


class DynamoRunLogs:
    """RunLogStore over the Runs table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, run: Run, log: RunLog, now: datetime) -> None:
        """PutItem."""
        item = _key(run, run.attempt) | {
            "lines": packed([[to_ms(line.at), line.text] for line in log.lines]),
            "dropped": whole(log.dropped),
            "expires_at": expiry(now + self._database.kept),
        }
        self._database.call("put_item", TableName=self._database.runs_table, Item=item)

    def read(self, run: Run, attempt: int) -> RunLog:
        """GetItem, consistent; MalformedRow."""
        item = self._database.get(self._database.runs_table, _key(run, attempt))
        if item is None:
            return RunLog()
        row = Row(item, f"The log of {run.run_id}")
        try:
            lines = [LogLine(from_ms(at), str(line)) for at, line in row.any_json("lines")]
        except (TypeError, ValueError, OverflowError) as error:
            raise (
                error if isinstance(error, MalformedRow) else MalformedRow(f"{row.name}: {error}.")
            ) from None
        return RunLog(tuple(lines), row.whole("dropped"))


def _key(run: Run, attempt: int) -> Wire:
    return {
        "schedule_id": text(f"log#{run.run_id.schedule_id}"),
        "run_key": text(f"{run.run_id.run_key}#{attempt:03d}"),
    }
