"""What a workflow's rows must agree on: needs before steps, effects undone in reverse, an end that fits its steps."""

from carillon.domain.run import RunState
from carillon.domain.workflow.step_key import StepKey
from tests.faults.simulator.cast import NEEDS


class WorkflowWitness:
    """The part of the witness that looks below a run; it has `runs`, `revisions` and `must`."""

    def step_started(self, top, place):
        """A step begins when what it needs is done; a compensation when all that was done later is undone."""
        if place.undo is None:
            needed = [self.runs.get(StepKey(need).under(top)) for need in NEEDS[place.step]]
            done = all(row is not None and row.state is RunState.SUCCEEDED for row in needed)
            self.must(done, f"{top} starts {place.step} before what it needs")
            return
        effects = self._effects(top)
        self.must(place.step in effects, f"{top} takes {place.step} back, which was not done")
        later = [
            name
            for name, row in effects.items()
            if place.step in effects and row.ended_at > effects[place.step].ended_at
        ]
        undone = all(self._is_undone(top, name) for name in later)
        self.must(undone, f"{top} takes {place.step} back before {later}")

    def _effects(self, top):
        """The steps below a run that were done and have a compensation."""
        rows = {name: self.runs.get(StepKey(name).under(top)) for name in ("extract", "clean")}
        return {name: row for name, row in rows.items() if row and row.state is RunState.SUCCEEDED}

    def _is_undone(self, top, name):
        rows = (self.runs.get(StepKey(name, undo=round_).under(top)) for round_ in range(5))
        return any(row is not None and row.state is RunState.SUCCEEDED for row in rows)

    def workflow_ended(self, run_id, new):
        """How a workflow ends agrees with its steps, none of which goes on."""
        if self.revisions[run_id.schedule_id, new.revision].job.workflow is None:
            return
        rows = {name: self.runs.get(StepKey(name).under(run_id)) for name in NEEDS}
        below = [row for key, row in self.runs.items() if _is_below(key, run_id)]
        self.must(all(row.state.is_terminal for row in below), f"{run_id} ended and its steps go on")
        if new.state is RunState.SUCCEEDED:
            done = all(row is not None and row.state is RunState.SUCCEEDED for row in rows.values())
            self.must(done and len(below) == len(rows), f"{run_id} succeeded and its steps did not")
        elif new.state is RunState.COMPENSATED:
            left = [name for name in self._effects(run_id) if not self._is_undone(run_id, name)]
            self.must(not left, f"{run_id} is compensated but for {left}")
        elif new.state is RunState.FAILED:
            self.must(not self._effects(run_id), f"{run_id} failed and leaves what it did")
            self.must(bool(below), f"{run_id} failed ({new.reason}) and no step of it had begun")


def _is_below(run_id, top):
    return run_id.schedule_id == top.schedule_id and run_id.run_key.startswith(f"{top.run_key}.")
