"""A world whose functions die at a chosen call of a port: just before it takes effect, or just after."""

from tests.fakes.database import MemoryDatabase
from tests.unit.services.workflows import WorkflowWorld, broken, ok, task

LONGEST_STORY = 60


class Death(BaseException):
    """The process is gone; nothing it would have done still happens."""


class Reaper:
    """Counts port calls, and kills at those it is told."""

    def __init__(self, deaths=()):
        self.deaths = set(deaths)
        self.points = []

    def pass_by(self, name):
        self.points.append(name)
        if len(self.points) - 1 in self.deaths:
            raise Death(name)


class DyingDatabase(MemoryDatabase):
    """Every operation has a point before its effect and one after it."""

    reaper = Reaper()

    def before(self, operation):
        self.reaper.pass_by(f"before {operation}")

    def after(self, operation):
        self.reaper.pass_by(f"after {operation}")


class DyingWorld(WorkflowWorld):
    """Workers and ticks that may die; a dead worker's message comes again, as SQS would bring it."""

    def __init__(self, document, deaths=()):
        super().__init__(document)
        self.reaper = Reaper(deaths)
        self.database.__class__ = DyingDatabase
        self.database.reaper = self.reaper
        for part, name in ((self.queue, "send"), (self.target, "execute")):
            self._guard(part, name)

    def _guard(self, part, name):
        inner = getattr(part, name)

        def guarded(*arguments):
            self.reaper.pass_by(f"before {name}")
            answer = inner(*arguments)
            self.reaper.pass_by(f"after {name}")
            return answer

        setattr(part, name, guarded)

    def live(self):
        """Ticks and works until everything has ended; the number of rounds it took."""
        for rounds in range(LONGEST_STORY):
            self._try(lambda: self.tick.run(range(1)))
            self._work_off()
            runs = self.database.runs
            if runs and all(run.state.is_terminal for run in runs.values()):
                return rounds
            self.clock.advance(60)
        raise AssertionError(f"unfinished: {self.states()} {self.top.state}")

    def _work_off(self):
        while self.queue.sent:
            message = self.queue.sent.pop(0)
            if not self._try(lambda message=message: self.work(message)):
                self.queue.sent.append(message)

    def _try(self, act):
        try:
            act()
        except Death:
            return False
        return True


def etl(**says):
    """Five steps, one of them over a list; what was done is taken back when load fails."""
    steps = {
        "extract": task("extract", compensate=task("undo_extract")),
        "clean": task("clean", needs=["extract"], compensate=task("undo_clean")),
        "each": task(
            "each",
            {"file.$": "item"},
            needs=["extract"],
            for_each={"over": "steps.extract.output.files", "max_concurrent": 1},
            compensate=task("undo_each", {"file.$": "item"}),
        ),
        "load": task("load", needs=["clean", "each"], compensate=task("undo_load")),
        "report": task("report", needs=["load"]),
    }
    return {"steps": steps}, {"extract": [ok({"files": ["a", "b"]})]} | says


FAILING = etl(load=[broken()])
SUCCEEDING = etl()


def world_of(case, deaths=()):
    document, says = case
    world = DyingWorld(document, deaths)
    world.says |= {name: list(answers) for name, answers in says.items()}
    return world
