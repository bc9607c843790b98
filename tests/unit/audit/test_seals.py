"""The audit archive: chained, sealed by the day, and every way of changing it found."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from carillon.adapters.dynamo.audit import audit_item, audit_record
from carillon.domain.audit import AuditEntry
from carillon.domain.errors import AuditIncomplete, WrongState
from carillon.services.archive_audit import ArchiveAudit
from carillon.services.re_archive_audit import ReArchiveAudit
from carillon.services.seal_audit import AuditSeals
from tests.fakes.clock import FakeClock
from tests.fakes.log import RecordedLog
from tests.fakes.memory import MemoryAuditArchive, MemoryAuditLog, MemoryDatabase
from tests.fakes.tokens import LocalRootSigner

FIRST, SECOND = date(2026, 11, 20), date(2026, 11, 21)


class Archive:
    """Two days of an audit log over two shards, archived in small batches, and the operator's commands."""

    def __init__(self):
        self.database, self.bucket, self.signer = MemoryDatabase(), MemoryAuditArchive(), LocalRootSigner()
        self.clock = FakeClock(datetime(2026, 11, 22, 3, 0, tzinfo=UTC))
        self.archive = ArchiveAudit(self.bucket, RecordedLog())
        self.seals = self.commands("carillon")
        log = MemoryAuditLog(self.database)
        self.again = ReArchiveAudit(log, self.bucket, self.clock, RecordedLog())
        self.records = []
        for number in range(24):
            at = datetime(2026, 11, 20, 1, tzinfo=UTC) + timedelta(hours=2 * number)
            self.write(
                AuditEntry(entry_id=f"e{number}", at=at, actor="ada", action="x.y", object=f"x:{number}")
            )
        for first in range(0, 24, 5):
            self.archive(self.records[first : first + 5])

    def commands(self, environment):
        log = MemoryAuditLog(self.database)
        return AuditSeals(log, self.bucket, self.signer, self.clock, RecordedLog(), environment)

    def write(self, entry):
        self.database.audit[entry.entry_id] = entry
        item = audit_item(entry, 2)
        keys = {name: item[name] for name in ("day_shard", "moment_id")}
        change = {"Keys": keys, "NewImage": item, "SequenceNumber": str(900 + len(self.records))}
        self.records.append(audit_record({"dynamodb": change}))

    def faults(self, first=FIRST, last=SECOND):
        return {(found["day"], found["what"].split(":")[0].rstrip(".")) for found in self.verify(first, last)}

    def verify(self, first=FIRST, last=SECOND):
        return self.seals.verify(first, last)["findings"]

    def objects(self, day=FIRST):
        return self.bucket.keys(f"audit/date={day}/")

    def rewrite(self, key, change):
        lines = [json.loads(line) for line in gzip.decompress(self.bucket.objects[key]).splitlines()]
        lines = change(lines) or lines
        text = "".join(json.dumps(line) + "\n" for line in lines)
        self.bucket.objects[key] = gzip.compress(text.encode())


@pytest.fixture
def audit():
    return Archive()


@pytest.fixture
def sealed(audit):
    assert audit.seals.seal() == [FIRST, SECOND]
    return audit


def test_days_that_are_over_are_sealed_once_and_nothing_is_wrong_with_them(sealed):
    assert sealed.seals.verify(FIRST, SECOND) == {"days": 2, "rows": 24, "findings": []}
    assert sealed.seals.seal() == []
    assert len(sealed.bucket.keys("audit-manifests/")) == 2


def test_a_day_is_not_sealed_before_an_hour_after_its_end(audit):
    audit.clock.set(datetime(2026, 11, 22, 0, 59, tzinfo=UTC))
    assert audit.seals.seal() == [FIRST]
    audit.clock.set(datetime(2026, 11, 22, 1, 0, tzinfo=UTC))
    assert audit.seals.seal() == [SECOND]


