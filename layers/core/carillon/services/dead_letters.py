"""Lists the messages that could not be delivered, and sends one again if its run still wants it."""

from collections.abc import Mapping
from typing import Any

from carillon.domain.access import Principal
from carillon.domain.dead_letter import DeadLetter, judge
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import MalformedMessage, MalformedRow, MessageNotWanted, Unavailable
from carillon.domain.scope import Subject
from carillon.ports.dispatch import DeadLetterStore, DispatchQueue
from carillon.ports.pages import Page
from carillon.ports.runs import RunStore
from carillon.ports.world import Clock
from carillon.services.authorise import Permission, authorise, visible
from carillon.services.journal import Journal


class DeadLetters:
    """The shelf of kept messages, as operators use it."""

    def __init__(
        self, kept: DeadLetterStore, runs: RunStore, queue: DispatchQueue, clock: Clock, journal: Journal
    ) -> None:
        self._kept = kept
        self._runs = runs
        self._queue = queue
        self._clock = clock
        self._journal = journal

    def page(self, principal: Principal, limit: int, start: Mapping[str, Any] | None) -> Page[DeadLetter]:
        """The kept messages, newest first; Forbidden."""
        is_visible = visible(principal, Permission.READ_DEAD_LETTERS)
        page = self._kept.page(limit, start)
        return Page(tuple(each for each in page.items if is_visible(Subject(each.message_id))), page.next_key)

    def redrive(self, principal: Principal, message_id: str) -> Dispatch:
        """The message as it was sent again; DeadLetterNotFound, MessageNotWanted, Forbidden, Unavailable."""
        authorise(principal, Permission.REDRIVE_DEAD_LETTERS, Subject(message_id))
        message = self._wanted(self._kept.get(message_id))
        subject = f"dead-letter:{message_id}"
        audit = self._journal.entry(
            principal,
            "dead-letter.redrive",
            subject,
            self._clock.now(),
            after={"run_id": str(message.run_id), "attempt": message.attempt},
        )
        self._kept.note_redrive(message_id, audit)
        if self._queue.send([message], self._clock.now()):
            raise Unavailable("The queue did not take the message; try again, or leave it to the next tick.")
        return message

    def _wanted(self, letter: DeadLetter) -> Dispatch:
        try:
            message = Dispatch.decode(letter.body)
        except MalformedMessage as error:
            raise MessageNotWanted(f"It is no dispatch message, so no run waits for it. {error}") from None
        try:
            run = self._runs.get(message.run_id)
        except MalformedRow as error:
            raise MessageNotWanted(f"Its run cannot be read. {error}") from None
        verdict = judge(message, run)
        if run is None or not verdict.ends_run:
            hint = " POST /v1/runs/{run_id}/retry runs it again." if run is not None and run.ended_at else ""
            raise MessageNotWanted(f"It is not needed: {verdict.reason}.{hint}")
        return Dispatch.for_next_attempt(run)
