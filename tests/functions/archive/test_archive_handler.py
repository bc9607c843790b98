"""The archiver of the Runs stream, from Lambda's event to the bucket's objects."""

import copy
import gzip
import json

import pytest

from archive.handler import respond
from carillon.domain.errors import Unavailable
from carillon.services.archive import Archive
from carillon.services.archive_audit import ArchiveAudit
from tests.fakes.log import RecordedLog
from tests.fakes.recorders import MemoryArchive, MemoryAuditArchive
from tests.functions.event_files import event

NO_AUDIT = ArchiveAudit(MemoryAuditArchive(), RecordedLog())


def archive(*records):
    bucket = MemoryArchive()
    respond({"Records": list(records)}, Archive(bucket, RecordedLog()), NO_AUDIT)
    return bucket.objects


def record(name="stream-run-succeeded"):
    return event(name)["Records"][0]


def of_run(run_key, number):
    changed = record()
    for image in ("Keys", "NewImage", "OldImage"):
        changed["dynamodb"][image]["run_key"]["S"] = run_key
    changed["dynamodb"]["SequenceNumber"] = str(number)
    changed["eventID"] = f"event-{number}"
    return changed


def lines(body):
    return [json.loads(line) for line in gzip.decompress(body).decode().splitlines()]


def test_an_ended_run_becomes_one_line_as_the_api_would_show_it():
    [(key, body)] = archive(record()).items()

    assert key.startswith("runs/date=2026-11-22/hour=02/3300000000061834215512-")
    assert key.endswith(".jsonl.gz")
    [line] = lines(body)
    assert line["run_id"] == "nightly-etl@20261122T020000Z"
    assert (line["state"], line["started_at"], line["ended_at"]) == (
        "SUCCEEDED",
        "2026-11-22T02:00:00.037Z",
        "2026-11-22T02:00:01.538Z",
    )
    assert [event["status"] for event in line["events"]] == ["QUEUED", "RUNNING", "SUCCEEDED"]


def test_a_batch_becomes_one_object_per_hour_of_the_run_keys():
    objects = archive(
        of_run("20261122T020000Z", 1),
        of_run("20261122T015959Z", 2),
        of_run("20261122T025959Z~k3f9x2mq", 3),
        of_run("20261121T020000Z", 4),
    )

    found = {key.rsplit("/", 1)[0]: [line["run_id"] for line in lines(body)] for key, body in objects.items()}
    assert len(objects) == len(found)
    assert found == {
        "runs/date=2026-11-21/hour=02": ["nightly-etl@20261121T020000Z"],
        "runs/date=2026-11-22/hour=01": ["nightly-etl@20261122T015959Z"],
        "runs/date=2026-11-22/hour=02": [
            "nightly-etl@20261122T020000Z",
            "nightly-etl@20261122T025959Z~k3f9x2mq",
        ],
    }


def test_the_same_batch_gives_the_same_keys_and_bytes():
    batch = [record(), record("stream-run-failed")]

    first, second = archive(*batch), archive(*copy.deepcopy(batch))

    assert first == second
    [body] = first.values()
    assert body[4:8] == b"\0\0\0\0"  # gzip's time stamp


def test_two_shards_with_the_same_sequence_number_do_not_share_an_object():
    one, other = of_run("20261122T020000Z", 1), of_run("20261122T020001Z", 1)
    other["eventID"] = "event-of-another-shard"

    assert not archive(one).keys() & archive(other).keys()


def test_a_row_that_time_removed_is_not_archived_again():
    removed = record()
    removed["eventName"] = "REMOVE"
    removed["dynamodb"]["OldImage"] = removed["dynamodb"].pop("NewImage")
    removed["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}

    assert archive(removed) == {}


def test_a_run_that_has_not_ended_is_not_archived():
    running = record()
    running["dynamodb"]["NewImage"] = running["dynamodb"]["OldImage"]

    assert archive(running) == {}


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("state", {"S": "HAPPY"}), ("events", {"S": "none"}), ("run_key", {"S": "last night"})],
)
def test_a_row_that_cannot_be_read_is_kept_as_it_is_beside_the_others(attribute, value):
    broken = record()
    broken["dynamodb"]["NewImage"][attribute] = value

    objects = archive(broken, record("stream-run-failed"))

    unreadable, run = sorted(objects, reverse=True)
    assert run.startswith("runs/date=2026-11-22/hour=02/")
    assert unreadable.startswith("unreadable/3300000000061834215512-")
    [line] = lines(objects[unreadable])
    assert line["image"] == broken["dynamodb"]["NewImage"]
    assert line["run_id"] == "nightly-etl@20261122T020000Z"
    assert line["reason"]


def test_an_unanswered_write_fails_the_batch_so_that_it_comes_again():
    class SilentBucket:
        def put(self, key, body):
            raise Unavailable

    with pytest.raises(Unavailable):
        respond({"Records": [record()]}, Archive(SilentBucket(), RecordedLog()), NO_AUDIT)
