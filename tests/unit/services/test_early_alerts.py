"""Limits that a run passes before it ends: told once, by the sweep's next look, and not again at its end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.errors import Throttled
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.recovery import Action, look_after, no_later_than
from carillon.domain.run import Origin, RunState
from carillon.domain.run_change import RunChange
from carillon.domain.run_id import RunId
from carillon.services.alert_runs import AlertRuns
from carillon.services.rules_of import RulesOf
from carillon.services.sweep import Sweep
from carillon.services.tell_alerts import TellAlerts
from carillon.services.watch_limits import WatchLimits
from tests.contract.builders import NOW, run
from tests.fakes.recorders import RecordedAlerts
from tests.fakes.world import World

NO_WINDOW, HOUR = timedelta(0), timedelta(hours=1)


class Watched(World):
    """A world whose ticks keep early alerts and whose follower tells them, each minute."""

    def __init__(self, **alerts):
        super().__init__()
        self.topic = RecordedAlerts()
        ends = (self.clock, self.chance, self.log, "carillon", NO_WINDOW)
        self.tell = TellAlerts(self.facts, {"topic": self.topic}, *ends)
        keep = TellAlerts(self.facts, {}, *ends)
        self.watch = WatchLimits(RulesOf(self.schedules, self.log), keep, self.clock, self.log, "carillon")
        self.watching = Sweep(
            self.schedules,
            self.runs,
            self.ended,
            self.queue,
            self.clock,
            self.chance,
            map,
            self.log,
            self.watch,
        )
        self.alert_runs = AlertRuns(
            self.schedules, self.facts, self.tell, Exception, self.clock, self.chance, self.log, "carillon"
        )
        self.add("etl", "@hourly", alerts={"on": [], **alerts})
        self.tick.run([0])
        self.message = self.queue.sent.pop(0)
        self.begun_at = self.clock.now()

    def told(self, until):
        """Kinds with the seconds after which they were told, up to so many; a tick each minute."""
        found = []
        while (seconds := (self.clock.now() - self.begun_at).total_seconds()) <= until:
            before = len(self.topic.published)
            self.watching.run(0)
            self.tell()
            found += [(int(seconds), m["alert"]) for _, m in self.topic.published[before:]]
            self.clock.advance(60)
        return found

    def start(self):
        """The worker begins the run and does not end."""
        run = self.run(self.begun_at)
        lease_until = self.clock.now() + timedelta(minutes=90)
        started = replace(
            run, state=RunState.RUNNING, attempt=1, started_at=self.clock.now(), lease_until=lease_until
        )
        self.database.runs[run.run_id] = started
        return started


@pytest.mark.parametrize(("limit", "at"), [(30, 60), (60, 120), (90, 120), (600, 660), (3000, 3060)])
def test_a_run_that_has_not_begun_is_told_of_once_by_the_next_tick(limit, at):
    world = Watched(late_after_seconds=limit)

    assert world.told(7200) == [(at, "run_late")]

    subject, message = world.topic.published[0]
    assert (message["state"], message["lateness_ms"], message["so_far"]) == ("QUEUED", at * 1000, True)
    assert (message["ended_at"], message["alert_id"]) == (
        None,
        f"{world.run(world.begun_at).run_id}:run_late",
    )
    assert subject.startswith(f"etl was late: {at * 1000} ms")


@pytest.mark.parametrize(("limit", "at"), [(30, 60), (90, 120), (700, 720), (3000, 3060)])
def test_a_run_that_goes_on_too_long_is_told_of_once(limit, at):
    world = Watched(longer_than_seconds=limit, late_after_seconds=5)
    world.start()

    assert world.told(5000) == [(at, "run_long")]
    assert world.topic.published[0][1]["duration_ms"] == at * 1000


@pytest.mark.parametrize(
    ("changes", "action", "is_sooner"),
    [
        ({"state": RunState.QUEUED}, Action.RESEND, True),
        ({"lease_until": NOW + 3 * HOUR}, Action.EXTEND, True),
        ({"lease_until": None}, Action.ADVANCE, True),
        ({"state": RunState.WAITING}, Action.OVERDUE, False),
        ({"lease_until": NOW}, Action.EXPIRE, False),
    ],
)
def test_the_next_look_is_no_later_than_a_limit_but_where_the_run_moves_anyway(changes, action, is_sooner):
    row = run(**{"state": RunState.RUNNING, "attempt": 1, "started_at": NOW, **changes})
    found = look_after(row, NOW + HOUR)
    limit = found.pushed.wake_at - timedelta(seconds=1)

    bounded = no_later_than(found, limit)

    assert (found.action, bounded.action) == (action, action)
    assert bounded.pushed.wake_at == (limit if is_sooner else found.pushed.wake_at)
    assert no_later_than(found, None) == no_later_than(found, limit + 2 * HOUR) == found


def test_at_its_end_it_is_not_told_again():
    world = Watched(late_after_seconds=30)
    world.told(100)
    world.target.answers = [Outcome(OutcomeKind.SUCCESS, "done")]
    run = world.work(world.message).run
    assert run.state is RunState.SUCCEEDED

    world.alert_runs([RunChange("c", "1", replace(run, state=RunState.RUNNING, ended_at=None), run)])

    assert len(world.topic.published) == 1


@pytest.mark.parametrize("alerts", [{}, {"on": ["failure"]}, {"late_after_seconds": 8000}])
def test_where_no_limit_is_passed_nothing_is_told_and_looks_stay_as_they_were(alerts):
    world, plain = Watched(**alerts), Watched()
    plain.watching = plain.sweep

    assert world.told(3000) == plain.told(3000) == []
    assert (
        world.run(world.begun_at).wake_at - world.begun_at
        == plain.run(plain.begun_at).wake_at - plain.begun_at
    )


@pytest.mark.parametrize("origin", [Origin.MANUAL, Origin.CATCH_UP, Origin.BACKFILL])
def test_only_a_fire_time_can_be_late(origin):
    world = Watched(late_after_seconds=30)
    run = world.run(world.begun_at)
    world.database.runs[run.run_id] = replace(run, origin=origin)

    assert world.told(1000) == []


def test_a_step_speaks_for_nobody():
    world = Watched(longer_than_seconds=30)
    started = world.start()
    world.database.runs.clear()
    step = RunId("etl", f"{started.run_id.run_key}.extract")
    world.database.runs[step] = replace(started, run_id=step, origin=Origin.STEP)

    assert world.told(1000) == []


def test_a_thousand_stuck_runs_are_told_once_each_at_bounded_cost():
    world = Watched(late_after_seconds=90)
    run = world.run(world.begun_at)
    for number in range(1, 600):
        other = replace(run, run_id=RunId(f"s{number:03}", run.run_id.run_key))
        world.database.runs[other.run_id] = other
        world.add(other.run_id.schedule_id, "@hourly", alerts=world.head().alerts)
    reads, swaps = [], []
    heads, swap = world.schedules.heads, world.facts.swap
    world.schedules.heads = lambda names: (reads.append(len(names)), heads(names))[1]
    world.facts.swap = lambda *given: (swaps.append(1), swap(*given))[1]
    world.clock.advance(120)

    world.watching.run(0)
    kept = len(swaps)
    world.clock.advance(60)
    world.told(7200)

    assert (max(reads), kept) == (100, 1)
    assert sum(message.get("count", 1) for _, message in world.topic.published) == 600


@pytest.mark.parametrize("part", ["heads", "swap"])
def test_what_breaks_off_is_logged_and_hinders_no_rescue(part):
    world = Watched(late_after_seconds=30)

    def breaks(*arguments):
        raise Throttled

    setattr(world.schedules if part == "heads" else world.facts, part, breaks)
    world.clock.advance(60)

    report = world.watching.run(0)

    assert (report.resent, report.failed) == (1, 0)
    assert "limits_unwatched" in [line["action"] for line in world.lines]
