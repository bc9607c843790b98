"""Messages that say less than the table, or more: expired ones, and those that know a newer revision than the row."""

from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.domain.run import RunState
from carillon.services.execute import Ending
from tests.fakes.kms import FakeKms
from tests.fakes.life import Life
from tests.fakes.sealing import seals
from tests.fakes.world import LEASE


@pytest.fixture
def life():
    life = Life()
    life.tick_once()
    return life


def take(life, body):
    return life.execute.execute(body, life.clock.now() + LEASE)


def with_floor(life, revision):
    return replace(life.queue.sent[0].dispatch, min_revision=revision).encode()


def test_a_schedule_that_was_put_back_to_an_older_revision_does_not_run_it(life):
    ending = take(life, with_floor(life, 2))
    assert (ending.ending, ending.run.state, ending.run.reason) == (
        Ending.REFUSED,
        RunState.FAILED,
        "undeliverable",
    )
    assert life.target.calls == []
    assert "names revision 1, but 2 was saved before this message" in ending.run.events[-1].message
    assert [line["action"] for line in life.lines][-1:] == ["revision_rolled_back"]


@pytest.mark.parametrize("floor", [0, 1])
def test_the_revision_that_the_sender_knew_or_a_newer_one_runs(life, floor):
    assert take(life, with_floor(life, floor)).ending is Ending.EXECUTED
    assert len(life.target.calls) == 1


def test_a_retry_is_bound_to_the_revision_that_its_run_began_with(life):
    take(life, with_floor(life, 1))
    (run,) = life.database.runs.values()
    assert run.revision == 1


def test_an_expired_message_is_dropped_and_the_sweep_sends_a_fresh_one(life):
    kms = FakeKms()
    tick, worker = (seals(life.clock, role=role, kms=kms) for role in ("tick", "worker"))
    body = tick.signing_messages().seal([life.queue.sent.pop(0).dispatch])[0]
    life.execute._messages = worker.verifying_messages()
    life.clock.advance(timedelta(hours=1, seconds=1).total_seconds())
    assert take(life, body).ending is Ending.EXPIRED
    assert life.target.calls == []

    life.tick_once()
    (fresh,) = [sent.dispatch for sent in life.queue.sent if sent.dispatch.run_id == life.row.run_id]
    assert take(life, tick.signing_messages().seal([fresh])[0]).ending is not Ending.EXPIRED


def test_an_expired_dead_letter_is_dropped_and_ends_no_run(life):
    kms = FakeKms()
    tick, reader = (seals(life.clock, role=role, kms=kms) for role in ("tick", "deadletter"))
    body = tick.signing_messages().seal([life.queue.sent[0].dispatch])[0]
    life.take_in._messages = reader.verifying_messages()
    life.clock.advance(3601)
    life.take_in("m1", body)
    assert (life.row.state, life.kept.kept, life.alerts.published) == (RunState.QUEUED, {}, [])


def test_a_forged_dead_letter_is_kept_and_alerted_and_ends_no_run(life):
    strange, reader = (seals(life.clock, role="tick", kms=FakeKms()) for _ in range(2))
    life.take_in._messages = reader.verifying_messages()
    life.take_in("m1", strange.signing_messages().seal([life.queue.sent[0].dispatch])[0])
    assert (life.row.state, list(life.kept.kept)) == (RunState.QUEUED, ["m1"])
    ((_, alert),) = life.alerts.published
    assert alert["alert"] == "message_unreadable"
    assert "signer is unknown" in alert["reason"]
