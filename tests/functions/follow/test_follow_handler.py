"""The follower of the Runs stream, from Lambda's event to the alert."""

import copy
from datetime import timedelta

import pytest

from carillon.domain.errors import Throttled
from carillon.services.alert_runs import AlertRuns
from carillon.services.follow import Follow
from carillon.services.tell_alerts import TellAlerts
from follow.handler import respond
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.database import MemoryDatabase
from tests.fakes.doors import MemoryFacts
from tests.fakes.log import RecordedLog
from tests.fakes.recorders import RecordedAlerts
from tests.fakes.schedules import MemorySchedules
from tests.functions.event_files import event


class SilentTopic:
    """An alert topic that asks for a slower pace."""

    def publish(self, subject, message):
        raise Throttled


class BrokenOff(MemoryDatabase):
    """A database that writes no fact."""

    def before(self, operation):
        if operation == "swap_fact":
            raise Throttled


def follow(stream_event, topic, facts=None):
    log, database, clock = RecordedLog(), MemoryDatabase(), FakeClock()
    schedules, facts = MemorySchedules(database), facts or MemoryFacts(database)
    chance = FakeChance()
    tell = TellAlerts(facts, {"topic": topic}, clock, chance, log, "carillon", timedelta(minutes=5))
    told = AlertRuns(schedules, facts, tell, Exception, clock, chance, log, "carillon")
    return respond(stream_event, Follow(tell, log, "carillon"), told, log)


def with_state(stream_event, state):
    stream_event = copy.deepcopy(stream_event)
    stream_event["Records"][0]["dynamodb"]["NewImage"]["state"]["S"] = state
    return stream_event


def test_a_failed_run_is_alerted_with_its_story():
    topic = RecordedAlerts()

    answer = follow(event("stream-run-failed"), topic)

    assert answer == {"batchItemFailures": []}
    [(subject, message)] = topic.published
    assert subject == "invoice-export FAILED (2026-11-22T02:00:00Z) in carillon"
    events = message.pop("events")
    assert message == {
        "alert": "run_failed",
        "alert_id": "invoice-export@20261122T020000Z:FAILED",
        "environment": "carillon",
        "run_id": "invoice-export@20261122T020000Z",
        "schedule_id": "invoice-export",
        "state": "FAILED",
        "reason": "http_5xx",
        "attempt": 2,
        "fire_at": "2026-11-22T02:00:00Z",
        "ended_at": "2026-11-22T02:00:02.871Z",
    }
    assert len(events) == 5
    assert events[-1] == {
        "timestamp": 1795312802871,
        "status": "FAILED",
        "message": "the target answered 503",
        "duration_ms": 359,
        "attempt": 2,
    }


@pytest.mark.parametrize("state", ["FAILED", "TIMED_OUT", "UNKNOWN", "COMPENSATION_FAILED"])
def test_every_end_in_failure_is_alerted(state):
    topic = RecordedAlerts()

    follow(with_state(event("stream-run-failed"), state), topic)

    assert topic.published[0][1]["alert_id"] == f"invoice-export@20261122T020000Z:{state}"


@pytest.mark.parametrize("state", ["SUCCEEDED", "SKIPPED", "CANCELLED"])
def test_no_other_end_is_alerted(state):
    topic = RecordedAlerts()

    follow(with_state(event("stream-run-failed"), state), topic)

    assert topic.published == []


def test_a_run_put_as_failed_is_alerted_without_an_old_image():
    inserted = event("stream-run-failed")
    inserted["Records"][0]["eventName"] = "INSERT"
    del inserted["Records"][0]["dynamodb"]["OldImage"]
    topic = RecordedAlerts()

    follow(inserted, topic)

    assert len(topic.published) == 1


def test_a_later_write_to_a_failed_row_is_not_alerted_again():
    rewritten = event("stream-run-failed")
    images = rewritten["Records"][0]["dynamodb"]
    images["OldImage"] = images["NewImage"]
    topic = RecordedAlerts()

    follow(rewritten, topic)

    assert topic.published == []


def test_a_repeated_record_is_not_told_again():
    topic = RecordedAlerts()

    facts = MemoryFacts(MemoryDatabase())
    for _ in range(2):
        follow(event("stream-run-failed"), topic, facts)

    assert len(topic.published) == 1


def test_when_the_topic_does_not_answer_the_alert_is_kept_and_the_batch_is_done():
    facts = MemoryFacts(MemoryDatabase())

    answer = follow(event("stream-run-failed"), SilentTopic(), facts)

    assert answer == {"batchItemFailures": []}
    [letter] = facts.rows["alerts"].value["letters"]
    assert letter["message"]["alert_id"] == "invoice-export@20261122T020000Z:FAILED"


def test_when_the_alert_cannot_be_kept_the_batch_comes_again():
    failed = event("stream-run-failed")
    succeeded = event("stream-run-succeeded")
    batch = {"Records": [*succeeded["Records"], *failed["Records"]]}
    answer = follow(batch, RecordedAlerts(), MemoryFacts(BrokenOff()))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "3300000000061834215512"}]}


def test_a_row_that_cannot_be_read_is_alerted_and_stops_no_other():
    broken, failed = event("stream-run-succeeded"), event("stream-run-failed")
    broken["Records"][0]["dynamodb"]["NewImage"]["attempt"] = {"S": "many"}
    topic = RecordedAlerts()

    answer = follow({"Records": [*broken["Records"], *failed["Records"]]}, topic)

    assert answer == {"batchItemFailures": []}
    unreadable, failure = (message for _, message in topic.published)
    assert unreadable["alert"] == "run_unreadable"
    assert unreadable["run_id"] == "nightly-etl@20261122T020000Z"
    assert "attempt" in unreadable["reason"]
    assert failure["alert"] == "run_failed"


def test_a_failure_whose_effects_were_taken_back_is_alerted_too():
    topic = RecordedAlerts()

    follow(with_state(event("stream-run-failed"), "COMPENSATED"), topic)

    assert topic.published[0][0] == "invoice-export COMPENSATED (2026-11-22T02:00:00Z) in carillon"


def test_a_compensation_that_an_operator_settled_is_no_news():
    settled = with_state(event("stream-run-failed"), "COMPENSATED")
    images = settled["Records"][0]["dynamodb"]
    images["OldImage"] = images["NewImage"] | {"state": {"S": "COMPENSATION_FAILED"}}
    topic = RecordedAlerts()

    follow(settled, topic)

    assert topic.published == []


@pytest.mark.parametrize("origin", ["step", "compensation"])
def test_a_workflow_speaks_for_its_steps(origin):
    failed = copy.deepcopy(event("stream-run-failed"))
    failed["Records"][0]["dynamodb"]["NewImage"]["origin"]["S"] = origin
    topic = RecordedAlerts()

    follow(failed, topic)

    assert topic.published == []
