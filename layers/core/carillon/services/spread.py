"""Spreads a tick over all shards: the first range here, each further range in an invocation of its own."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from carillon.domain.errors import InvalidInput, Unavailable
from carillon.domain.measures import Values
from carillon.domain.shards import in_ranges
from carillon.ports.dispatch import TickRanges
from carillon.services.liveness import Liveness
from carillon.services.tick import Tick, TickReport


class SpreadTick:
    """The tick as EventBridge Scheduler calls it, or as a tick calls itself with a range."""

    def __init__(
        self,
        tick: Tick,
        liveness: Liveness,
        ranges: TickRanges,
        shards: int,
        shards_per_tick: int,
        work_off: Callable[[], int],
        measure: Callable[[Values], None] | None = None,
    ) -> None:
        self._measure = measure
        self._tick = tick
        self._work_off = work_off
        self._liveness = liveness
        self._ranges = ranges
        self._shards = shards
        self._shards_per_tick = shards_per_tick

    def run(self, own_range: Sequence[int] | None = None) -> TickReport:
        """Ticks `own_range` [first, end), or all shards, handing out what is more than one tick's share.

        Unavailable when a shard was not reached, once all others are done.
        """
        if own_range is not None:
            return self._run(self._checked(own_range))
        first, *others = in_ranges(self._shards, self._shards_per_tick)
        for shards in others:
            self._ranges.start(shards)
        return self._run(first)

    def _run(self, shards: range) -> TickReport:
        self._liveness(shards)
        report = self._tick.run(shards)
        # Live fire times first: backfills wait for the claims of the range that looks after them.
        report = replace(report, backfilled=self._work_off()) if 0 in shards else report
        if self._measure is not None:
            self._measure(tick_measures(report))
        if report.unreached:
            # All else is done. The failure is told as one, for the alarm on failing ticks.
            raise Unavailable(f"{report.unreached} of the tick's shards were not wholly worked on.")
        return report

    def _checked(self, own_range: Sequence[int]) -> range:
        first, end = own_range
        if not 0 <= first < end <= self._shards:
            raise InvalidInput(
                f"The range {first}..{end} is not within the {self._shards} shards of this stack."
            )
        return range(first, end)


def tick_measures(report: TickReport) -> Values:
    """A tick in numbers; those that are seldom anything but zero are told when they are."""
    swept = report.swept
    seldom = {
        "Postponed": report.postponed,
        "Unsent": report.unsent,
        "BrokenSchedules": report.broken,
        "Resent": swept.resent,
        "AttemptsLost": swept.retried + swept.unknown,
        "SweepFailures": swept.failed,
        "UnreadableRuns": swept.unreadable,
    }
    always = {"TickLag": report.lag_seconds, "Due": report.due, "Claimed": report.runs}
    return always | {name: value for name, value in seldom.items() if value}
