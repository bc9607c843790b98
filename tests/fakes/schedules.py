"""The Schedules table in memory."""

from dataclasses import replace

from carillon.domain.claim import ClaimFault, ClaimVerdict
from carillon.domain.errors import (
    CarillonError,
    LostRace,
    MalformedRow,
    RevisionNotFound,
    ScheduleExists,
    Throttled,
)
from carillon.domain.moments import to_ms
from carillon.domain.schedule import Schedule, ScheduleState
from carillon.ports.pages import Page
from carillon.ports.schedules import BrokenRow
from tests.fakes.database import PoisonRow, paged, stored
from tests.fakes.shards import shard_of

DUE_PAGE = 500
MAX_ACTIONS = 100


class MemorySchedules:
    """ScheduleStore in memory."""

    def __init__(self, database):
        self._database = database

    def due_before(self, shard, horizon, page=DUE_PAGE):
        with self._database.operation("due_before"):
            rows = sorted(self._due(shard, horizon), key=lambda row: row[0])
        for first in range(0, len(rows), page):
            yield [head for _, head in rows[first : first + page]]

    def _due(self, shard, horizon):
        for schedule_id, head in self._database.indexed_heads().items():
            if shard_of(schedule_id, self._database.shards) != shard:
                continue
            if isinstance(head, PoisonRow):
                if 0 < head.due_at_ms <= to_ms(horizon):
                    yield head.due_at_ms, BrokenRow(schedule_id, head.due_at_ms, head.reason)
            elif head.due_at is not None and head.due_at <= horizon:
                yield to_ms(head.due_at), _as_projected(head)

    def head(self, schedule_id):
        with self._database.operation("head"):
            head = self._database.heads.get(schedule_id)
            if isinstance(head, PoisonRow):
                raise MalformedRow(head.reason)
            return head

    def heads(self, schedule_ids):
        with self._database.operation("heads"):
            found = {schedule_id: self._database.heads.get(schedule_id) for schedule_id in schedule_ids}
            return {schedule_id: head for schedule_id, head in found.items() if isinstance(head, Schedule)}

    def followers(self, schedule_id):
        with self._database.operation("followers"):
            heads = [head for head in self._database.heads.values() if isinstance(head, Schedule)]
            followed = {head.schedule_id: head.timetable.after for head in heads}
            return sorted(
                one for one, after in followed.items() if after and after.schedule_id == schedule_id
            )

    def revision(self, schedule_id, number):
        with self._database.operation("revision"):
            try:
                return self._database.revisions[schedule_id, number]
            except KeyError:
                raise RevisionNotFound(f"Schedule {schedule_id} has no revision {number}.") from None

    def revisions(self, schedule_id, limit, start=None):
        with self._database.operation("revisions"):
            found = [
                revision for (owner, _), revision in self._database.revisions.items() if owner == schedule_id
            ]
            found.sort(key=lambda revision: -revision.number)
            page, last = paged(found, limit, start, lambda revision: revision.number)
            return Page(tuple(page), last)

    def page(self, shard, limit, start=None):
        with self._database.operation("page"):
            found = sorted(
                schedule_id
                for schedule_id, head in self._database.indexed_heads().items()
                if shard_of(schedule_id, self._database.shards) == shard and _is_listed(head)
            )
            page, last = paged(found, limit, start, str)
            return Page(tuple(page), last)

    def commit(self, claims):
        with self._database.operation("commit"):
            if sum(claim.actions for claim in claims) > MAX_ACTIONS:
                raise CarillonError(f"A transaction takes at most {MAX_ACTIONS} actions.")
            verdicts = [self._verdict(claim) for claim in claims]
            if any(verdict.fault is not ClaimFault.NONE for verdict in verdicts):
                return verdicts
            for claim in claims:
                self._apply(claim)
            return None

    def _verdict(self, claim):
        schedule_id = claim.schedule.schedule_id
        existing = frozenset(run.run_id for run in claim.runs if run.run_id in self._database.runs)
        if not self._is_unchanged(claim.schedule):
            return ClaimVerdict(ClaimFault.LOST, existing)
        if self._database.busy("commit", schedule_id):
            return ClaimVerdict(ClaimFault.CONFLICT, existing)
        return ClaimVerdict(ClaimFault.EXISTS if existing else ClaimFault.NONE, existing)

    def _is_unchanged(self, read):
        head = self._database.heads.get(read.schedule_id)
        return isinstance(head, Schedule) and (head.next_fire_at, head.generation, head.head_version) == (
            stored(read).next_fire_at,
            read.generation,
            read.head_version,
        )

    def _apply(self, claim):
        schedule_id = claim.schedule.schedule_id
        self._database.runs.update({run.run_id: stored(run) for run in claim.runs})
        self._database.heads[schedule_id] = stored(
            replace(
                self._database.heads[schedule_id],
                next_fire_at=claim.next_fire_at,
                due_at=claim.due_at,
                state=claim.state,
                state_reason=claim.state_reason,
                fires_left=claim.fires_left,
                skip_next=claim.skip_next,
                **_resumed(claim),
            )
        )

    def calendars(self, names):
        if not names:
            return {}
        with self._database.operation("calendars"):
            found = {name: self._database.calendars.get(name) for name in names}
            return {name: calendar for name, calendar in found.items() if calendar is not None}

    def calendar_page(self, limit, start=None):
        with self._database.operation("calendar_page"):
            names = sorted(self._database.calendars)
            page, last = paged(names, limit, start, str)
            return Page(tuple(self._database.calendars[name] for name in page), last)

    def save_calendar(self, calendar, audit, *, replaces):
        with self._database.operation("save_calendar"):
            if self._is_settled(calendar.name, audit, replaces):
                self._database.calendars[calendar.name] = stored(calendar)

    def remove_calendar(self, name, audit, *, replaces):
        with self._database.operation("remove_calendar"):
            if self._is_settled(name, audit, replaces):
                del self._database.calendars[name]

    def _is_settled(self, name, audit, replaces):
        """Whether the write is still to be done; a repeat finds its own audit row."""
        if audit.entry_id in self._database.audit:
            return False
        found = self._database.calendars.get(name)
        if (found.version if found else None) != replaces:
            raise LostRace(f"The calendar {name} was changed meanwhile.")
        self._database.audit[audit.entry_id] = audit
        return True

    def write(self, change):
        with self._database.operation("write"):
            schedule_id = change.after.schedule_id
            if change.audit.entry_id in self._database.audit:
                return None
            self._check(change, schedule_id)
            existing = frozenset(run.run_id for run in change.runs if run.run_id in self._database.runs)
            if existing:
                return existing
            self._database.heads[schedule_id] = stored(change.after)
            self._database.audit[change.audit.entry_id] = change.audit
            self._database.runs.update({run.run_id: stored(run) for run in change.runs})
            if change.revision is not None:
                self._database.revisions[schedule_id, change.revision.number] = change.revision
            return None

    def _check(self, change, schedule_id):
        if change.before is None and schedule_id in self._database.heads:
            raise ScheduleExists(f"There is a schedule {schedule_id} already.")
        if change.before is not None and not self._is_unchanged(change.before):
            raise LostRace(f"Schedule {schedule_id} was changed meanwhile.")
        if change.revision is not None and (schedule_id, change.revision.number) in self._database.revisions:
            raise LostRace(f"Schedule {schedule_id} has a revision of this number already.")
        if self._database.busy("write", schedule_id):
            raise Throttled("The transaction met another one.")

    def mark_broken(self, row, now):
        with self._database.operation("mark_broken"):
            head = self._database.heads.get(row.schedule_id)
            if isinstance(head, PoisonRow) and head.due_at_ms == row.due_at_ms:
                self._database.heads[row.schedule_id] = replace(head, reason=row.reason, due_at_ms=0)


def _resumed(claim):
    """What the end of a pause moves."""
    return {} if claim.resumed_at is None else {"active_since": claim.resumed_at, "paused_until": None}


def _as_projected(head):
    """The head as the due index carries it."""
    return Schedule(
        schedule_id=head.schedule_id,
        timetable=head.timetable,
        policies=head.policies,
        state=head.state,
        head_version=head.head_version,
        generation=head.generation,
        next_fire_at=head.next_fire_at,
        due_at=head.due_at,
        active_since=head.active_since,
        paused_until=head.paused_until,
        fires_left=head.fires_left,
        skip_next=head.skip_next,
        created_at=head.created_at,
        updated_at=head.created_at,
    )


def _is_listed(head):
    return isinstance(head, PoisonRow) or head.state is not ScheduleState.DELETED
