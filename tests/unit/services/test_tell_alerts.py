"""Alerts between their cause and their channels: the first at once, the rest as one summary, and none lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.alert import MAX_SINGLE, Alert, run_unreadable
from carillon.domain.alert_held import MAX_HELD
from carillon.domain.alert_outbox import MAX_LETTERS, MAX_TRIES
from carillon.domain.errors import CarillonError, Throttled, Unavailable
from carillon.services.tell_alerts import KEY, TellAlerts
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.database import MemoryDatabase
from tests.fakes.doors import MemoryFacts
from tests.fakes.log import RecordedLog
from tests.fakes.recorders import RecordedAlerts, RecordedMetrics

WINDOW = timedelta(minutes=5)
LONG_ENOUGH = 60 * 24


class Counted(MemoryDatabase):
    """A database that counts what is asked of it, and breaks off where it is told to."""

    def __init__(self):
        super().__init__()
        self.asked, self.breaks = [], {}

    def before(self, operation):
        self.asked.append(operation)
        self._break("before", operation)

    def after(self, operation):
        self._break("after", operation)

    def _break(self, when, operation):
        error = self.breaks.pop((when, operation, self.asked.count(operation)), None)
        if error is not None:
            raise error


class Channel(RecordedAlerts):
    """A channel that takes nothing while it is down, and may take one and not say so."""

    is_down = False

    def publish(self, subject, message):
        if self.is_down:
            raise CarillonError("AWS refused Publish")
        super().publish(subject, message)


class Stack:
    """A stack with two channels."""

    def __init__(self, window=WINDOW):
        self.clock, self.chance, self.log = FakeClock(), FakeChance(), RecordedLog()
        self.database, self.metrics = Counted(), RecordedMetrics()
        self.facts = MemoryFacts(self.database)
        self.topic, self.hook = Channel(), Channel()
        self.tell = self.telling({"topic": self.topic, "webhook": self.hook}, window)

    def telling(self, channels, window=WINDOW):
        return TellAlerts(
            self.facts, channels, self.clock, self.chance, self.log, "prod", window, self.metrics
        )

    def told(self, *alerts):
        """The subjects that went to the topic for these alerts."""
        before = len(self.topic.published)
        self.tell(alerts)
        return [subject for subject, _ in self.topic.published[before:]]

    def minutes(self, number):
        """What the clock's minutes tell."""
        before = len(self.topic.published)
        for _ in range(number):
            self.clock.advance(60)
            self.tell()
        return [subject for subject, _ in self.topic.published[before:]]


@pytest.fixture
def stack():
    return Stack()


def failed(number, schedule_id="etl", kind="run_failed"):
    run_id = f"{schedule_id}@2026112{number // 10**6}T{number % 10**6:06}Z"
    message = {"alert": kind, "alert_id": f"{run_id}:{kind}", "schedule_id": schedule_id, "run_id": run_id}
    return Alert(f"{run_id} {kind} in prod", message)


def test_the_first_of_a_schedule_and_kind_is_told_at_once_and_the_rest_of_the_window_as_one(stack):
    assert len(stack.told(failed(1))) == 1
    assert stack.told(failed(2), failed(3)) == []
    assert stack.minutes(4) == []
    assert stack.told(failed(4, kind="run_late")) == [failed(4, kind="run_late").subject]

    assert stack.minutes(1) == ["2 more x run_failed of 1 schedules since 02:00:00Z in prod"]

    _, message = stack.topic.published[-1]
    assert (message["alert"], message["of"], message["count"]) == ("alerts_grouped", "run_failed", 2)
    assert (message["since"], message["schedules"]) == ("2026-11-22T02:00:00Z", {"etl": 2})
    assert message["run_ids"] == [failed(2).message["run_id"], failed(3).message["run_id"]]
    assert message["examples"] == [failed(2).message]
    assert stack.hook.published == stack.topic.published


def test_a_single_alert_that_was_held_back_is_told_as_it_is(stack):
    stack.told(failed(1), failed(2))

    assert stack.minutes(5) == [failed(2).subject]


def test_an_outage_that_goes_on_is_one_message_a_window(stack):
    told = []
    for number in range(30):
        told += stack.told(*[failed(number * 10 + each, f"s{each}") for each in range(8)])
        told += stack.minutes(1)

    assert told[0] == "8 x run_failed of 8 schedules in prod"
    assert told[1] == "32 more x run_failed of 8 schedules since 02:00:00Z in prod"
    assert len(told) == 1 + 6
    counts = [message["count"] for _, message in stack.topic.published]
    assert sum(counts) == 30 * 8


def test_a_storm_of_small_batches_is_few_messages_and_a_summary(stack):
    told = [subject for each in range(412) for subject in stack.told(failed(each, f"s{each % 37}"))]

    assert len(told) == MAX_SINGLE
    assert stack.minutes(5) == ["407 more x run_failed of 37 schedules since 02:00:00Z in prod"]


