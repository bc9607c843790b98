"""What the services need from the world, as Protocols with their contracts.

Every store method is one access pattern. Errors: `Throttled` and `Unavailable` may come from any of them and
are retryable; what else a method raises stands in its docstring. All moments are aware and UTC.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from carillon.domain.access import User
from carillon.domain.audit import AuditEntry
from carillon.domain.calendars import Calendar, Calendars
from carillon.domain.claim import Claim, ClaimVerdict
from carillon.domain.dead_letter import DeadLetter
from carillon.domain.dispatch import Dispatch
from carillon.domain.job import Revision
from carillon.domain.measures import Values
from carillon.domain.outcome import Outcome
from carillon.domain.overlap import Slot
from carillon.domain.rbac import Role
from carillon.domain.run import Run
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule
from carillon.domain.target_call import TargetCall

Given = TypeVar("Given")
Item = TypeVar("Item")


class Clock(Protocol):
    """The time, and waiting for it."""

    def now(self) -> datetime:
        """The current moment, UTC."""

    def sleep(self, seconds: float) -> None:
        """Waits; returns at once for zero or less."""


class Chance(Protocol):
    """Randomness: unguessable ids, and shares for jitter."""

    def token(self) -> str:
        """A fresh unguessable id of 128 bits, lower-case letters and digits."""

    def share(self) -> float:
        """A uniform number in [0, 1)."""


class Concurrently(Protocol):
    """How independent pieces of work are carried out: `map` itself, or a thread pool's."""

    def __call__(self, work: Callable[[Given], Item], pieces: Iterable[Given], /) -> Iterable[Item]:
        """The results in the order of the pieces; an error of one surfaces when its result is taken."""


class Log(Protocol):
    """The structured log: a sentence for people, an action name and fields for machines; never a secret."""

    def __call__(self, action: str, message: str, **fields: object) -> None:
        """Writes one line."""


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A head in the due index that cannot be read; `due_at_ms` is its index key as stored."""

    schedule_id: str
    due_at_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """One operator write: the head, perhaps a new revision, the fire times it jumps over, and its audit row.

    `before` is the head as read (None: the id must be unused); the write holds only if head_version,
    generation and next_fire_at are still those. `runs` are put if absent.
    """

    before: Schedule | None
    after: Schedule
    audit: AuditEntry
    revision: Revision | None = None
    runs: tuple[Run, ...] = ()


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items of a list, and where the next page begins (None: this is the last).

    `next_key` is the store's own key, not yet the authenticated cursor that a client sees.
    """

    items: tuple[Item, ...]
    next_key: Mapping[str, Any] | None = None


class ScheduleStore(Protocol):
    """The Schedules table: heads, revisions, and the claim."""

    def due_before(self, shard: int, horizon: datetime) -> Iterator[Sequence[Schedule | BrokenRow]]:
        """Pages of heads with due_at ≤ horizon, earliest first, from the eventually consistent due index.

        Carries what `plan` needs, not owner, tags or alerts.
        """

    def head(self, schedule_id: str) -> Schedule | None:
        """The head as of now (consistent), a tombstone (state deleted) included; MalformedRow."""

    def heads(self, schedule_ids: Sequence[str]) -> Mapping[str, Schedule]:
        """Up to 100 heads at once, eventually consistent; those that do not exist are left out."""

    def revision(self, schedule_id: str, number: int) -> Revision:
        """An immutable revision; RevisionNotFound, MalformedRow."""

    def revisions(
        self, schedule_id: str, limit: int, start: Mapping[str, Any] | None = None
    ) -> Page[Revision]:
        """The revisions, newest first."""

    def page(self, shard: int, limit: int, start: Mapping[str, Any] | None = None) -> Page[str]:
        """Ids of one catalog shard in id order, deleted ones left out."""

    def commit(self, claims: Sequence[Claim]) -> Sequence[ClaimVerdict] | None:
        """Writes the claims in one transaction of at most MAX_ACTIONS actions: all (None) or nothing.

        When nothing was written, one verdict per claim in the same order.
        """

    def write(self, change: Change) -> frozenset[RunId] | None:
        """One transaction: head, revision, run rows, audit. None when written.

        When only run rows stood in the way, nothing is written and their ids are answered.
        Raises LostRace when the head is no longer `before`, ScheduleExists when it should not exist.
        """

    def calendars(self, names: Collection[str]) -> Calendars:
        """The calendars of these names as of now (consistent); those missing or unreadable are left out."""

    def calendar_page(self, limit: int, start: Mapping[str, Any] | None = None) -> Page[Calendar]:
        """All calendars in the order of their names."""

    def save_calendar(self, calendar: Calendar, audit: AuditEntry, *, replaces: int | None) -> None:
        """Writes calendar and audit row together if its version still is `replaces` (None: unused name); LostRace."""

    def remove_calendar(self, name: str, audit: AuditEntry, *, replaces: int) -> None:
        """Removes the calendar and writes the audit row together if its version still is `replaces`; LostRace."""

    def followers(self, schedule_id: str) -> Sequence[str]:
        """Ids of schedules that run, or once ran, after this one (consistent)."""

    def mark_broken(self, row: BrokenRow, now: datetime) -> None:
        """Takes an unreadable head out of the due index with its reason; nothing if it has moved meanwhile."""


