"""What people are told about runs that ended: by each schedule's rules, with a pause where wished."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.alert_rules import AlertRules, Streak
from carillon.domain.errors import Throttled
from carillon.domain.new_run import skipped
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.run import RunState
from carillon.domain.run_change import RunChange
from carillon.domain.run_id import RunId
from carillon.domain.schedule import ScheduleState
from carillon.services.alert_runs import AlertRuns
from carillon.services.end_queued import EndQueued
from carillon.services.journal import Journal
from carillon.services.pause_schedule import ITSELF, PauseSchedule
from carillon.services.tell_alerts import KEY, TellAlerts
from tests.fakes.doors import MemoryFacts
from tests.fakes.recorders import RecordedAlerts
from tests.fakes.world import World
from tests.unit.definition.documents import MINIMAL, faults, read, with_value

NO_WINDOW = timedelta(0)
"""Each batch by itself; tests/unit/services/test_tell_alerts.py has the windows."""
FAILS = OutcomeKind.PERMANENT
SUCCEEDS = OutcomeKind.SUCCESS


class Watched(World):
    """A world whose ends are told to the alerts, in batches."""

    def __init__(self, **alerts):
        super().__init__()
        self.topic, self.facts = RecordedAlerts(), MemoryFacts(self.database)
        end_queued = EndQueued(self.runs, self.slots, self.ended, self.clock, self.chance, 5)
        pause = PauseSchedule(self.schedules, self.clock, Journal(self.chance), end_queued)
        self.told = TellAlerts(
            self.facts, {"topic": self.topic}, self.clock, self.chance, self.log, "carillon", NO_WINDOW
        )
        self.alert_runs = AlertRuns(
            self.schedules,
            self.facts,
            self.told,
            lambda schedule_id: pause(ITSELF, schedule_id),
            self.clock,
            self.chance,
            self.log,
            "carillon",
        )
        self.add("etl", **({"alerts": alerts} if alerts else {}))

    def end(self, kind=SUCCEEDS, *, late=0, long=0):
        """The change that ends the next run of a schedule."""
        while not self.queue.sent:
            self.tick.run([0])
            if not self.queue.sent:
                self.clock.advance(60)
        message = self.queue.sent.pop(0)
        self.clock.advance(max(0, (message.dispatch.not_before - self.clock.now()).total_seconds()) + late)

        def answer(call):
            self.clock.advance(long)
            return Outcome(kind, "so it is")

        self.target.answers = [answer]
        run = self.work(message).run
        return RunChange(str(run.run_id), "1", replace(run, state=RunState.RUNNING, ended_at=None), run)

    def tell(self, *changes):
        """The kinds of what was told."""
        before = len(self.topic.published)
        self.alert_runs(changes)
        return [message["alert"] for _, message in self.topic.published[before:]]


def test_a_failure_is_told_by_default_and_a_success_is_not():
    world = Watched()

    assert world.tell(world.end(FAILS)) == ["run_failed"]
    assert world.tell(world.end(SUCCEEDS)) == []
    assert set(world.facts.rows) == {KEY}


def test_a_schedule_that_wants_to_hear_nothing_hears_nothing():
    world = Watched(on=[])

    assert world.tell(world.end(FAILS)) == []


def test_the_first_success_after_failures_is_a_recovery_told_once():
    world = Watched(on=["recovery"])
    first, second, success, again = world.end(FAILS), world.end(FAILS), world.end(), world.end()

    assert world.tell(first, second) == []
    assert world.tell(success) == ["schedule_recovered"]
    assert world.tell(again) == []
    subject, message = world.topic.published[-1]
    assert subject.startswith("etl has recovered (")
    assert message["alert_id"] == f"{success.after.run_id}:schedule_recovered"


def test_records_that_the_stream_repeats_make_no_second_recovery():
    world = Watched(on=["recovery"])
    batch = [world.end(FAILS), world.end()]

    assert world.tell(*batch) == ["schedule_recovered"]
    assert world.tell(*batch) == []


def test_a_start_later_than_the_limit_is_told_with_how_late_it_was():
    world = Watched(on=[], late_after_seconds=10)

    assert world.tell(world.end(late=10)) == []
    assert world.tell(world.end(late=11)) == ["run_late"]
    assert world.topic.published[0][1]["lateness_ms"] == 11_000


def test_a_fire_time_that_came_too_late_to_run_is_told_with_how_late_that_was():
    world = Watched(on=[], late_after_seconds=10)
    now = world.clock.now()
    row = skipped(
        RunId.of_fire_time("etl", now),
        1,
        fire_at=now,
        now=now + timedelta(seconds=301),
        reason="misfired",
        message="x",
    )

    assert world.tell(RunChange(str(row.run_id), "1", None, row)) == ["run_late"]
    subject, message = world.topic.published[-1]
    assert (message["lateness_ms"], message["state"]) == (301_000, "SKIPPED")
    assert subject.startswith("etl was not run: it was 301000 ms late")
    excluded = replace(row, reason="excluded", run_id=RunId.of_fire_time("etl", now + timedelta(hours=1)))
    assert world.tell(RunChange(str(excluded.run_id), "2", None, excluded)) == []


def test_a_run_longer_than_the_limit_is_told_with_how_long_it_was():
    world = Watched(on=[], longer_than_seconds=5)

    assert world.tell(world.end(long=5)) == []
    assert world.tell(world.end(long=6)) == ["run_long"]
    assert world.topic.published[0][1]["duration_ms"] == 6_000


def test_failures_in_a_row_are_told_at_their_number_and_counted_anew():
    world = Watched(on=[], after_failures=2)

    told = [world.tell(world.end(kind)) for kind in (FAILS, SUCCEEDS, FAILS, FAILS, FAILS, FAILS)]

    assert told == [[], [], [], ["failures_in_a_row"], [], ["failures_in_a_row"]]
    assert world.topic.published[0][1]["failures"] == 2
    assert world.topic.published[0][1]["paused"] is False
    assert world.head().state is ScheduleState.ACTIVE


def test_a_schedule_is_paused_after_its_failures_in_a_row_and_the_audit_says_by_whom():
    world = Watched(on=[], after_failures=2, pause_after_failures=True)

    world.tell(world.end(FAILS), world.end(FAILS))

    assert world.head().state is ScheduleState.PAUSED
    assert world.topic.published[0][1]["paused"] is True
    (entry,) = world.database.audit.values()
    assert (entry.actor, entry.action, entry.object) == ("carillon", "schedule.pause", "schedule:etl")


def test_a_repeated_record_does_not_pause_what_an_operator_resumed():
    world = Watched(on=[], after_failures=1, pause_after_failures=True)
    failure = world.end(FAILS)
    world.tell(failure)
    world.database.heads["etl"] = replace(world.head(), state=ScheduleState.ACTIVE)

    assert world.tell(failure) == []
    assert world.head().state is ScheduleState.ACTIVE


def test_a_schedule_that_is_gone_cannot_be_paused_and_stops_no_other_alert():
    world = Watched(on=["failure"], after_failures=1, pause_after_failures=True)
    failure = world.end(FAILS)
    heads = world.schedules.heads(["etl"])
    world.schedules.heads = lambda names: heads
    world.database.heads["etl"] = replace(world.head(), state=ScheduleState.DELETED)

    assert world.tell(failure) == ["run_failed", "failures_in_a_row"]
    assert world.topic.published[1][1]["paused"] is False


def test_two_that_count_at_once_do_not_lose_a_failure():
    world = Watched(on=[], after_failures=2)
    world.tell(world.end(FAILS))
    world.facts.swap = lambda *arguments: False

    with pytest.raises(Throttled):
        world.tell(world.end(FAILS))


def test_a_streak_is_read_as_it_was_written():
    streak = Streak(3, True, ("a", "b"))

    assert Streak.of(streak.value()) == streak


def test_what_a_run_tells_goes_where_its_schedule_wants_it():
    world, hook = Watched(on=["failure"], to=["webhook"]), RecordedAlerts()
    world.told._channels = {"topic": world.topic, "webhook": hook}
    world.alert_runs([world.end(FAILS)])
    assert (len(hook.published), world.topic.published) == (1, [])


@pytest.mark.parametrize(
    ("alerts", "rules"),
    [
        ({}, AlertRules()),
        ({"on": ["failure", "recovery"], "late_after_seconds": 60}, AlertRules(True, True, 60)),
        ({"on": ["lateness"], "late_after_seconds": 60}, AlertRules(False, False, 60)),
        ({"on": ["duration"], "longer_than_seconds": 9}, AlertRules(False, False, None, 9)),
        (
            {"on": [], "after_failures": 3, "pause_after_failures": True},
            AlertRules(False, False, None, None, 3, True),
        ),
        ({"to": ["bus", "topic", "bus"]}, AlertRules(to=("topic", "bus"))),
    ],
)
def test_the_rules_of_a_document(alerts, rules):
    assert AlertRules.of(read(with_value("alerts", alerts, MINIMAL)).alerts) == rules


@pytest.mark.parametrize(
    ("alerts", "field", "words"),
    [
        ({"on": ["fire"]}, "alerts.on", "failure, recovery, lateness"),
        ({"on": ["lateness"]}, "alerts.late_after_seconds", "need this limit"),
        ({"on": ["consecutive_failures"]}, "alerts.after_failures", "need this limit"),
        ({"pause_after_failures": True}, "alerts.after_failures", "how many failures"),
        ({"late_after_seconds": 0}, "alerts.late_after_seconds", "from 1 to 604800"),
        ({"after_failures": True}, "alerts.after_failures", "from 1 to 100"),
        ({"to": []}, "alerts.to", "one or more of topic, webhook, bus"),
        ({"to": "topic"}, "alerts.to", "one or more of topic, webhook, bus"),
        ({"to": ["pager"]}, "alerts.to", "one or more of topic, webhook, bus"),
        ({"to": [["topic"]]}, "alerts.to", "one or more of topic, webhook, bus"),
    ],
)
def test_alerts_that_make_no_sense_are_refused(alerts, field, words):
    found, code = faults(with_value("alerts", alerts, MINIMAL))

    assert (list(found), code) == ([field], "invalid_input")
    assert words in found[field]