def only(alert, *to):
    """The alert of a schedule that names its channels."""
    return replace(alert, to=to)


def subjects(channel):
    return [subject for subject, _ in channel.published]


def test_a_schedule_that_names_its_channels_is_told_there_alone(stack):
    stack.tell([only(failed(1), "webhook"), only(failed(2, "billing"), "topic"), failed(3, "both")])

    assert subjects(stack.hook) == [failed(1).subject, failed(3, "both").subject]
    assert subjects(stack.topic) == [failed(2, "billing").subject, failed(3, "both").subject]
    assert stack.minutes(LONG_ENOUGH) == []


def test_summaries_are_made_for_each_choice_of_channels_and_name_no_others_schedules(stack):
    stack.tell([only(failed(each, f"ours{each}"), "webhook") for each in range(9)])
    stack.tell([only(failed(each, f"theirs{each}"), "topic") for each in range(9)])
    stack.tell([only(failed(each, "ours0"), "webhook") for each in range(20, 22)])
    stack.tell([only(failed(each, "theirs0"), "topic") for each in range(20, 22)])
    stack.minutes(5)

    assert subjects(stack.hook) == [
        "9 x run_failed of 9 schedules in prod",
        "2 more x run_failed of 1 schedules since 02:00:00Z in prod",
    ]
    assert subjects(stack.topic) == subjects(stack.hook)
    assert not any("theirs" in str(message) for _, message in stack.hook.published)
    ids = [message["alert_id"] for _, message in (*stack.hook.published, *stack.topic.published)]
    assert len(set(ids)) == 4


def test_an_alert_for_a_channel_that_was_turned_off_goes_to_those_there_are(stack):
    assert stack.told(only(failed(1), "bus")) == [failed(1).subject]
    assert subjects(stack.hook) == [failed(1).subject]


def test_an_alert_for_one_channel_waits_for_that_one_alone(stack):
    stack.hook.is_down = True
    stack.tell([only(failed(1), "webhook")])
    assert stack.minutes(1) == []
    stack.hook.is_down = False
    stack.minutes(3)
    assert subjects(stack.hook) == [failed(1).subject]
    assert stack.topic.published == []


def test_of_very_many_schedules_some_are_named_and_all_alerts_counted(stack):
    for each in range(MAX_HELD + 50):
        stack.told(failed(each, f"s{each}"))

    [subject] = stack.minutes(5)

    assert subject.startswith(f"{MAX_HELD + 45} more x run_failed of more than {MAX_HELD} schedules")
    assert len(stack.topic.published[-1][1]["run_ids"]) == 20


def test_once_it_is_quiet_for_a_window_the_next_alert_is_told_at_once(stack):
    stack.told(failed(1), failed(2))
    assert len(stack.minutes(5)) == 1
    assert stack.minutes(5) == []

    assert stack.told(failed(3)) == [failed(3).subject]


def test_a_window_that_is_over_is_told_by_the_next_batch_too(stack):
    stack.told(failed(1), failed(2), failed(3))
    stack.clock.advance(WINDOW.total_seconds())

    assert stack.told(failed(4)) == ["2 more x run_failed of 1 schedules since 02:00:00Z in prod"]


@pytest.mark.parametrize("count", [2, MAX_SINGLE + 1])
def test_a_batch_that_comes_again_in_other_cuts_is_counted_once(stack, count):
    batch = [failed(each) for each in range(count)]
    stack.told(*batch)
    before = stack.facts.rows[KEY]

    assert stack.told(*batch[1:]) == stack.told(*batch) == []
    assert stack.facts.rows[KEY] == before


def test_a_run_that_fails_a_second_time_is_told_again():
    stack = Stack(timedelta(0))
    first, second = (
        Alert("etl COMPENSATION_FAILED", {**failed(1).message, "ended_at": ended}) for ended in ("1", "2")
    )

    assert len(stack.told(first) + stack.told(first) + stack.told(second)) == 2


def test_alerts_about_rows_that_cannot_be_read_are_grouped_by_their_schedules(stack):
    many = [run_unreadable(f"s{each % 3}@20261122T{each:06}Z", "why", "prod") for each in range(9)]

    assert stack.told(*many) == ["9 x run_unreadable of 3 schedules in prod"]


# ---- what it costs


def test_a_failing_batch_is_two_reads_and_two_writes_and_while_held_one_of_each(stack):
    stack.told(failed(1))
    assert stack.database.asked == ["read_fact", "swap_fact", "read_fact", "swap_fact"]
    stack.database.asked.clear()

    stack.told(failed(2))
    assert stack.database.asked == ["read_fact", "swap_fact"]


def test_a_minute_with_nothing_to_tell_is_one_read(stack):
    stack.minutes(1)
    stack.told(failed(1))
    stack.database.asked.clear()
    stack.minutes(2)

    assert stack.database.asked == ["read_fact"] * 2


