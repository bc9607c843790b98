"""How long an attempt may be held back for its host's sake, and what the row is like meanwhile.

What was not made does not count: the attempt's number stays. The bounds are those that the proof against overlap
reckons with: the grace before a first attempt, the longest Retry-After before another one.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.lifecycle import MAX_QUEUE_DELAY
from carillon.domain.new_run import RESEND_AFTER
from carillon.domain.overlap import capacity
from carillon.domain.run import Origin, Run
from carillon.domain.schedule import Schedule
from carillon.domain.targets.http_answers import MAX_RETRY_AFTER_SECONDS

LONGEST_HOLD: Final = timedelta(seconds=MAX_RETRY_AFTER_SECONDS)
HELD: Final = "held back: "


def held_at_most_until(run: Run, head: Schedule | None) -> datetime:
    """When the attempt is made whatever is known of its host."""
    if run.attempt > 0:
        return (run.started_at or run.created_at) + LONGEST_HOLD
    if run.origin is not Origin.FIRE or head is None:
        return run.created_at + LONGEST_HOLD
    if run.slotted or capacity(head.policies) is None:
        return run.fire_at + LONGEST_HOLD
    return run.fire_at + timedelta(seconds=head.policies.misfire.grace_seconds)


def hold(run: Run, now: datetime, not_before: datetime, reason: str) -> Run:
    """The row of an attempt that is put off; its story tells the reason once."""
    sent = not_before - now <= MAX_QUEUE_DELAY
    held = replace(
        run,
        not_before=not_before,
        wake_at=not_before + RESEND_AFTER if sent else not_before,
        sends=1 if sent else 0,
    )
    message = f"{HELD}{reason}"
    return held if run.events and run.events[-1].message == message else held.noted(now, message)
