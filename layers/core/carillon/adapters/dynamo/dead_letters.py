"""Dead letters in the Guards table, which has no index: they are listed by number, newest first, and never scanned.

A counter row numbers them; a row per number names a message; the message's own row holds its body and its number. A
number whose message says another one was given twice or by a writer that died, and is passed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from carillon.adapters.dynamo.audit import write_audited
from carillon.adapters.dynamo.database import ConditionFailed, Database
from carillon.adapters.dynamo.expressions import Expression
from carillon.adapters.dynamo.sealed_json import opened_json, sealed_json
from carillon.adapters.dynamo.wire import Row, Wire, expiry, moment, text, whole
from carillon.domain.audit import AuditEntry
from carillon.domain.dead_letter import DeadLetter
from carillon.domain.errors import DeadLetterNotFound, MalformedRow
from carillon.ports.pages import Page

MAX_BODY_BYTES: Final = 300_000
"""A queue takes a megabyte and a row 400 KB; no message of Carillon's own comes near either."""

STRIDE: Final = 100
"""Numbers looked at in one read; a whole stride of nothing means that what is older has expired."""

_COUNTER: Final = "dead-letters"


class DynamoDeadLetters:
    """DeadLetterStore over the Guards table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, message_id: str, body: str, reason: str, now: datetime) -> None:
        """UpdateItem of the counter, PutItem of the number, PutItem if absent of the message.

        A body too large for a row is cut and says so.
        """
        if self._item(message_id) is not None:
            return  # Received again: the first copy stands.
        number, expires_at = self._next_number(), expiry(now + self._database.kept)
        self._put(
            {"guard": text(_numbered(number)), "message_id": text(message_id), "expires_at": expires_at}
        )
        kept = body.encode()[:MAX_BODY_BYTES].decode(errors="ignore")
        item: Wire = {
            "guard": text(_named(message_id)),
            "message_id": text(message_id),
            "number": whole(number),
            "body": sealed_json(self._database, kept, _context(message_id)),
            "reason": text(reason),
            "kept_at": moment(now),
            "expires_at": expires_at,
        }
        if kept != body:
            item["is_cut"] = {"BOOL": True}
        self._put(item)

    def get(self, message_id: str) -> DeadLetter:
        """GetItem, consistent; DeadLetterNotFound."""
        item = self._item(message_id)
        if item is None:
            raise DeadLetterNotFound
        return self._read(item)

    def page(self, limit: int, start: Mapping[str, Any] | None = None) -> Page[DeadLetter]:
        """GetItem of the counter, then BatchGetItem of a stride of numbers and of their messages."""
        first = int(start["before"]) if start else self._newest() + 1
        letters: list[DeadLetter] = []
        while first > 1:
            numbers = range(first - 1, max(0, first - 1 - STRIDE), -1)
            found = self._numbered(numbers)
            for number, item in found:
                letters.append(self._shown(item))
                if len(letters) == limit:
                    return Page(tuple(letters), {"before": number} if number > 1 else None)
            if not found:
                break
            first = numbers[-1]
        return Page(tuple(letters))

    def note_redrive(self, message_id: str, audit: AuditEntry) -> None:
        """TransactWriteItems: UpdateItem of the message if it is there, and the audit row."""
        expression = Expression()
        update = expression.update({"redriven_at": moment(audit.at), "redriven_by": text(audit.actor)})
        condition = expression.present("guard")
        action = {
            "Update": {
                "TableName": self._database.guards_table,
                "Key": {"guard": text(_named(message_id))},
                "UpdateExpression": update,
                "ConditionExpression": condition,
                **expression.arguments(),
            }
        }
        if not write_audited(self._database, action, audit):
            raise DeadLetterNotFound

    def _read(self, item: Wire) -> DeadLetter:
        message_id = Row(item, "A dead letter").text("message_id")
        name = f"The text of dead letter {message_id}"
        body = opened_json(self._database, item.get("body"), name, _context(message_id))
        return self._letter(item, str(body))

    def _shown(self, item: Wire) -> DeadLetter:
        """As `_read`, but one that was altered hides no other: it is listed without its text."""
        try:
            return self._read(item)
        except MalformedRow as error:
            return replace(self._letter(item, ""), reason=str(error))

    def _letter(self, item: Wire, body: str) -> DeadLetter:
        row = Row(item, "A dead letter")
        return DeadLetter(
            message_id=row.text("message_id"),
            body=body,
            reason=row.text("reason"),
            kept_at=row.moment("kept_at"),
            is_cut=row.flag("is_cut"),
            redriven_at=row.maybe_moment("redriven_at"),
            redriven_by=row.maybe_text("redriven_by"),
        )

    def _item(self, message_id: str) -> Wire | None:
        return self._database.get(self._database.guards_table, {"guard": text(_named(message_id))})

    def _newest(self) -> int:
        item = self._database.get(self._database.guards_table, {"guard": text(_COUNTER)})
        return 0 if item is None else Row(item, "The count of dead letters").whole("count")

    def _next_number(self) -> int:
        expression = Expression()
        answer = self._database.call(
            "update_item",
            TableName=self._database.guards_table,
            Key={"guard": text(_COUNTER)},
            UpdateExpression=f"ADD {expression.name('count')} {expression.value(whole(1))}",
            ReturnValues="UPDATED_NEW",
            **expression.arguments(),
        )
        return Row(answer["Attributes"], "The count of dead letters").whole("count")

    def _numbered(self, numbers: Sequence[int]) -> list[tuple[int, Wire]]:
        """The messages of some numbers that are still there, in the order asked for."""
        slots = self._batch([_numbered(number) for number in numbers])
        ids = {number: slots[_numbered(number)] for number in numbers if _numbered(number) in slots}
        named = {number: _named(str(slot["message_id"]["S"])) for number, slot in ids.items()}
        items = self._batch(list(dict.fromkeys(named.values())))
        found = [(number, items[guard]) for number, guard in named.items() if guard in items]
        return [(number, item) for number, item in found if item["number"] == whole(number)]

    def _batch(self, guards: Sequence[str]) -> dict[str, Wire]:
        keys = [{"guard": text(guard)} for guard in guards]
        items = self._database.get_batch(self._database.guards_table, keys, consistent=False)
        return {str(item["guard"]["S"]): item for item in items}

    def _put(self, item: Wire) -> None:
        expression = Expression()
        condition = expression.absent("guard")
        try:
            self._database.call(
                "put_item",
                TableName=self._database.guards_table,
                Item=item,
                ConditionExpression=condition,
                **expression.arguments(),
            )
        except ConditionFailed:
            return  # This very row, put by a repeat of this call or by the message's other receiver.


def _named(message_id: str) -> str:
    return f"dead#{message_id}"


def _numbered(number: int) -> str:
    return f"dead-letter-number#{number}"


def _context(message_id: str) -> Mapping[str, str]:
    return {"purpose": "dead-letter", "message": message_id}
