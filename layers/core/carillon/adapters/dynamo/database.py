"""One call to DynamoDB and what can come back: an answer, a condition that failed, or a named error."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from carillon.adapters.aws import named
from carillon.adapters.dynamo.wire import Wire
from carillon.adapters.pace import Pace
from carillon.adapters.seals import Seals
from carillon.domain.errors import CarillonError, Throttled

MIN_RETENTION_DAYS: Final = 7
"""Rows outlive their end by this at least, so that the archive has surely read them from the stream."""

BATCH: Final = 100
_BATCH_TRIES: Final = 5
_CONDITION: Final = "ConditionalCheckFailed"
_BUSY: Final = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"}
)


class ConditionFailed(Exception):
    """The row was not as the condition wants it; `item` is the row found, where the call asked for it."""

    def __init__(self, item: Wire | None) -> None:
        super().__init__("The condition failed.")
        self.item = item


class Cancelled(Exception):
    """A transaction wrote nothing; `codes` has one reason per action, in their order."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(f"The transaction was cancelled: {', '.join(codes)}.")
        self.codes = tuple(codes)

    def failed(self, index: int) -> bool:
        """Whether this action's own condition failed."""
        return index < len(self.codes) and self.codes[index] == _CONDITION

    def busy(self, index: int) -> bool:
        """Whether this action met another transaction or too fast a pace."""
        return index < len(self.codes) and self.codes[index] in _BUSY

    def raise_unless_conditions(self) -> None:
        """Throttled if an action was busy; a CarillonError if one was refused for what it says."""
        if any(self.busy(index) for index in range(len(self.codes))):
            raise Throttled(str(self))
        self.raise_if_refused()

    def raise_if_refused(self) -> None:
        """A CarillonError if an action was refused for a reason that no retry changes, such as its size."""
        if not all(code in (_CONDITION, "None") or code in _BUSY for code in self.codes):
            raise CarillonError(str(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The client, the stack's table names, and the few numbers that decide where and how long rows stand."""

    client: Any
    pace: Pace
    schedules_table: str = ""
    runs_table: str = ""
    access_table: str = ""
    guards_table: str = ""
    audit_table: str = ""
    shards: int = 1
    retention_days: int = 30
    seals: Seals | None = None

    @property
    def sealing(self) -> Seals:
        """What seals and signs what must not stand in a row as it is; without it nothing of the kind is written."""
        if self.seals is None:
            raise CarillonError("This function was given nothing to seal or to sign with.")
        return self.seals

    @property
    def kept(self) -> timedelta:
        """How long a run's row stands after its end."""
        return timedelta(days=max(self.retention_days, MIN_RETENTION_DAYS))

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """The answer of one operation; ConditionFailed, Cancelled, or an error from the project's tree."""
        try:
            answer: dict[str, Any] = getattr(self.client, operation)(**arguments)
            return answer
        except ClientError as error:
            raise _verdict(error) from error
        except BotoCoreError as error:
            raise named(error) from error

    def transact(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Writes all actions or none. The token makes the SDK's repeats of this call harmless, and only those."""
        self.call("transact_write_items", TransactItems=actions, ClientRequestToken=secrets.token_hex(16))

    def query(
        self, *, start: Mapping[str, Any] | None = None, **arguments: Any
    ) -> Iterator[tuple[list[Wire], Wire | None]]:
        """The pages of a query from `start` on, each with the key after which the next one begins."""
        while True:
            begin = {"ExclusiveStartKey": start} if start else {}
            answer = self.call("query", **arguments, **begin)
            start = answer.get("LastEvaluatedKey")
            yield answer["Items"], answer.get("LastEvaluatedKey")
            if not start:
                return

    def get(self, table: str, key: Wire) -> Wire | None:
        """One row as of now (consistent)."""
        return self.call("get_item", TableName=table, Key=key, ConsistentRead=True).get("Item")

    def get_batch(self, table: str, keys: Sequence[Wire], *, consistent: bool) -> Iterator[Wire]:
        """Rows by key, in hundreds; what DynamoDB leaves unprocessed is asked for again, then Throttled."""
        for first in range(0, len(keys), BATCH):
            yield from self._get_hundred(table, keys[first : first + BATCH], consistent=consistent)

    def _get_hundred(self, table: str, keys: Sequence[Wire], *, consistent: bool) -> Iterator[Wire]:
        request: Mapping[str, Any] = {table: {"Keys": keys, "ConsistentRead": consistent}}
        for tries in range(1, _BATCH_TRIES + 1):
            answer = self.call("batch_get_item", RequestItems=request)
            yield from answer["Responses"].get(table, [])
            request = answer.get("UnprocessedKeys") or {}
            if not request:
                return
            self.pace.wait(tries)
        raise Throttled(f"DynamoDB left keys of a batch unread {_BATCH_TRIES} times.")


def _verdict(error: ClientError) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "ConditionalCheckFailedException":
        return ConditionFailed(error.response.get("Item"))  # type: ignore[arg-type]
    if code == "TransactionCanceledException":
        reasons: Sequence[Mapping[str, Any]] = error.response.get("CancellationReasons", ())
        return Cancelled([reason.get("Code") or "None" for reason in reasons])
    return named(error)
