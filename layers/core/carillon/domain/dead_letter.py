"""A kept message, and whether it ends its run: only the run that still waits for exactly this message."""

from dataclasses import dataclass
from datetime import datetime

from carillon.domain.dispatch import Dispatch
from carillon.domain.run import WAITS_FOR_A_MESSAGE, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A kept message: why it was kept, and when and by whom it was last sent again."""

    message_id: str
    body: str
    reason: str
    kept_at: datetime
    is_cut: bool = False
    redriven_at: datetime | None = None
    redriven_by: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the run, with the reason that is kept beside the message."""

    ends_run: bool
    reason: str


def judge(message: Dispatch, run: Run | None) -> Verdict:
    """The verdict on a message received in vain too often, given the run's row as of now."""
    if run is None:
        return Verdict(False, "the run has no row any more")
    if run.state not in WAITS_FOR_A_MESSAGE:
        return Verdict(False, f"the run is {run.state}; it waits for no message")
    if run.attempt + 1 != message.attempt:
        return Verdict(
            False,
            f"the message is for attempt {message.attempt}, the run waits for attempt {run.attempt + 1}",
        )
    return Verdict(True, f"attempt {message.attempt} could not be delivered while the run was {run.state}")
