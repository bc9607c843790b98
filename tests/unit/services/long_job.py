"""A job of thirty minutes elsewhere, the run that waits for it, and processes that die at a chosen call of a port."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from carillon.domain.completion_event import WorkEnded
from carillon.domain.errors import CarillonError, Unavailable
from carillon.domain.job import Retry, Wait
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.target_call import TargetCall
from tests.fakes.life import ADMIN, Life
from tests.fakes.mortal import Death, Mortal

LONG = timedelta(minutes=30)
LONGEST_STORY = 150
TASK = "arn:aws:ecs:eu-central-1:123456789012:task/jobs/0a1b"
RESULT = {"exit_code": 0, "logs": "https://logs.example.com/"}


@dataclass
class Work:
    """One start of the job."""

    call: TargetCall
    name: str
    ends_at: datetime
    is_stopped: bool = False
    is_told: bool = False


class Elsewhere:
    """Where the job runs; each start is work of its own, which ends by itself after thirty minutes."""

    def __init__(self, clock):
        self.clock, self.works = clock, []

    def execute(self, call):
        work = Work(call, f"{TASK}{len(self.works)}", self.clock.now() + LONG)
        self.works.append(work)
        remote_id = None if call.callback_token else work.name
        return Outcome(OutcomeKind.SUCCESS, "It has begun.", remote_id=remote_id)

    def ask(self, remote_id):
        work = self._named(remote_id)
        if work.is_stopped or self.clock.now() < work.ends_at:
            return None
        return Outcome(OutcomeKind.SUCCESS, "It ended with exit code 0.", status=0, output=RESULT)

    def stop(self, remote_id, why):
        self._named(remote_id).is_stopped = True

    def _named(self, remote_id):
        return next(work for work in self.works if work.name == remote_id)


class LongJob(Mortal, Life):
    """The run of `etl` waits for `wait`; a process dies at each of the points in `deaths`."""

    def __init__(self, wait, deaths=(), attempts=3, wait_minutes=60):
        super().__init__(Retry(attempts, base_seconds=0))
        self.waits_for, self.refused, self.tellings = wait, [], 1
        self.place = Elsewhere(self.clock)
        kind = "ecs" if wait == "completion" else "http"
        self.targets[kind] = self.place
        waits = Wait(wait_minutes * 60, for_completion=wait == "completion")
        revision = self.database.revisions["etl", 1]
        job = replace(revision.job, target={**revision.job.target, "kind": kind}, wait=waits)
        self.database.revisions["etl", 1] = replace(revision, job=job)
        self.make_mortal(deaths, *((self.place, name) for name in ("execute", "ask", "stop")))

    def live(self, minutes=LONGEST_STORY, at=None):
        """Minute by minute: the tick, the worker, the end of the work; `at` does things at some minutes."""
        for minute in range(minutes):
            self.survives(self.tick_once)
            self.work_off()
            for work in self.place.works:
                if self.clock.now() >= work.ends_at and not (work.is_stopped or work.is_told):
                    told = [self.survives(lambda work=work: self.tell(work)) for _ in range(self.tellings)]
                    work.is_told = all(told)
            if at is not None and minute in at:
                while not self.survives(at[minute]):
                    """An operator who got no answer asks again."""
            self.work_off()
            if self.start in {run.fire_at for run in self.database.runs.values() if run.state.is_terminal}:
                return
            self.clock.advance(60)

    def cancel(self):
        """An operator's wish."""
        self.stop_run(ADMIN, self.run_id)

    def tell(self, work):
        """The work's end: its event, or its callback with the token that it was given."""
        try:
            if self.waits_for == "completion":
                self.note_completion(WorkEnded(work.name, is_ours=True))
            else:
                self.complete(RESULT, token=work.call.callback_token)
        except Unavailable:
            raise Death from None
        except CarillonError as refusal:
            self.refused.append(refusal)
