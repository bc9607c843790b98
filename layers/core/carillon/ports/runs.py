"""The Runs table, and what attempts put out and say."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from carillon.domain.audit import AuditEntry
from carillon.domain.run import Run, RunState
from carillon.domain.run_id import RunId
from carillon.domain.run_log import RunLog
from carillon.ports.pages import Page


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


class RunStates(Protocol):
    """The states of a schedule's runs without their rows, and the unfinished runs of all schedules."""

    def between(self, schedule_id: str, first: datetime, last: datetime) -> Mapping[str, RunState]:
        """State by run key of every row whose key's moment lies in [first, last] (consistent)."""

    def unfinished(self, shard: int, limit: int, start: Mapping[str, Any] | None = None) -> Page[RunId]:
        """Unfinished runs of a shard, steps among them, in the order of wake_at (eventually consistent)."""


class OutputStore(Protocol):
    """What attempts put out, each in a row of its own that goes as its run's row goes."""

    def keep(self, run: Run, output: Any, now: datetime) -> None:
        """Stores the output of the run's present attempt; the first one kept stands."""

    def read(self, run: Run) -> Any:
        """The output of the run's present attempt (consistent); OutputNotFound."""

    def read_many(self, runs: Sequence[Run]) -> Mapping[RunId, Any]:
        """The outputs of these runs' present attempts (consistent), in hundreds; those without one are left out."""


class RunLogStore(Protocol):
    """What tasks wrote, one row for each attempt."""

    def keep(self, run: Run, log: RunLog, now: datetime) -> None:
        """Writes the log of the run's present attempt over what was kept of it before."""

    def read(self, run: Run, attempt: int) -> RunLog:
        """The log of an attempt as of now (consistent), empty where nothing was kept."""
