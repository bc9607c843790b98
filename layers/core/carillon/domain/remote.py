"""Work that a run has started elsewhere and that goes on: what it is called, and how the run follows it to its end.

The end is told by an event, which is a wake-up and no more: whoever wakes asks the service what came of the work. If
no event comes, the sweep wakes somebody every `ask_seconds`.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.job import Retry, Wait
from carillon.domain.lifecycle import advance, finish
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.retry import follow_up, wait_ends_at
from carillon.domain.run import EventKind, Run
from carillon.domain.run_remote import Remote

ASK_SECONDS: Final = 900
"""How long to wait for word of the work before asking, unless the job says otherwise."""


def follow(run: Run, now: datetime, job_wait: Wait, policy: Retry, kind: str, outcome: Outcome) -> Run:
    """The target has started the work: the run waits for its end, at most as long as all attempts may take."""
    if outcome.remote_id is None:
        raise ValueError(f"run {run.run_id} cannot be followed: its target named no work")
    due_at = wait_ends_at(run, now, job_wait, policy)
    remote = Remote(kind, outcome.remote_id, due_at, job_wait.heartbeat_seconds or ASK_SECONDS)
    return advance(
        run,
        EventKind.WAIT,
        now,
        f"{outcome.message} Waiting for its end.",
        duration_ms=run.elapsed_ms(now),
        remote=remote,
        lease_until=None,
        sends=0,
        wake_at=min(due_at, now + timedelta(seconds=remote.ask_seconds)),
    )


def settle_remote(
    run: Run, outcome: Outcome, policy: Retry, now: datetime, share: float, claim_id: str
) -> Run:
    """The row once the work has ended; the fresh claim_id shuts out whoever asked at the same time."""
    return finish(replace(run, claim_id=claim_id), outcome, follow_up(policy, run, outcome, now, share), now)


def too_long(run: Run) -> Outcome:
    """The outcome of work that did not end in its time."""
    what = run.remote.id if run.remote else "the work"
    return Outcome(
        OutcomeKind.TIMED_OUT,
        f"Attempt {run.attempt}: {what} did not end in the time it was given.",
        error="completion_overdue",
    )