def test_a_day_without_an_entry_is_sealed_too_and_the_chain_goes_on(sealed):
    sealed.clock.set(datetime(2026, 11, 24, 3, 0, tzinfo=UTC))
    assert sealed.seals.seal() == [date(2026, 11, 22), date(2026, 11, 23)]
    assert sealed.verify(FIRST, date(2026, 11, 23)) == []


def test_a_stack_without_entries_has_nothing_to_seal():
    seals = AuditSeals(
        MemoryAuditLog(MemoryDatabase()),
        MemoryAuditArchive(),
        LocalRootSigner(),
        FakeClock(),
        RecordedLog(),
        "carillon",
    )
    assert seals.seal() == []


def test_a_batch_that_comes_again_writes_the_same_objects(audit):
    before = dict(audit.bucket.objects)
    audit.archive(audit.records[20:])
    assert audit.bucket.objects == before


def test_a_row_that_was_not_archived_stops_the_seal(audit):
    entry = AuditEntry(
        entry_id="late", at=datetime(2026, 11, 20, 5, tzinfo=UTC), actor="eve", action="x.y", object="x:1"
    )
    audit.database.audit["late"] = entry
    with pytest.raises(AuditIncomplete, match=r"2026-11-20 .* 1 findings, .*missing in the archive"):
        audit.seals.seal()
    assert audit.bucket.keys("audit-manifests/") == []


def lacking(audit, number):
    """Entries of the first day that the archiver has given up on."""
    at = datetime(2026, 11, 20, 5, tzinfo=UTC)
    for name in (f"lost{each:04}" for each in range(number)):
        audit.database.audit[name] = AuditEntry(entry_id=name, at=at, actor="eve", action="x.y", object="x:1")


def test_rows_that_the_archive_lacks_are_written_again_and_the_day_is_sealed(audit):
    lacking(audit, 1001)
    assert audit.again(FIRST, SECOND) == {"days": 2, "rows": 1001, "objects": 2}
    assert audit.again(FIRST, SECOND) == {"days": 2, "rows": 0, "objects": 0}
    assert audit.seals.seal() == [FIRST, SECOND]
    assert audit.seals.verify(FIRST, SECOND) == {"days": 2, "rows": 1025, "findings": []}
    assert audit.again(FIRST, SECOND) == {"days": 0, "rows": 0, "objects": 0}


def test_a_batch_of_the_stream_that_still_comes_breaks_no_chain(audit):
    entry = AuditEntry(
        entry_id="late", at=datetime(2026, 11, 20, 5, tzinfo=UTC), actor="eve", action="x.y", object="x:1"
    )
    audit.write(entry)
    assert audit.again(FIRST, FIRST)["rows"] == 1
    audit.archive(audit.records[-1:])
    lacking(audit, 1)
    assert audit.again(FIRST, FIRST)["rows"] == 1
    assert audit.seals.seal() == [FIRST, SECOND]
    assert audit.verify() == []


def test_rows_written_again_are_chained_and_named_like_all_others(audit):
    lacking(audit, 1001)
    audit.again(FIRST, FIRST)
    audit.seals.seal()
    first = audit.bucket.keys(f"audit/date={FIRST}/again/")[0]
    audit.rewrite(first, lambda lines: lines[1].update(actor="nobody"))
    assert audit.faults() >= {
        (f"{FIRST}", "The object was changed"),
        (f"{FIRST}", "It does not name the object before it"),
    }


def test_todays_rows_are_not_written_while_the_stream_still_brings_them(audit):
    with pytest.raises(WrongState, match="still on their way"):
        audit.again(FIRST, date(2026, 11, 22))