def test_the_row_stays_small_whatever_fails(stack):
    stack.topic.is_down = stack.hook.is_down = True
    for each in range(2000):
        stack.told(failed(each, f"schedule-with-a-long-name-{each}", kind=f"kind-{each % 7}"))
        stack.clock.advance(1)

    value = stack.facts.rows[KEY].value
    assert len(value["letters"]) <= MAX_LETTERS + 7
    assert len(str(value)) < 100_000


# ---- channels that fail


def test_a_channel_that_fails_is_tried_again_later_and_the_other_is_not_told_twice(stack):
    stack.hook.is_down = True
    stack.told(failed(1))
    assert (len(stack.topic.published), len(stack.hook.published)) == (1, 0)
    assert "alert_unsent" in stack.log.actions
    assert stack.metrics.together == [(None, {"AlertsUnsent": 1})]
    stack.hook.is_down = False

    stack.minutes(1)

    assert (len(stack.topic.published), len(stack.hook.published)) == (1, 1)
    assert stack.facts.rows[KEY].value["letters"] == []


def test_a_channel_that_is_down_is_asked_once_in_an_invocation(stack):
    asked = []

    def down(subject, message):
        asked.append(subject)
        raise OSError("no route to host")

    stack.hook.publish = down
    stack.told(failed(1, "a"), failed(2, "b"), failed(3, "c"))

    assert (len(asked), len(stack.topic.published)) == (1, 3)
    assert stack.metrics.together == [(None, {"AlertsUnsent": 3})]


def test_an_alert_that_a_channel_never_takes_is_given_up_after_an_hour_and_counted(stack):
    stack.hook.is_down = True
    stack.told(failed(1))
    stack.minutes(60)

    assert stack.log.actions.count("alert_unsent") == MAX_TRIES
    assert stack.log.actions.count("alert_given_up") == 1
    assert (None, {"AlertsLost": 1}) in stack.metrics.together
    assert stack.facts.rows[KEY].value["letters"] == []
    assert stack.minutes(LONG_ENOUGH) == []


def test_what_comes_while_nothing_is_taken_is_told_when_it_is_taken_again(stack):
    stack.topic.is_down = stack.hook.is_down = True
    for each in range(200):
        stack.told(failed(each, f"s{each}", kind=f"kind-{each % 5}"))
    stack.topic.is_down = stack.hook.is_down = False
    stack.minutes(30)

    counted = sum(message.get("count", 1) for _, message in stack.hook.published)
    assert counted == 200


def test_without_channels_of_its_own_it_keeps_for_whoever_has_some(stack):
    keeping = stack.telling({})
    keeping.publish(*(failed(1).subject, failed(1).message))
    assert stack.topic.published == []

    assert stack.minutes(1) == [failed(1).subject]


# ---- crashes and races


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("operation", ["read_fact", "swap_fact"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_whatever_breaks_off_every_alert_is_told_at_least_once(stack, when, operation, number):
    batch = [failed(1, "a"), failed(2, "b"), failed(3, "b")]
    stack.database.breaks = {(when, operation, number): Unavailable("no answer")}
    try:
        stack.tell(batch)
    except Unavailable:
        stack.tell(batch)
    stack.minutes(10)

    told = [message["alert_id"] for _, message in stack.topic.published]
    assert set(told) == {alert.message["alert_id"] for alert in batch}
    assert len(told) <= len(batch) + 2


def test_a_sender_that_dies_leaves_its_letters_to_the_next_minute(stack):
    def dies(subject, message):
        raise KeyboardInterrupt

    publish, stack.topic.publish = stack.topic.publish, dies
    with pytest.raises(KeyboardInterrupt):
        stack.tell([failed(1)])
    stack.topic.publish = publish

    assert stack.told() == []
    assert stack.minutes(1) == [failed(1).subject]


def test_two_that_tell_at_once_lose_none(stack):
    swap, other = stack.facts.swap, stack.telling({"topic": stack.topic, "webhook": stack.hook})

    def overtaken(*arguments):
        stack.facts.swap = swap
        other([failed(2, "b")])
        return swap(*arguments)

    stack.facts.swap = overtaken
    stack.tell([failed(1, "a")])

    assert {message["schedule_id"] for _, message in stack.topic.published} == {"a", "b"}
    assert stack.facts.rows[KEY].value["letters"] == []


def test_while_others_are_always_faster_the_batch_comes_again(stack):
    stack.facts.swap = lambda *arguments: False

    with pytest.raises(Throttled):
        stack.tell([failed(1)])


def test_an_outbox_that_cannot_be_read_begins_anew_and_says_so(stack):
    stack.told(failed(1))
    stack.facts.rows[KEY].value["letters"].append({"subject": "x"})

    assert stack.told(failed(2)) == [failed(2).subject]
    assert "alerts_unreadable" in stack.log.actions
