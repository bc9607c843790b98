"""A world that runs workflows: each step calls a URL that ends in its name, and the test says what that answers."""

from dataclasses import replace
from datetime import timedelta

from carillon.domain.job_definition import read_job
from carillon.domain.outcome import Outcome, OutcomeKind, permanent
from carillon.domain.reading import Faults, Section
from carillon.domain.run_id import RunId
from carillon.domain.targets.kind import Reach
from carillon.domain.workflow.step_key import StepKey, split
from tests.fakes.world import World

RETRY = {"max_attempts": 2, "backoff": "fixed", "base_seconds": 1}


def task(name, body=None, **fields):
    target = {"kind": "http", "url": f"https://example.com/{name}", "body": body or {}}
    return {"target": target, "retry": RETRY} | fields


def job_of(document):
    faults = Faults()
    job = read_job(Section({"job": document}, "", faults, ("job",)), 295.0, Reach())
    faults.raise_any("not valid")
    return job


def ok(output=None):
    return Outcome(OutcomeKind.SUCCESS, "done", output=output)


def broken():
    return permanent("http_400", "The target refused.")


class NamedTarget:
    """Answers by the last part of the URL: a list of answers, the last one for ever; success where nothing is said."""

    def __init__(self, clock):
        self.clock = clock
        self.says = {}
        self.called = []
        self.bodies = {}
        self.calls = []
        self.takes = {}

    def execute(self, call):
        name = call.spec["url"].rpartition("/")[2]
        self.called.append(name)
        self.calls.append((call.run_id, call.attempt))
        self.bodies.setdefault(name, []).append(call.spec.get("body"))
        self.clock.advance(self.takes.get(name, 0.01))
        answers = self.says.get(name, [ok()])
        answer = answers[0] if len(answers) == 1 else answers.pop(0)
        return answer(call) if callable(answer) else answer


class WorkflowWorld(World):
    """One schedule `etl` with the given job, fired once at the world's present time."""

    def __init__(self, document):
        super().__init__()
        self.add(expression="0 2 22 11 *", grace=86_400)
        revision = self.database.revisions["etl", 1]
        self.database.revisions["etl", 1] = replace(revision, job=job_of(document))
        self.named = NamedTarget(self.clock)
        self.target.execute = self.named.execute
        self.top_id = RunId.of_fire_time("etl", self.clock.now())
        self.says = self.named.says

    def fire(self):
        self.tick.run(range(1))
        return self.settle()

    def settle(self, rounds=400):
        """Works until no message is left; then lets the sweep look as long as something is unfinished."""
        for _ in range(rounds):
            while self.queue.sent:
                self.work()
            if all(run.state.is_terminal for run in self.database.runs.values()):
                break
            self.clock.advance(30)
            self.tick.run(range(1))
        return self.top

    @property
    def top(self):
        return self.database.runs[self.top_id]

    def states(self, top_id=None):
        """The state of every row below the top, by its suffix."""
        found = {}
        for run_id, run in sorted(self.database.runs.items()):
            parent, key = split(run_id)
            if key is not None and parent == (top_id or self.top_id):
                found[key.suffix] = str(run.state)
        return found

    def row(self, step, item=None, undo=None):
        return self.database.runs[StepKey(step, item, undo).under(self.top_id)]


MINUTE = timedelta(minutes=1)