def test_a_day_that_cannot_agree_is_closed_when_an_operator_accepts_it_and_its_findings_stay(audit):
    removed_from_table(audit)
    with pytest.raises(AuditIncomplete):
        audit.seals.seal()
    with pytest.raises(AuditIncomplete):
        audit.seals.seal(SECOND)

    assert audit.seals.seal(FIRST) == [FIRST, SECOND]

    manifest = json.loads(json.loads(audit.bucket.objects[f"audit-manifests/date={FIRST}.json"])["manifest"])
    assert [each["what"] for each in manifest["findings"]] == ["The row is missing in the table."]
    assert audit.faults() == {(f"{FIRST}", "The row is missing in the table")}


def test_a_day_that_is_not_sealed_is_found(audit):
    assert audit.faults() == {(f"{day}", "The day is not sealed") for day in (FIRST, SECOND)}


def removed_object(audit):
    del audit.bucket.objects[audit.objects()[0]]


def changed_row(audit):
    audit.rewrite(audit.objects()[0], lambda lines: lines[1].update(actor="nobody"))


def removed_row(audit):
    audit.rewrite(audit.objects()[0], lambda lines: lines[:1] + lines[2:])


def added_object(audit):
    audit.bucket.objects[f"audit/date={FIRST}/shard=0/{'9' * 40}.jsonl.gz"] = gzip.compress(
        b'{"previous":null}\n'
    )


def garbage(audit):
    audit.bucket.objects[audit.objects()[0]] = b"not gzip"


def changed_table(audit):
    audit.database.audit["e3"] = replace(audit.database.audit["e3"], actor="nobody")


def removed_from_table(audit):
    del audit.database.audit["e3"]


def removed_manifest(audit):
    del audit.bucket.objects[f"audit-manifests/date={FIRST}.json"]


def foreign_signature(audit):
    audit.signer = LocalRootSigner()
    audit.seals = audit.commands("carillon")


def manifest_of_another_stack(audit):
    audit.seals = audit.commands("carillon-prod")


def swapped_manifests(audit):
    first, second = (f"audit-manifests/date={day}.json" for day in (FIRST, SECOND))
    audit.bucket.objects[first] = audit.bucket.objects[second]


def sealed_anew(audit):
    changed_row(audit)
    removed_manifest(audit)
    text = json.dumps({"manifest": "{}", "signature": "AA=="})
    audit.bucket.objects[f"audit-manifests/date={FIRST}.json"] = text.encode()


CHANGES = {
    removed_object: "The object is missing",
    changed_row: "The object was changed",
    removed_row: "The object was changed",
    added_object: "The object was added later",
    garbage: "The object cannot be read",
    changed_table: "The row in the table is not the one that was archived",
    removed_from_table: "The row is missing in the table",
    removed_manifest: "The day is not sealed",
    foreign_signature: "The signature is not right",
    manifest_of_another_stack: "The signature is not right",
    swapped_manifests: "The manifest is that of 2026-11-21",
    sealed_anew: "The signature is not right",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_of_a_sealed_day_is_found_and_named(sealed, change):
    change(sealed)
    assert (f"{FIRST}", CHANGES[change]) in sealed.faults()


def test_a_changed_object_breaks_the_chain_of_those_after_it_even_without_a_manifest(audit):
    audit.rewrite(audit.objects()[0], lambda lines: lines[1].update(actor="nobody"))
    assert (f"{FIRST}", "It does not name the object before it") in audit.faults()


def test_a_manifest_that_is_gone_shows_in_the_next_day(sealed):
    removed_manifest(sealed)
    assert (f"{SECOND}", "It does not name the manifest before it") in sealed.faults(SECOND)


def test_a_row_that_cannot_be_read_is_archived_as_it_is():
    item = audit_item(
        AuditEntry(entry_id="e", at=datetime(2026, 11, 20, tzinfo=UTC), actor="a", action="b", object="c"), 1
    )
    del item["actor"]
    keys = {name: item[name] for name in ("day_shard", "moment_id")}
    record = audit_record({"dynamodb": {"Keys": keys, "NewImage": item, "SequenceNumber": "1"}})
    assert record.document["image"] == item
    assert "actor" in record.document["unreadable"]
