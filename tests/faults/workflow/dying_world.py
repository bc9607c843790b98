"""Workflows whose functions die at a chosen call of a port: just before it takes effect, or just after."""

from tests.fakes.mortal import Mortal
from tests.unit.services.workflows import WorkflowWorld, broken, ok, task

LONGEST_STORY = 60


class DyingWorld(Mortal, WorkflowWorld):
    """Workers and ticks that may die."""

    def __init__(self, document, deaths=()):
        super().__init__(document)
        self.make_mortal(deaths, (self.target, "execute"))

    def live(self):
        """Ticks and works until everything has ended; the number of rounds it took."""
        for rounds in range(LONGEST_STORY):
            self.survives(lambda: self.tick.run(range(1)))
            self.work_off()
            runs = self.database.runs
            if runs and all(run.state.is_terminal for run in runs.values()):
                return rounds
            self.clock.advance(60)
        raise AssertionError(f"unfinished: {self.states()} {self.top.state}")


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
