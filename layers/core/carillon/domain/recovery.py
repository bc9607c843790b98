"""What the sweep does with a run that is past its wake_at: the whole of recovery, as pure answers.

Kill any function at any instruction: the row it left has a wake_at, and one of these answers finishes the job.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from carillon.domain.job import Retry
from carillon.domain.lifecycle import finish
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.retry import follow_up
from carillon.domain.run import Run, RunState
from carillon.domain.run_remote import Remote

LONGEST_RESEND: Final = timedelta(minutes=15)
LOOK_AGAIN: Final = timedelta(seconds=60)


class Action(StrEnum):
    """What the sweep does."""

    NOTHING = "nothing"
    RESEND = "resend"
    EXTEND = "extend"
    EXPIRE = "expire"
    OVERDUE = "overdue"
    TIME_OUT = "time_out"
    ADVANCE = "advance"


_LOOKS: Final = frozenset({Action.RESEND, Action.EXTEND, Action.ADVANCE})


@dataclass(frozen=True, slots=True)
class Recovery:
    """An action, its reason, and the row with its wake_at pushed, to be written before anything else."""

    action: Action
    reason: str
    pushed: Run


def look_after(run: Run, now: datetime) -> Recovery:
    """What an unfinished run needs at `now`."""
    if run.state.is_terminal or run.wake_at is None or run.wake_at > now:
        return Recovery(Action.NOTHING, "not due for a look", run)
    if run.remote is not None and run.state is RunState.WAITING:
        return _ask_again(run, run.remote, now)
    if run.state is RunState.WAITING:
        return Recovery(Action.OVERDUE, "no callback came in time", replace(run, wake_at=now + LOOK_AGAIN))
    if is_past_deadline(run, now):
        return Recovery(
            Action.TIME_OUT, "its attempts had their time", replace(run, wake_at=now + LOOK_AGAIN)
        )
    if run.state in (RunState.QUEUED, RunState.RETRYING):
        return _resend(run, now)
    if is_moved_by_steps(run):
        again_at = min(now + _pause(run), max(run.deadline_at or now + LONGEST_RESEND, now + LOOK_AGAIN))
        pushed = replace(run, wake_at=again_at, sends=run.sends + 1)
        return Recovery(Action.ADVANCE, "its steps should have moved it on", pushed)
    if run.lease_until is not None and run.lease_until > now:
        reason = "an attempt is running and its lease holds"
        return Recovery(Action.EXTEND, reason, replace(run, wake_at=run.lease_until))
    return Recovery(Action.EXPIRE, "the attempt's lease is over", replace(run, wake_at=now + LOOK_AGAIN))


def no_later_than(recovery: Recovery, limit: datetime | None) -> Recovery:
    """The same with the next look at a limit, where that comes first; a row that is given up or ended has its own."""
    pushed = recovery.pushed
    if limit is None or pushed.wake_at is None or recovery.action not in _LOOKS or limit >= pushed.wake_at:
        return recovery
    return replace(recovery, pushed=replace(pushed, wake_at=limit))


def _ask_again(run: Run, remote: Remote, now: datetime) -> Recovery:
    if now >= remote.due_at + LONGEST_RESEND:
        return Recovery(
            Action.OVERDUE, "nobody could tell how its work ended", replace(run, wake_at=now + LOOK_AGAIN)
        )
    pause = timedelta(seconds=remote.ask_seconds)
    if run.cancel_requested_at is not None or now >= remote.due_at:
        pause = LOOK_AGAIN
    again_at = max(min(now + pause, remote.due_at), now + LOOK_AGAIN)
    pushed = replace(run, wake_at=again_at, sends=run.sends + 1)
    return Recovery(Action.RESEND, "no word came of its work", pushed)


def is_past_deadline(run: Run, now: datetime) -> bool:
    """Whether a run between two attempts has used up the time of all of them."""
    return run.state is RunState.RETRYING and run.deadline_at is not None and run.deadline_at <= now


def is_moved_by_steps(run: Run) -> bool:
    """Whether a run has no attempt of its own under way: a workflow, a for_each step, or a compensating run."""
    return run.state is RunState.COMPENSATING or (run.state is RunState.RUNNING and run.lease_until is None)


def _pause(run: Run) -> timedelta:
    # 1, 2, 4, … 15 minutes: a backlog that is merely slow must not feed itself.
    return min(timedelta(minutes=2 ** min(run.sends, 4)), LONGEST_RESEND)


def _resend(run: Run, now: datetime) -> Recovery:
    pause = _pause(run)
    again_at = min(now + pause, run.deadline_at or now + pause)
    pushed = replace(run, wake_at=again_at, sends=run.sends + 1)
    late = round((now - run.not_before).total_seconds())
    return Recovery(Action.RESEND, f"not started {late} s after its time", pushed)


def expire(run: Run, policy: Retry, now: datetime, share: float, claim_id: str) -> Run:
    """A running attempt whose lease is over is lost: RETRYING, or UNKNOWN when it was the last.

    The fresh claim_id shuts out the lost attempt's own late finish.
    """
    message = f"attempt {run.attempt} was lost: its lease ended without a result"
    outcome = Outcome(OutcomeKind.UNKNOWN, message, error="attempt_lost")
    decision = follow_up(policy, run, outcome, now, share)
    if decision.not_before is None:
        outcome = replace(outcome, message=f"{message}; {decision.reason}")
    return finish(replace(run, claim_id=claim_id), outcome, decision, now)
