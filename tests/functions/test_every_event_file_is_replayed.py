"""Every file in events/ runs through the function whose door it stands for.

A file's name begins with its door: events/dead-letter-poison.json is replayed by the functions of "dead-letter". A new
door is one more entry in DOORS: a function that takes the event, hands it to the real handler's `respond` with
fakes, and asserts what must hold for any event of that door.
"""

from datetime import timedelta

import pytest

from api.handler import respond as api
from archive.handler import respond as archive
from carillon.domain.alert import run_unreadable
from carillon.domain.audit_archive import rows_of
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import MalformedMessage
from carillon.domain.moments import to_rfc3339
from carillon.services.archive import Archive
from carillon.services.archive_audit import ArchiveAudit
from carillon.services.bootstrap_admin import BootstrapAdmin
from carillon.services.dead_letter import TakeInDeadLetter
from carillon.services.ended import build_ended
from carillon.services.follow import Follow
from carillon.services.journal import Journal
from carillon.services.operator import Operator
from carillon.services.re_archive import ReArchive
from carillon.services.re_archive_audit import ReArchiveAudit
from carillon.services.re_seal import ReSeal
from carillon.services.seal_audit import AuditSeals
from carillon.services.spread import SpreadTick
from carillon.services.tell_alerts import TellAlerts
from completion.handler import respond as completion
from deadletter.handler import respond as take_in
from follow.handler import respond as follow
from follow.handler import respond_to_clock as told_by_clock
from operators.handler import respond as operate
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.doors import MemoryFacts
from tests.fakes.ended_runs import MemoryEndedRuns
from tests.fakes.log import RecordedLog
from tests.fakes.memory import (
    MemoryAccess,
    MemoryArchive,
    MemoryAuditArchive,
    MemoryAuditLog,
    MemoryDatabase,
    MemoryDeadLetters,
    MemoryQueue,
    MemoryRuns,
    MemorySlots,
    RecordedAlerts,
)
from tests.fakes.sealed_rows import MemorySealedRows
from tests.fakes.sealing import ClearMessages, seals
from tests.fakes.tokens import LocalRootSigner
from tests.fakes.world import LEASE, World
from tests.functions.api.world import ApiWorld
from tests.functions.event_files import event, names
from tick.handler import respond as tick
from worker.handler import respond as work


def replay_follow(stream_event):
    log = RecordedLog()

    followed = []

    answer = follow(stream_event, Follow(RecordedAlerts(), log, "carillon"), followed.extend, log)

    assert answer == {"batchItemFailures": []}
    assert len(followed) == len(stream_event["Records"])
    assert "row_unreadable" not in log.actions


def replay_clock(clock_event):
    world, topic = World(), RecordedAlerts()
    facts, window = MemoryFacts(world.database), timedelta(minutes=5)
    tell = TellAlerts(facts, {"topic": topic}, world.clock, world.chance, world.log, "carillon", window)
    tell([run_unreadable("etl@20261122T020000Z", f"reason {number}", "carillon") for number in range(2)])
    tell([run_unreadable("etl@20261122T020001Z", "another", "carillon")])
    world.clock.advance(300)

    assert clock_event == {}
    assert told_by_clock(tell) == {"batchItemFailures": []}
    assert len(topic.published) == 2


def replay_archive(stream_event):
    bucket = MemoryArchive()

    archive(stream_event, Archive(bucket, RecordedLog()), ArchiveAudit(MemoryAuditArchive(), RecordedLog()))

    assert all(key.startswith("runs/") for key in bucket.objects)
    assert bucket.objects


def replay_audit(stream_event):
    archived = MemoryAuditArchive()

    archive(stream_event, Archive(MemoryArchive(), RecordedLog()), ArchiveAudit(archived, RecordedLog()))

    rows = rows_of(archived.objects.values())
    assert len(rows) == len(stream_event["Records"])
    assert not any("unreadable" in row for row in rows.values())


def replay_dead_letter(queue_event):
    kept, log = MemoryDeadLetters(), RecordedLog()
    database, clock, chance = MemoryDatabase(), FakeClock(), FakeChance()
    ended = build_ended(MemorySlots(database), MemoryQueue(), clock, chance, log)
    service = TakeInDeadLetter(
        ClearMessages(), MemoryRuns(database), kept, RecordedAlerts(), ended, clock, chance, log, "carillon"
    )

    assert take_in(queue_event, service, log) == {"batchItemFailures": []}
    assert kept.kept.keys() == {record["messageId"] for record in queue_event["Records"]}


