"""The Runs table in memory."""

from dataclasses import replace

from carillon.domain.errors import LostRace, MalformedRow, Throttled
from carillon.domain.run import LISTED_AS_FAILED, Run, RunState
from carillon.ports.pages import Page
from tests.fakes.database import PoisonRow, names, paged, stored
from tests.fakes.shards import shard_of


class MemoryRuns:
    """RunStore in memory."""

    def __init__(self, database):
        self._database = database

    def put_if_absent(self, run, audit=None):
        with self._database.operation("put_if_absent"):
            _check(run)
            if audit is not None and audit.entry_id in self._database.audit:
                return True
            if run.run_id in self._database.runs:
                return _is_own_write(self._database.runs[run.run_id], _as_row(run), held_wake=False)
            if audit is not None:
                if self._database.busy("put_if_absent", run.run_id):
                    raise Throttled("The transaction met another one.")
                self._database.audit[audit.entry_id] = audit
            self._database.runs[run.run_id] = _as_row(run)
            return True

    def get(self, run_id):
        with self._database.operation("get"):
            run = self._database.runs.get(run_id)
            if isinstance(run, PoisonRow):
                raise MalformedRow(run.reason)
            return run

    def get_many(self, run_ids):
        with self._database.operation("get_many"):
            found = [self._database.runs.get(run_id) for run_id in dict.fromkeys(run_ids)]
            return [run for run in found if isinstance(run, Run)]

    def tree(self, top):
        with self._database.operation("tree"):
            below = f"{top.run_key}."
            found = {
                run_id: run
                for run_id, run in self._database.runs.items()
                if run_id == top
                or (run_id.schedule_id == top.schedule_id and run_id.run_key.startswith(below))
            }
            for run in found.values():
                if isinstance(run, PoisonRow):
                    raise MalformedRow(run.reason)
            return [found[run_id] for run_id in sorted(found)]

    def transition(self, before, after, *, held_wake=False, audit=None):
        with self._database.operation("transition"):
            _check(after)
            if audit is not None and audit.entry_id in self._database.audit:
                return self._database.runs[before.run_id]
            row = self._database.runs.get(before.run_id)
            if not isinstance(row, Run) or _condition(row, held_wake) != _condition(
                _as_row(before), held_wake
            ):
                if _is_own_write(row, _as_row(after), held_wake=held_wake):
                    return row
                raise LostRace(f"Run {before.run_id} did not become {after.state}.")
            written = _as_row(_merged(row, before, after))
            if audit is not None:
                if self._database.busy("transition", before.run_id):
                    raise Throttled("The transaction met another one.")
                self._database.audit[audit.entry_id] = audit
            self._database.runs[before.run_id] = written
            return written

    def of_schedule(self, schedule_id, limit, start=None):
        with self._database.operation("of_schedule"):
            found = sorted(self._rows_of(schedule_id), key=lambda run: run.run_id, reverse=True)
            page, last = paged(found, limit, start, lambda run: run.run_id.run_key)
            return Page(tuple(page), last)

    def queued_between(self, schedule_id, first, last):
        with self._database.operation("queued_between"):
            found = [
                run
                for run in self._rows_of(schedule_id)
                if run.state is RunState.QUEUED and first <= run.run_id.moment <= last
            ]
            return sorted(found, key=lambda run: run.run_id)

    def put_off_unreadable(self, run_id, until):
        with self._database.operation("put_off_unreadable"):
            row = self._database.runs.get(run_id)
            if not isinstance(row, PoisonRow) or row.wake_at is None:
                return None
            self._database.runs[run_id] = replace(row, wake_at=until)
            return row.reason

    def wake_before(self, shard, moment, limit):
        with self._database.operation("wake_before"):
            found = [
                (run.wake_at, run_id)
                for run_id, run in self._indexed(shard)
                if run.wake_at is not None and run.wake_at <= moment
            ]
            return [run_id for _, run_id in sorted(found)[:limit]]

    def oldest_wake(self, shard):
        with self._database.operation("oldest_wake"):
            wakes = [run.wake_at for _, run in self._indexed(shard) if run.wake_at is not None]
            return min(wakes, default=None)

    def failed_since(self, shard, moment, limit, start=None):
        with self._database.operation("failed_since"):
            found = [
                (run.ended_at, run_id)
                for run_id, run in self._indexed(shard)
                if isinstance(run, Run) and run.state in LISTED_AS_FAILED and run.ended_at >= moment
            ]
            ordered = [run_id for _, run_id in sorted(found, reverse=True)]
            page, last = paged(ordered, limit, start, str)
            return Page(tuple(page), last)

    def _rows_of(self, schedule_id):
        rows = self._database.runs.values()
        return [run for run in rows if isinstance(run, Run) and run.run_id.schedule_id == schedule_id]

    def _indexed(self, shard):
        for run_id, run in self._database.indexed_runs().items():
            if shard_of(run_id.schedule_id, self._database.shards) == shard:
                yield run_id, run


def _condition(run, held_wake):
    return run.state, run.claim_id, run.attempt, run.wake_at if held_wake else None


def _is_own_write(row, after, *, held_wake):
    """Whether the row shows that this very write was done before."""
    if not isinstance(row, Run) or _condition(row, held_wake) != _condition(after, held_wake):
        return False
    return held_wake or row.claim_id is not None


def _merged(row, before, after):
    """The row with what differs between before and after, its own events kept."""
    changed = {
        name: getattr(after, name) for name in names(Run) if getattr(after, name) != getattr(before, name)
    }
    if "events" in changed and after.events[: len(before.events)] == before.events:
        changed["events"] = row.events + after.events[len(before.events) :]
    return replace(row, **changed)


def _as_row(run):
    """The run as a row gives it back; a terminal one is never woken."""
    run = stored(run)
    run = replace(run, wake_at=None) if run.state.is_terminal and run.wake_at is not None else run
    events = tuple(stored(event) for event in run.events)
    return run if events == run.events else replace(run, events=events)


def _check(run):
    if run.state.is_terminal and run.ended_at is None:
        raise ValueError(f"Run {run.run_id} is {run.state}: it needs an ended_at.")
    if not run.state.is_terminal and (run.wake_at is None or run.ended_at is not None):
        raise ValueError(f"Run {run.run_id} is {run.state}: it needs a wake_at and no ended_at.")
