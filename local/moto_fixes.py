"""Every place where moto 5.2.5 is bent, each with its reason.

Applied in the emulator's process only. Where moto is wrong and nothing here mends it, docs/laptop.md
says so.
"""

import copy
import threading
import time
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

# How soon a waiting receiver notices a message whose delay has run out.
_RECEIVE_POLL_SECONDS = 0.1
_COUNTS = (
    "approximate_number_of_messages",
    "approximate_number_of_messages_delayed",
    "approximate_number_of_messages_not_visible",
)


def apply() -> None:
    """Bend moto; call once, before the server starts."""
    _make_dynamodb_atomic()
    _keep_stream_records_out_of_backups()
    copy_each_table_once_a_transaction()
    _make_sqs_safe_and_prompt()
    _send_without_counting()
    _keep_the_trace_header()


def _locked(method: Callable[..., Any], lock: Any) -> Callable[..., Any]:
    @wraps(method)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return method(*args, **kwargs)

    return guarded


def _make_dynamodb_atomic() -> None:
    """moto checks a condition and writes without a lock: under threads two claims could both win."""
    tables: Any = import_module("moto.dynamodb.responses")
    streams: Any = import_module("moto.dynamodbstreams.responses")
    lock = threading.RLock()
    for handler in (tables.DynamoHandler, streams.DynamoDBStreamsHandler):
        handler.call_action = _locked(handler.call_action, lock)


def _keep_stream_records_out_of_backups() -> None:
    """Each transaction deep-copies its tables; with the table's whole stream in it, ever more slowly."""
    table: Any = import_module("moto.dynamodb.models.table")
    table.StreamRecord.__deepcopy__ = lambda record, _memo: record


def copy_each_table_once_a_transaction() -> None:
    """moto takes a backup of the table for every action of a transaction: a hundred copies where one serves.

    Only the first backup of a table within one call is made; all of them are taken before anything is written.
    """
    models: Any = import_module("moto.dynamodb.models")
    table: Any = import_module("moto.dynamodb.models.table").Table
    backups = threading.local()
    original = models.DynamoDBBackend.transact_write_items

    def transact_write_items(self: Any, transact_items: Any) -> None:
        backups.made = {}
        try:
            original(self, transact_items)
        finally:
            del backups.made

    def backup(self: Any, memo: Any) -> Any:
        made = getattr(backups, "made", {})
        if id(self) not in made:
            made[id(self)] = copy.copy(self)
            made[id(self)].__dict__ = copy.deepcopy(self.__dict__, memo)
        return made[id(self)]

    models.DynamoDBBackend.transact_write_items = transact_write_items
    table.__deepcopy__ = backup


def _make_sqs_safe_and_prompt() -> None:
    """Concurrent sends and deletes lose messages or raise; a delay that ran out is noticed a second late."""
    backend: Any = import_module("moto.sqs.models").SQSBackend
    lock = threading.RLock()
    receive = backend.receive_message

    def receive_message(self: Any, queue_name: str, count: int, wait: int, *rest: Any) -> Any:
        until = time.monotonic() + wait
        while True:
            with lock:
                messages = receive(self, queue_name, count, 0, *rest)
            left = until - time.monotonic()
            if messages or left <= 0:
                return messages
            time.sleep(min(_RECEIVE_POLL_SECONDS, left))

    backend.receive_message = receive_message
    for name in ("send_message", "send_message_batch", "delete_message", "change_message_visibility"):
        setattr(backend, name, _locked(getattr(backend, name), lock))


def _send_without_counting() -> None:
    """Each send and receive reads one setting of the queue, and moto counts all messages to answer."""
    models: Any = import_module("moto.sqs.models")
    backend, queues = models.SQSBackend, models.Queue
    sending = threading.local()
    send = backend.send_message

    def send_message(*args: Any, **kwargs: Any) -> Any:
        sending.now = True
        try:
            return send(*args, **kwargs)
        finally:
            sending.now = False

    def unless_sending(count: property) -> property:
        return property(lambda queue: 0 if getattr(sending, "now", False) else count.fget(queue))  # type: ignore[misc]

    def still_retained(self: Any, queue_name: str, message: Any) -> bool:
        retention = self.get_queue(queue_name).message_retention_period
        return bool(retention + message.sent_timestamp / 1000 > time.time())

    backend.send_message = send_message
    backend.is_message_valid_based_on_retention_period = still_retained
    for name in _COUNTS:
        setattr(queues, name, unless_sending(getattr(queues, name)))


def _keep_the_trace_header() -> None:
    """SQS keeps a sender's trace header with the message; Lambda's recursion detection counts by it."""
    backend: Any = import_module("moto.sqs.models").SQSBackend
    door: Any = import_module("moto.sqs.responses").SQSResponse
    asking = threading.local()
    call, send = door.call_action, backend.send_message

    def call_action(self: Any) -> Any:
        asking.trace = self.headers.get("X-Amzn-Trace-Id")
        return call(self)

    def send_message(*args: Any, **kwargs: Any) -> Any:
        trace = getattr(asking, "trace", None)
        if trace and not (kwargs.get("system_attributes") or {}).get("AWSTraceHeader"):
            kwargs["system_attributes"] = {"AWSTraceHeader": {"StringValue": trace, "DataType": "String"}}
        return send(*args, **kwargs)

    door.call_action = call_action
    backend.send_message = send_message