def replay_tick(clock_event):
    class NoRanges:
        def start(self, shards):
            raise AssertionError("one shard is one tick's work")

    world = World()
    world.add("nightly-etl", after=30)

    report = tick(
        clock_event, SpreadTick(world.tick, world.liveness, NoRanges(), 1, 16, lambda: 0), world.log
    )

    assert report["runs"] == len(world.queue.sent) > 0


def replay_worker(queue_event):
    world = World()

    answer = work(queue_event, world.execute, world.clock.now() + LEASE, world.log)

    returned = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    assert returned == {
        record["messageId"] for record in queue_event["Records"] if not is_dispatch(record["body"])
    }


def replay_api(http_event):
    world = ApiWorld()
    headers = dict(http_event["headers"])
    if "authorization" in headers:
        headers["authorization"] = f"Bearer {world.token}"
    if "x-timestamp" in headers:
        headers["x-timestamp"] = to_rfc3339(world.clock.now())

    answer = api({**http_event, "headers": headers}, world.api)

    # A callback's token belongs to one run of one stack; test_event_files shows what a right one does.
    is_strange = "carillon-callback-token" in headers
    assert (answer["statusCode"] == 401) is is_strange
    assert answer["statusCode"] != 500
    assert "request_failed" not in world.log.actions


def replay_completion(state_change):
    world = World()

    answer = completion(state_change, world.note_completion, "carillon", world.log)

    assert answer == {"noted": "not_ours"}
    assert world.queue.sent == []


def replay_operator(command):
    world, log = ApiWorld(), RecordedLog()
    world.database.users.clear()
    if command.get("reset"):
        world.add_user(command["user"])
    access, journal = MemoryAccess(world.database), Journal(world.chance)

    bootstrap = BootstrapAdmin(access, world.clock, world.chance, journal)
    audit, archived = MemoryAuditLog(world.database), MemoryAuditArchive()
    audit_seals = AuditSeals(audit, archived, LocalRootSigner(), world.clock, RecordedLog(), "carillon")
    re_seal = ReSeal(MemorySealedRows(), seals(world.clock).keyring, world.clock, log)

    re_archive = ReArchive(MemoryEndedRuns(world.database), MemoryArchive(), world.clock, log)

    re_archive_audit = ReArchiveAudit(audit, archived, world.clock, log)
    operator = Operator(bootstrap, audit_seals, re_seal, re_archive, re_archive_audit)
    answer = operate(command, operator, log)

    assert "error" not in answer
    assert log.actions == ["command_done"]


def is_dispatch(body):
    try:
        Dispatch.decode(body)
    except MalformedMessage:
        return False
    return True


DOORS = {
    "api": [replay_api],
    "audit": [replay_audit],
    "completion": [replay_completion],
    "dead-letter": [replay_dead_letter],
    "follow": [replay_clock],
    "operator": [replay_operator],
    "stream": [replay_follow, replay_archive],
    "tick": [replay_tick],
    "worker": [replay_worker],
}


def door_of(name):
    """The door an event file's name begins with."""
    for door in DOORS:
        if name == door or name.startswith(f"{door}-"):
            return door
    raise LookupError(
        f"events/{name}.json is replayed by no test. Name it after its door ({', '.join(sorted(DOORS))}), or add its "
        f"door, with a function that replays it, to DOORS in tests/functions/test_every_event_file_is_replayed.py."
    )


@pytest.mark.parametrize("name", names())
def test_the_event_file_runs_through_its_function(name):
    for replay in DOORS[door_of(name)]:
        replay(event(name))


@pytest.mark.parametrize("door", DOORS)
def test_every_door_has_an_event_file(door):
    assert any(name == door or name.startswith(f"{door}-") for name in names())


def test_a_file_without_a_door_fails_with_what_to_do_about_it():
    with pytest.raises(LookupError, match=r"Name it after its door .*dead-letter.*or add its door"):
        door_of("streaming-something")
