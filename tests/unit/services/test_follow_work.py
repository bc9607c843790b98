"""A run whose work goes on elsewhere for half an hour: followed to its end whatever is lost, doubled or late."""

from dataclasses import replace

import pytest

from carillon.domain.completion_event import WorkEnded, read_completion_event
from carillon.domain.errors import SecretMissing, Unavailable
from carillon.domain.job import Retry, Wait
from carillon.domain.outcome import Outcome, OutcomeKind, retryable
from carillon.domain.run import RunState
from carillon.domain.secrets import Secret
from carillon.services.follow_work import STOP_TRIES
from carillon.services.jobs import Jobs
from carillon.services.note_completion import Noted
from tests.fakes.life import ADMIN, Life

TASK = "arn:aws:ecs:eu-central-1:123456789012:task/jobs/0a1b"
MINUTE = 60


class Work:
    """A followed target whose work ends when the test says so."""

    def __init__(self):
        self.started, self.asked, self.stopped = [], [], []
        self.ends = {}
        self.is_down = False

    def execute(self, call):
        name = f"{TASK}{len(self.started)}"
        self.started.append(call)
        return Outcome(OutcomeKind.SUCCESS, f"Started {name}.", output={"task": name}, remote_id=name)

    def ask(self, remote_id):
        self.asked.append(remote_id)
        if self.is_down:
            raise Unavailable("no answer")
        return self.ends.get(remote_id)

    def stop(self, remote_id, why):
        if self.is_down:
            raise Unavailable("no answer")
        self.stopped.append(remote_id)


DONE = Outcome(
    OutcomeKind.SUCCESS, "It ended with exit code 0.", status=0, output={"exit_code": 0, "logs": "https://…"}
)
BROKEN = retryable("container_failed", "It ended with exit code 3.", status=3, output={"exit_code": 3})


def waiting(attempts=1, **wait):
    """A run in WAITING, its work under way."""
    life = Life(Retry(attempts, base_seconds=0))
    life.works = life.targets["ecs"] = Work()
    revision = life.database.revisions["etl", 1]
    wait = Wait(**({"timeout_seconds": 3600} | wait), for_completion=True)
    life.database.revisions["etl", 1] = replace(
        revision, job=replace(revision.job, target={"kind": "ecs"}, wait=wait)
    )
    life.begin()
    assert life.row.state is RunState.WAITING
    return life


def minutes(life, count, *, working=True):
    """Lets minutes pass with their ticks, and the worker take what is sent."""
    for _ in range(count):
        life.clock.advance(MINUTE)
        life.tick_once()
        while working and life.queue.sent:
            life.work()


def tell(life, work=0):
    """The event of the work's end arrives."""
    return life.note_completion(WorkEnded(f"{TASK}{work}", is_ours=True))


def end(life, outcome=DONE, work=0):
    life.works.ends[f"{TASK}{work}"] = outcome


def test_a_thirty_minute_job_ends_with_its_event_and_the_real_result():
    life = waiting()
    minutes(life, 29)
    end(life)
    life.clock.advance(MINUTE)
    assert tell(life) is Noted.SENT
    life.work()
    assert life.row.state is RunState.SUCCEEDED
    assert life.row.events[-1].duration_ms == 30 * 60_000
    assert life.outputs.read(life.row) == DONE.output
    assert len(life.works.started) == 1


def test_a_worker_that_dies_with_the_word_in_hand_loses_nothing():
    life = waiting()
    end(life)
    tell(life)
    life.queue.sent.clear()
    minutes(life, 16)
    assert life.row.state is RunState.SUCCEEDED
    assert len(life.works.started) == 1


def test_a_lost_event_is_made_up_for_by_asking():
    life = waiting(heartbeat_seconds=600)
    minutes(life, 4)
    end(life)
    minutes(life, 7)
    assert life.row.state is RunState.SUCCEEDED
    assert len(life.works.asked) == 1


def test_a_job_of_an_hour_is_asked_about_every_quarter_of_it():
    life = waiting(timeout_seconds=7200)
    minutes(life, 60)
    assert life.row.state is RunState.WAITING
    assert len(life.works.asked) in (3, 4)


def test_a_doubled_event_has_no_second_effect():
    life = waiting()
    end(life)
    assert tell(life) is tell(life) is Noted.SENT
    life.work()
    ended = life.row
    life.work()
    assert tell(life) is Noted.NOT_NEEDED
    assert life.row == ended


def test_two_workers_that_find_the_end_at_once_write_it_once():
    life = waiting(attempts=2)
    end(life, BROKEN)
    tell(life)
    message = life.queue.sent.pop()
    first_ask = life.works.ask

    def ask_twice(remote_id):
        life.works.ask = first_ask
        life.work(message)
        return first_ask(remote_id)

    life.works.ask = ask_twice
    life.work(message)
    assert (life.row.state, life.row.attempt) == (RunState.RETRYING, 1)
    assert [event.status for event in life.row.events].count(RunState.RETRYING) == 1


def test_work_that_fails_is_tried_again_and_the_old_events_count_no_more():
    life = waiting(attempts=2)
    end(life, BROKEN)
    tell(life)
    life.work()
    assert (life.row.state, life.row.reason) == (RunState.RETRYING, "container_failed")
    life.work_on()
    assert (life.row.state, life.row.attempt) == (RunState.WAITING, 2)
    assert tell(life, work=0) is Noted.NOT_NEEDED
    end(life, work=1)
    tell(life, work=1)
    life.work()
    assert life.row.state is RunState.SUCCEEDED


