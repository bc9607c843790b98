"""Where a batch enters: each record on its own, and the answer names those that should come again.

The only broad `except` of the batch functions stands here: whatever one record does, the others are handled.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from carillon.domain.errors import CarillonError
from carillon.ports.world import Log

Record = Mapping[str, Any]
Handle = Callable[[Record], None]
BatchAnswer = dict[str, list[dict[str, str]]]


def each_record(event: Mapping[str, Any], handle_one: Handle, log: Log, *, threads: int = 1) -> BatchAnswer:
    """Handles the messages of an SQS batch, up to `threads` of them side by side.

    A message whose handling raises is returned to the queue; all others are done with.
    """
    records: Sequence[Record] = event["Records"]
    if threads > 1:
        with ThreadPoolExecutor(max_workers=threads) as pool:
            done = list(pool.map(lambda record: _is_done(record, handle_one, log), records))
    else:
        done = [_is_done(record, handle_one, log) for record in records]
    return _again(record["messageId"] for record, is_done in zip(records, done, strict=True) if not is_done)


def in_order(
    event: Mapping[str, Any], handle_one: Handle, log: Log, *, at_end: Callable[[], None] | None = None
) -> BatchAnswer:
    """Handles the records of a stream batch in order; the first that fails and all after it come again.

    `at_end` closes the records that were handled; if it fails, all of them come again.
    """
    records: Sequence[Record] = event["Records"]
    handled = 0
    while handled < len(records) and _is_done(records[handled], handle_one, log):
        handled += 1
    if at_end is not None and handled and not _is_done(records[0], lambda _: at_end(), log):
        handled = 0
    return _again(record["dynamodb"]["SequenceNumber"] for record in records[handled : handled + 1])


def _is_done(record: Record, handle_one: Handle, log: Log) -> bool:
    try:
        handle_one(record)
    except Exception as error:  # noqa: BLE001 - the edge of one record: the others go on
        log(
            "record_returned",
            f"The record comes again: {error}",
            record_id=record.get("messageId") or record.get("eventID"),
            error=type(error).__name__,
            retryable=isinstance(error, CarillonError) and error.retryable,
        )
        return False
    return True


def _again(identifiers: Iterable[str]) -> BatchAnswer:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}