class RunStore(Protocol):
    """The Runs table."""

    def put_if_absent(self, run: Run, audit: AuditEntry | None = None) -> bool:
        """Whether this write created the row; with an audit entry both are one transaction."""

    def get(self, run_id: RunId) -> Run | None:
        """The row as of now (consistent); MalformedRow."""

    def get_many(self, run_ids: Sequence[RunId]) -> Sequence[Run]:
        """Rows as of now (consistent), in hundreds; those that do not exist or cannot be read are left out."""

    def tree(self, top: RunId) -> Sequence[Run]:
        """A top-level run and everything below it in the order of their keys (consistent); MalformedRow."""

    def transition(
        self, before: Run, after: Run, *, held_wake: bool = False, audit: AuditEntry | None = None
    ) -> Run:
        """Writes `after` if the row's state, claim_id and attempt (with `held_wake` also wake_at) are `before`'s.

        With an audit entry both are one transaction.

        Answers the row as written. A row found already in after's state with after's claim_id and attempt was
        this very write, repeated by the SDK: success. LostRace otherwise.
        """

    def of_schedule(self, schedule_id: str, limit: int, start: Mapping[str, Any] | None = None) -> Page[Run]:
        """A schedule's runs, newest first."""

    def queued_between(self, schedule_id: str, first: datetime, last: datetime) -> Sequence[Run]:
        """QUEUED runs whose key's moment lies in [first, last] (consistent)."""

    def put_off_unreadable(self, run_id: RunId, until: datetime) -> str | None:
        """Moves a row that cannot be read to `until` in the wake index; answers why it cannot be read.

        None, and nothing written, where there is no such row, or it can be read, or it has moved meanwhile.
        """

    def wake_before(self, shard: int, moment: datetime, limit: int) -> Sequence[RunId]:
        """Unfinished runs with wake_at ≤ moment, longest overdue first; a hint (eventually consistent)."""

    def oldest_wake(self, shard: int) -> datetime | None:
        """The earliest wake_at of a shard's unfinished runs, past or to come (eventually consistent)."""

    def failed_since(
        self, shard: int, moment: datetime, limit: int, start: Mapping[str, Any] | None = None
    ) -> Page[RunId]:
        """Runs that ended in failure at or after the moment, newest first."""


class DispatchQueue(Protocol):
    """The Dispatch queue."""

    def send(self, messages: Sequence[Dispatch], now: datetime) -> Sequence[Dispatch]:
        """Sends in tens, each delayed so that it arrives as its not_before begins (at most 900 s).

        Answers those that could not be sent after retries; the sweep sends them again.
        """


class TickRanges(Protocol):
    """Further ticks, each over its own range of shards."""

    def start(self, shards: range) -> None:
        """Starts a tick over the range and does not wait for it."""


class AccessStore(Protocol):
    """The Access table."""

    def user(self, name: str) -> User | None:
        """The user as of now (consistent)."""

    def users(self, limit: int, start: Mapping[str, Any] | None = None) -> Page[User]:
        """Users in the order of their names, as of now."""

    def save_user(self, user: User, audit: AuditEntry, *, before: User | None) -> None:
        """Writes the user and the audit row together if its version is still `before`'s (None: unused name).

        LostRace otherwise; LastAdmin when no enabled admin would be left.
        """

    def delete_user(self, user: User, audit: AuditEntry) -> None:
        """Deletes the user, if its version is still this one, and writes the audit row; LostRace, LastAdmin."""

    def roles(self, names: Sequence[str]) -> Sequence[Role]:
        """The stack's own roles of these names as of now, at most 100; those that do not exist are left out."""

    def all_roles(self) -> Sequence[Role]:
        """Every role of the stack's own, as of now, in the order of their names."""

    def save_role(self, role: Role, audit: AuditEntry, *, replaces: int | None) -> None:
        """Writes the role and the audit row together if its version is still `replaces` (None: unused name).

        LostRace otherwise.
        """

    def delete_role(self, role: Role, audit: AuditEntry) -> None:
        """Deletes the role, if its version is still this one, and writes the audit row; LostRace."""