def test_work_that_takes_too_long_is_stopped_and_its_late_end_changes_nothing():
    life = waiting(timeout_seconds=1800)
    minutes(life, 32)
    assert (life.row.state, life.row.reason) == (RunState.TIMED_OUT, "completion_overdue")
    assert life.works.stopped == [f"{TASK}0"]
    end(life)
    assert tell(life) is Noted.NOT_NEEDED
    minutes(life, 5)
    assert life.row.state is RunState.TIMED_OUT


def test_cancelling_stops_the_work_before_the_run_ends():
    life = waiting()
    life.stop_run(ADMIN, life.run_id)
    assert life.row.state is RunState.WAITING
    minutes(life, 1)
    assert (life.row.state, life.works.stopped) == (RunState.CANCELLED, [f"{TASK}0"])
    end(life)
    assert tell(life) is Noted.NOT_NEEDED


def test_a_service_that_cannot_be_reached_delays_a_cancel_but_does_not_forbid_it():
    life = waiting()
    life.works.is_down = True
    life.stop_run(ADMIN, life.run_id)
    minutes(life, STOP_TRIES - 1)
    assert life.row.state is RunState.WAITING
    minutes(life, 3)
    assert life.row.state is RunState.CANCELLED
    assert "could not be stopped" in life.row.events[-1].message


def test_a_service_that_never_answers_ends_in_a_timeout():
    life = waiting(timeout_seconds=1800)
    life.works.is_down = True
    minutes(life, 47)
    assert (life.row.state, life.row.reason) == (RunState.TIMED_OUT, "completion_overdue")


def test_work_that_nobody_could_remember_is_found_by_asking(monkeypatch):
    def refuse(facts, *given):
        raise Unavailable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr("tests.fakes.doors.MemoryFacts.swap", refuse)
        life = waiting()
    end(life)
    minutes(life, 16)
    assert life.row.state is RunState.SUCCEEDED


def masking(life, answer):
    """The worker opens the job's secrets when the work has ended, and `answer` is what comes of that."""
    revision = life.database.revisions["etl", 1]
    target = {**revision.job.target, "message": "${secrets.TOKEN}"}
    life.database.revisions["etl", 1] = replace(revision, job=replace(revision.job, target=target))
    life.execute._attempt._open_secrets = answer
    life.execute._attempt._jobs = Jobs(life.schedules)
    end(life, replace(DONE, message="It said t0p-s3cret.", output={"log": "the t0p-s3cret"}))
    tell(life)
    life.work()


def test_what_the_work_says_of_a_secret_is_masked():
    life = waiting()
    masking(life, lambda run, task, stored: {"TOKEN": Secret("t0p-s3cret")})
    assert life.row.state is RunState.SUCCEEDED
    assert life.row.events[-1].message == "It said ***."
    assert life.outputs.read(life.row) == {"log": "the ***"}


def test_while_secrets_cannot_be_opened_the_work_is_asked_again_later():
    life, is_out = waiting(), [True]

    def answer(run, task, stored):
        if is_out[0]:
            raise Unavailable("KMS does not answer")
        return {"TOKEN": Secret("t0p-s3cret")}

    masking(life, answer)
    assert life.row.state is RunState.WAITING
    is_out[0] = False
    minutes(life, 16)
    assert life.row.state is RunState.SUCCEEDED
    assert "s3cret" not in str(life.row)


def test_what_the_work_says_is_not_kept_where_its_secrets_are_gone():
    def answer(run, task, stored):
        raise SecretMissing("The secret TOKEN is not set.")

    life = waiting()
    masking(life, answer)
    assert life.row.state is RunState.SUCCEEDED
    assert "s3cret" not in f"{life.row}{life.outputs.kept}"


def test_word_that_comes_before_the_run_waits_is_told_again():
    life = waiting()
    life.facts.rows.clear()
    with pytest.raises(Unavailable):
        tell(life)
    assert life.note_completion(WorkEnded("eu-central-1/someone-elses", is_ours=False)) is Noted.NOT_OURS


@pytest.mark.parametrize(
    ("source", "detail", "found"),
    [
        (
            "aws.states",
            {"executionArn": "arn:aws:states:x:1:execution:etl:carillon_etl-0a", "name": "carillon_etl-0a"},
            WorkEnded("arn:aws:states:x:1:execution:etl:carillon_etl-0a", is_ours=True),
        ),
        ("aws.ecs", {"taskArn": TASK, "startedBy": "carillon_-0a"}, WorkEnded(TASK, is_ours=True)),
        ("aws.ecs", {"taskArn": TASK, "startedBy": "ecs-svc/1"}, WorkEnded(TASK, is_ours=False)),
        ("aws.ssm", {"command-id": "e8d3"}, WorkEnded("eu-central-1/e8d3", is_ours=False)),
        ("aws.ecs", {}, None),
        ("aws.s3", {"command-id": "e8d3"}, None),
        ("aws.ssm", None, None),
    ],
)
def test_events_name_the_work_that_has_ended(source, detail, found):
    event = {"source": source, "region": "eu-central-1", "detail": detail}
    assert read_completion_event(event, "carillon") == found
