"""A DynamoDB stream as event source: filtered, batched over a window, retried in order until done.

A batch that fails is repeated, in halves where the template says so, until its retries or its age are used up;
then a note of it goes to the failure destination and the stream moves on.
"""

import base64
import json
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.inventory import EventSource
from local.invoker import Invoker
from local.patterns import wanted
from local.queue_source import failed_ids, queue_url
from local.sandbox import Answer

_POLL_SECONDS = 0.25
_LONGEST_PAUSE_SECONDS = 30.0
Records = Sequence[dict[str, Any]]


class StreamSource:
    """Feeds one function from one stream until it is stopped."""

    def __init__(
        self, source: EventSource, client: Callable[[str], Any], invoker: Invoker, note: Callable[[str], None]
    ) -> None:
        self._source = source
        self._streams = client("dynamodbstreams")
        self._sqs = client("sqs")
        self._invoker = invoker
        self._note = note
        self._after: str | None = None
        self._stopping = threading.Event()
        self._poller = threading.Thread(target=self._poll, name=f"stream-{source.function}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._poller.start()

    def stop(self) -> None:
        """Read no more."""
        self._stopping.set()

    def _poll(self) -> None:
        waiting: list[dict[str, Any]] = []
        since = 0.0
        while not self._stopping.wait(_POLL_SECONDS):
            try:
                found = self._read()
            except (BotoCoreError, ClientError) as error:
                self._complain(f"cannot read the stream: {error}")
                continue
            if found and not waiting:
                since = time.monotonic()
            waiting += found
            full = len(waiting) >= self._source.batch_size
            if waiting and (full or time.monotonic() - since >= self._source.window_seconds):
                batch, waiting = waiting[: self._source.batch_size], waiting[self._source.batch_size :]
                self._deliver(batch, 0)

    def _read(self) -> list[dict[str, Any]]:
        """Read on from the last record; an iterator kept over a failed transaction would go blind in moto."""
        arn = self._source.source_arn
        shard = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        position = (
            {"ShardIteratorType": "TRIM_HORIZON"}
            if self._after is None
            else {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self._after}
        )
        iterator = self._streams.get_shard_iterator(StreamArn=arn, ShardId=shard, **position)["ShardIterator"]
        records = self._streams.get_records(ShardIterator=iterator, Limit=1000)["Records"]
        if records:
            self._after = records[-1]["dynamodb"]["SequenceNumber"]
        plain = (_plain({**record, "eventSourceARN": arn}) for record in records)
        return [record for record in plain if wanted(self._source.patterns, record)]

    def _deliver(self, records: Records, attempt: int) -> None:
        """Deliver in order; every return means that the stream may move on."""
        while records and not self._stopping.is_set():
            answer = self._invoke(records)
            ids = [record["dynamodb"]["SequenceNumber"] for record in records]
            failed = failed_ids(answer, ids, self._source.partial_failures)
            if not failed:
                return
            first = next(index for index, identity in enumerate(ids) if identity in failed)
            if first:
                records, attempt = records[first:], 0
            attempt += 1
            if self._stopping.is_set():
                return
            if self._used_up(records, attempt):
                self._give_up(records, answer, attempt)
                return
            self._stopping.wait(min(2.0 ** (attempt - 1), _LONGEST_PAUSE_SECONDS))
            if self._source.bisect and len(records) > 1 and answer.error is not None:
                middle = len(records) // 2
                self._deliver(records[:middle], attempt)
                records = records[middle:]

    def _invoke(self, records: Records) -> Answer:
        try:
            return self._invoker.invoke(self._source.function, json.dumps({"Records": records}).encode())
        except RuntimeError as error:
            return Answer(json.dumps({"errorMessage": str(error)}).encode(), "Unhandled")

    def _used_up(self, records: Records, attempt: int) -> bool:
        if 0 <= self._source.maximum_retries < attempt:
            return True
        age = time.time() - float(records[0]["dynamodb"]["ApproximateCreationDateTime"])
        return 0 < self._source.maximum_age_seconds < age

    def _give_up(self, records: Records, answer: Answer, attempts: int) -> None:
        reason = answer.payload[:300].decode(errors="replace")
        self._complain(f"{len(records)} stream records were given up after {attempts} attempts: {reason}")
        if self._source.failure_arn is None:
            return
        first, last = records[0]["dynamodb"], records[-1]["dynamodb"]
        note = {
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(),
            "requestContext": {
                "functionArn": self._invoker.find(self._source.function).spec.arn,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": attempts,
            },
            "responseContext": {"statusCode": 200, "functionError": answer.error},
            "DDBStreamBatchInfo": {
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "batchSize": len(records),
                "streamArn": self._source.source_arn,
            },
        }
        try:
            url = queue_url(self._sqs, self._source.failure_arn)
            self._sqs.send_message(QueueUrl=url, MessageBody=json.dumps(note))
        except (BotoCoreError, ClientError) as error:
            self._complain(f"cannot tell {self._source.failure_arn}: {error}")

    def _complain(self, what: str) -> None:
        if not self._stopping.is_set():
            self._note(f"{self._source.function}: {what}")


def _plain(value: Any) -> Any:
    """Give a record as Lambda writes it: seconds for moments, base64 for bytes."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | set):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.timestamp()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