class Guards(Protocol):
    """The Guards table: small facts with an expiry that is part of every condition."""

    def count_failures(self, key: str, now: datetime) -> int:
        """Failures recorded under the key in the current window."""

    def record_failure(self, key: str, now: datetime, window_seconds: int) -> int:
        """Adds one failure; answers how many the window holds now."""

    def take_back_failure(self, key: str, now: datetime) -> None:
        """Takes one failure out of the window again, if it is still open."""


class SlotStore(Protocol):
    """The overlap slots of schedules, in the Guards table."""

    def read(self, schedule_id: str) -> Slot:
        """The slot as of now (consistent), empty when nobody has it."""

    def swap(self, schedule_id: str, before: Slot, after: Slot, now: datetime) -> Slot | None:
        """Writes `after` if the slot still is `before`: None when written, else the slot as found.

        A repeat of this very write finds `after`.
        """


class TokenSigner(Protocol):
    """Signs the tokens this stack issues; the key never leaves KMS."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact ES256 JWT."""

    def key_set(self) -> Mapping[str, Any]:
        """The public keys as a JWK set."""


class TokenVerifier(Protocol):
    """Judges the signatures of tokens; what the claims say is judged by the caller."""

    def verify(self, token: str) -> Mapping[str, Any]:
        """The claims of a token signed by a known key with the one accepted algorithm; Unauthenticated."""


class CursorKeys(Protocol):
    """The secret that authenticates the cursors of lists."""

    def cursor_key(self) -> bytes:
        """Always the same 32 bytes for one stack, made at first use."""


class Metrics(Protocol):
    """Numbers that alarms watch."""

    def put(self, name: str, value: float, unit: str, **properties: str) -> None:
        """Tells one value; properties explain it and are no dimensions."""

    def put_all(self, values: Values, *, schedule_id: str | None = None, **properties: str) -> None:
        """Tells values of known metrics together, for the stack or for one schedule; nothing when there are none."""


class Target(Protocol):
    """One kind of target."""

    def execute(self, call: TargetCall) -> Outcome:
        """Calls the target once, within call.deadline_at; expected failures are outcomes, not errors."""


class AlertTopic(Protocol):
    """Where alerts go."""

    def publish(self, subject: str, message: Mapping[str, Any]) -> None:
        """Sends one alert."""


class ArchiveBucket(Protocol):
    """Where ended runs go."""

    def put(self, key: str, body: bytes) -> None:
        """Writes one gzip JSON Lines object; writing the same key again replaces it with the same content."""


class OutputStore(Protocol):
    """What attempts put out, each in a row of its own that goes as its run's row goes."""

    def keep(self, run: Run, output: Any, now: datetime) -> None:
        """Stores the output of the run's present attempt; the first one kept stands."""

    def read(self, run: Run) -> Any:
        """The output of the run's present attempt (consistent); OutputNotFound."""

    def read_many(self, runs: Sequence[Run]) -> Mapping[RunId, Any]:
        """The outputs of these runs' present attempts (consistent), in hundreds; those without one are left out."""


class DeadLetterStore(Protocol):
    """Undeliverable messages, kept so that they can be listed and sent again."""

    def keep(self, message_id: str, body: str, reason: str, now: datetime) -> None:
        """Stores a message; the same id again is the same row."""

    def get(self, message_id: str) -> DeadLetter:
        """One message as of now (consistent); DeadLetterNotFound."""

    def page(self, limit: int, start: Mapping[str, Any] | None = None) -> Page[DeadLetter]:
        """The kept messages, newest first."""

    def note_redrive(self, message_id: str, audit: AuditEntry) -> None:
        """Writes that the message is sent again, with the audit entry, as one transaction; DeadLetterNotFound."""
