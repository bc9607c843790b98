"""What a backfill's row must keep: no more open than allowed, only ended runs counted, no fire time left out."""

from datetime import timedelta

from carillon.domain.backfill import BackfillState
from carillon.domain.run_id import RunId
from tests.faults.simulator.cast import period_of
from tests.faults.simulator.stage import BEGIN


class BackfillWitness:
    """The part of the witness that watches backfills; it has `runs` and `must`."""

    def backfill_written(self, key, old, new):
        """A backfill's row is about to be put or rewritten."""
        name = new.backfill_id
        self.must(len(new.open) <= new.max_concurrent, f"backfill {name} has {len(new.open)} runs open")
        if old is None:
            return
        self.must(old.state is BackfillState.ACTIVE, f"backfill {name} was {old.state} and goes on")
        ended = set(old.open) - set(new.open)
        rows = [self.runs.get(RunId(new.schedule_id, run_key)) for run_key in ended]
        self.must(
            all(row is not None and row.state.is_terminal for row in rows),
            f"backfill {name} counts runs that have not ended",
        )
        counted = [each.succeeded + each.failed + each.not_run for each in (old, new)]
        self.must(counted[1] - counted[0] == len(ended), f"backfill {name} counts {counted} for {ended}")
        if new.state is BackfillState.DONE:
            self._is_worked_off(new)

    def _is_worked_off(self, backfill):
        fire_at = first_after(backfill.timetable, backfill.first - timedelta(microseconds=1))
        while fire_at <= backfill.last:
            run_id = RunId.of_fire_time(backfill.schedule_id, fire_at)
            self.must(run_id in self.runs, f"backfill {backfill.backfill_id} leaves {fire_at:%H:%M:%S} out")
            fire_at += timedelta(seconds=period_of(backfill.timetable))


def first_after(spec, moment):
    """The first fire time behind a moment, by the timetable's period and not by the code under test."""
    period = period_of(spec)
    return BEGIN + timedelta(seconds=((moment - BEGIN) // timedelta(seconds=period) + 1) * period)
