"""Word that some work has ended: finds the run that waits for it and wakes a worker, who asks what came of it."""

from enum import StrEnum

from carillon.domain.cancelling import is_followed
from carillon.domain.completion_event import WorkEnded
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import Unavailable
from carillon.domain.log_fields import about
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId
from carillon.ports.dispatch import DispatchQueue
from carillon.ports.guards import Facts
from carillon.ports.runs import RunStore
from carillon.ports.world import Clock, Log
from carillon.services.follow_work import fact_key


class Noted(StrEnum):
    """What became of the word."""

    SENT = "sent"
    NOT_OURS = "not_ours"
    NOT_NEEDED = "not_needed"


class NoteCompletion:
    """Wakes a worker for a run whose work has ended."""

    def __init__(self, facts: Facts, runs: RunStore, queue: DispatchQueue, clock: Clock, log: Log) -> None:
        self._facts = facts
        self._runs = runs
        self._queue = queue
        self._clock = clock
        self._log = log

    def __call__(self, ended: WorkEnded) -> Noted:
        """What became of it; Unavailable when the work is ours but its run does not wait yet: then tell it again."""
        fact = self._facts.read(fact_key(ended.remote_id), self._clock.now())
        if fact is None:
            if ended.is_ours:
                raise Unavailable(f"No run is known yet for {ended.remote_id}.")
            return Noted.NOT_OURS
        run = self._runs.get(RunId.parse(str(fact.value["run_id"])))
        if run is not None and run.state is RunState.RUNNING:
            raise Unavailable(f"The run {run.run_id} does not wait for its work yet.")
        if run is None or not is_followed(run) or run.remote is None or run.remote.id != ended.remote_id:
            self._log(
                "completion_not_needed", "Nobody waits for this work any more.", remote_id=ended.remote_id
            )
            return Noted.NOT_NEEDED
        # What cannot be sent is asked for by the sweep in time.
        self._queue.send([Dispatch.for_next_attempt(run)], self._clock.now())
        self._log("completion_told", "Work has ended.", **about(run), remote_id=ended.remote_id)
        return Noted.SENT
