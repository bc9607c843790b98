"""An SQS event source, as Lambda polls one: long polls, batches, partial failures, recursion cut-off.

What succeeded is deleted; what failed is left to the queue, which shows it again after its visibility
timeout and moves it to the dead letters after its last receive.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.inventory import ACCOUNT, REGION, EventSource
from local.invoker import Invoker
from local.lineage import MAXIMUM_PASSES, Lineage
from local.sandbox import Answer

_WAIT_SECONDS = 5
_TEN = 10
Messages = Sequence[dict[str, Any]]


class QueueSource:
    """Feeds one function from one queue until it is stopped."""

    def __init__(self, source: EventSource, sqs: Any, invoker: Invoker, note: Callable[[str], None]) -> None:
        self._source = source
        self._sqs = sqs
        self._invoker = invoker
        self._note = note
        self._url = queue_url(sqs, source.source_arn)
        self._places = threading.Semaphore(source.concurrency)
        self._threads = ThreadPoolExecutor(source.concurrency, thread_name_prefix=source.function)
        self._stopping = threading.Event()
        self._poller = threading.Thread(target=self._poll, name=f"poll-{source.function}", daemon=True)

    def start(self) -> None:
        """Begin to poll."""
        self._poller.start()

    def stop(self) -> None:
        """Poll no more; a batch at work is the queue's again after its visibility timeout."""
        self._stopping.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._places.acquire()
            messages = self._next_batch()
            if not messages or not self._hand_over(messages):
                self._places.release()

    def _hand_over(self, messages: Messages) -> bool:
        """Give a batch to a thread; one that arrives while the source stops is left to the queue."""
        try:
            self._threads.submit(self._work, messages)
        except RuntimeError:  # The threads were shut down since the last look.
            return False
        return True

    def _next_batch(self) -> list[dict[str, Any]]:
        try:
            return self._gather()
        except (BotoCoreError, ClientError) as error:
            self._complain(f"cannot receive: {error}")
            self._stopping.wait(1)
            return []

    def _gather(self) -> list[dict[str, Any]]:
        """Receive one batch: at once, or over the batching window where the template sets one."""
        messages = self._receive(self._source.batch_size, _WAIT_SECONDS)
        until = time.monotonic() + self._source.window_seconds
        while messages and len(messages) < self._source.batch_size and time.monotonic() < until:
            messages += self._receive(self._source.batch_size - len(messages), 1)
        return messages

    def _receive(self, count: int, wait_seconds: int) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(count, _TEN),
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))

    def _work(self, messages: Messages) -> None:
        try:
            self._deliver(messages)
        except (BotoCoreError, ClientError, RuntimeError) as error:
            self._complain(f"a batch of {len(messages)} was lost on the way: {error}")
        finally:
            self._places.release()

    def _deliver(self, messages: Messages) -> None:
        lineage = Lineage.longest([message["Attributes"].get("AWSTraceHeader") for message in messages])
        spec = self._invoker.find(self._source.function).spec
        if lineage.exhausted(spec.name) and not spec.may_recurse:
            self._cut_off(messages)
            return
        event = json.dumps({"Records": [self._record(message) for message in messages]}).encode()
        answer = self._invoker.invoke(self._source.function, event, lineage)
        failed = failed_ids(
            answer, [message["MessageId"] for message in messages], self._source.partial_failures
        )
        if answer.error is not None:
            self._complain(
                f"a batch of {len(messages)} failed: {answer.payload[:300].decode(errors='replace')}"
            )
        self._delete([message for message in messages if message["MessageId"] not in failed])

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        attributes = {
            name: {key[0].lower() + key[1:]: value for key, value in entry.items()}
            for name, entry in message.get("MessageAttributes", {}).items()
        }
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": attributes,
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._source.source_arn,
            "awsRegion": REGION,
        }

    def _delete(self, messages: Messages) -> None:
        for start in range(0, len(messages), _TEN):
            entries = [
                {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                for index, message in enumerate(messages[start : start + _TEN])
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _cut_off(self, messages: Messages) -> None:
        """Do what Lambda does with a loop: give the messages to the dead letters, without a receive more."""
        self._complain(f"recursion: {len(messages)} messages were dropped after {MAXIMUM_PASSES} passes")
        names = ["RedrivePolicy"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names).get("Attributes", {})
        if "RedrivePolicy" in found:
            target = queue_url(self._sqs, json.loads(found["RedrivePolicy"])["deadLetterTargetArn"])
            for message in messages:
                self._sqs.send_message(QueueUrl=target, MessageBody=message["Body"])
        self._delete(messages)

    def _complain(self, what: str) -> None:
        if not self._stopping.is_set():
            self._note(f"{self._source.function}: {what}")


def queue_url(sqs: Any, arn: str) -> str:
    """Find the address of a queue of this account."""
    return str(sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[1], QueueOwnerAWSAccountId=ACCOUNT)["QueueUrl"])


def failed_ids(answer: Answer, ids: Sequence[str], partial: bool) -> set[str]:
    """Say which items of a batch failed; an answer that names an unknown item fails the whole batch."""
    if answer.error is not None:
        return set(ids)
    if not partial:
        return set()
    try:
        reported = json.loads(answer.payload or b"null") or {}
        named = {str(failure["itemIdentifier"]) for failure in reported.get("batchItemFailures") or []}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set(ids)
    return named if named <= set(ids) else set(ids)
