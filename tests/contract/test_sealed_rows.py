"""What a writer to the tables alone tries with revisions, outputs and kept messages, and what it gets."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.adapters.dynamo.dead_letters import DynamoDeadLetters
from carillon.adapters.dynamo.outputs import DynamoOutputs
from carillon.adapters.dynamo.revision_item import revision_item
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.domain.errors import CarillonError, MalformedRow, RunNotFound
from carillon.domain.moments import EPOCH, from_ms
from carillon.domain.run_id import RunId
from carillon.domain.secrets import StoredSecret
from tests.contract.builders import NOW, change, revision, run, schedule
from tests.fakes.clock import FakeClock
from tests.fakes.kms import FakeKms
from tests.fakes.sealing import seals

ALWAYS = 10**10
SECRET = StoredSecret(b"sealed bytes", 1_795_312_800_123, ("https://example.com:443",))
KEY = {"schedule_id": {"S": "nightly-etl"}, "part": {"S": "r00001"}}


class Table:
    """The table as somebody has it who may write rows and nothing else."""

    def __init__(self, dynamo):
        self.client, self.database = dynamo.client, dynamo.database
        self.schedules, self.outputs = DynamoSchedules(dynamo.database), DynamoOutputs(dynamo.database)

    def save(self, saved):
        self.schedules.write(change(None, schedule(saved.schedule_id), revision=saved))

    def row(self, key=KEY, table="SchedulesTable"):
        return self.client.get_item(TableName=table, Key=key)["Item"]

    def put(self, item, table="SchedulesTable"):
        self.client.put_item(TableName=table, Item=item)


@pytest.fixture
def table(dynamo):
    made = Table(dynamo)
    made.save(revision(secrets={"TOKEN": SECRET}))
    return made


def test_a_signed_revision_is_read_as_it_was_saved(table):
    assert table.schedules.revision("nightly-etl", 1) == revision(secrets={"TOKEN": SECRET})


def aimed(item):
    return {**item, "job": {"S": item["job"]["S"].replace("example.com", "evil.example")}}


def secret_of(item, **changes):
    kept = {**item["secrets"]["M"]["TOKEN"]["M"], **changes}
    return {**item, "secrets": {"M": {"TOKEN": {"M": kept}}}}


ALTERED = {
    "another target": aimed,
    "another definition": lambda item: {**item, "document": {"S": "{}"}},
    "another author": lambda item: {**item, "saved_by": {"S": "user:eve"}},
    "another time": lambda item: {**item, "saved_at": {"N": "1795312800124"}},
    "another incarnation": lambda item: {**item, "generation": {"N": "2"}},
    "one attribute more": lambda item: {**item, "more": {"S": ""}},
    "a secret for other origins": lambda item: secret_of(item, origins={"S": '["https://evil.example:443"]'}),
    "an older secret": lambda item: secret_of(item, changed_at={"N": "1"}),
    "a secret less": lambda item: {**item, "secrets": {"M": {}}},
}


@pytest.mark.parametrize("case", ALTERED)
def test_an_altered_revision_is_not_believed(table, case):
    table.put(ALTERED[case](table.row()))
    with pytest.raises(MalformedRow, match=r"r00001 is not to be believed.*row's signature is wrong"):
        table.schedules.revision("nightly-etl", 1)


def test_an_older_revision_under_a_newer_ones_key_is_not_believed(table):
    table.put({**table.row(), "part": {"S": "r00002"}})
    with pytest.raises(MalformedRow, match="signature is wrong"):
        table.schedules.revision("nightly-etl", 2)


def test_another_schedules_revision_is_not_believed(table):
    table.save(revision(schedule_id="cleanup"))
    other = table.row({**KEY, "schedule_id": {"S": "cleanup"}})
    table.put({**other, **KEY})
    with pytest.raises(MalformedRow, match="signature is wrong"):
        table.schedules.revision("nightly-etl", 1)


@pytest.mark.parametrize("lost", ["certificate", "signature"])
def test_an_unsigned_revision_is_not_believed(table, lost):
    table.put({name: value for name, value in table.row().items() if name != lost})
    with pytest.raises(MalformedRow, match="The row is not signed"):
        table.schedules.revision("nightly-etl", 1)


SIGNERS = {
    "a root of its own": ({"role": "api", "kms": FakeKms(), "session_seconds": ALWAYS}, "signer is unknown"),
    "another stack": (
        {"role": "api", "environment": "staging", "session_seconds": ALWAYS},
        "may not write such rows",
    ),
    "a function that saves nothing": (
        {"role": "worker", "session_seconds": ALWAYS},
        "may not write such rows",
    ),
    "a certificate of another time": ({"role": "api"}, "did not hold when the row was saved"),
}


@pytest.mark.parametrize("case", SIGNERS)
def test_a_revision_of_a_strange_signer_is_not_believed(table, case):
    given, reason = SIGNERS[case]
    ours = table.database.sealing.keyring._kms()
    strange = seals(FakeClock(EPOCH), **{"kms": ours, **given})
    table.put(strange.rows.signed(revision_item(revision())))
    with pytest.raises(MalformedRow, match=reason):
        table.schedules.revision("nightly-etl", 1)


def test_a_certificate_that_ran_out_long_ago_still_vouches_for_what_was_saved_under_it(table):
    clock = FakeClock(from_ms(revision().saved_at_ms))
    api = seals(clock, role="api", kms=table.database.sealing.keyring._kms())
    table.put(api.rows.signed(revision_item(revision())))
    clock.advance(timedelta(days=900).total_seconds())
    assert table.schedules.revision("nightly-etl", 1) == revision()


def test_a_secret_that_is_sealed_anew_needs_no_new_signature(table):
    table.put(secret_of(table.row(), sealed={"B": b"sealed under another key"}))
    assert table.schedules.revision("nightly-etl", 1).secrets["TOKEN"].sealed == b"sealed under another key"


# ---- outputs

FIRST, SECOND = run(attempt=1), replace(run(fire_at=NOW + timedelta(hours=1)), attempt=1)


def output_key(of):
    return {
        "schedule_id": {"S": f"output#{of.run_id.schedule_id}"},
        "run_key": {"S": f"{of.run_id.run_key}#{of.attempt:03}"},
    }


def test_an_output_cannot_be_read_in_the_table(table):
    table.outputs.keep(FIRST, {"iban": "DE02120300000000202051"}, NOW)
    assert "DE0212" not in str(table.row(output_key(FIRST), "RunsTable"))
    assert b"DE0212" not in table.row(output_key(FIRST), "RunsTable")["output"]["B"]


def flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1])


FORGED = {
    "altered": lambda item: {**item, "output": {"B": flipped(item["output"]["B"])}},
    "cut": lambda item: {**item, "output": {"B": item["output"]["B"][:-5]}},
    "extended": lambda item: {**item, "output": {"B": item["output"]["B"] + b"x"}},
    "of another version": lambda item: {**item, "output": {"B": b"\2" + item["output"]["B"][1:]}},
    "in clear": lambda item: {**item, "output": {"S": json.dumps({"ok": True})}},
    "gone": lambda item: {name: value for name, value in item.items() if name != "output"},
    "of another run": lambda item: {**item, **output_key(SECOND)},
    "of another attempt": lambda item: {**item, **output_key(replace(FIRST, attempt=2))},
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_output_is_refused(table, case):
    table.outputs.keep(FIRST, {"ok": False}, NOW)
    table.put(FORGED[case](table.row(output_key(FIRST), "RunsTable")), "RunsTable")
    reader = {"of another run": SECOND, "of another attempt": replace(FIRST, attempt=2)}.get(case, FIRST)
    with pytest.raises(MalformedRow, match=r"The output of .* (cannot be opened|is not sealed)"):
        table.outputs.read(reader)


# ---- what a run by hand was given


def given(tail, table, payload):
    """A run by hand, and under which run its payload is kept."""
    run_id = RunId.of_trigger("nightly-etl", NOW, tail, has_payload=True)
    kept = replace(run(), run_id=run_id.payload, attempt=0)
    table.outputs.keep(kept, payload, NOW)
    return replace(run(), run_id=run_id, attempt=1), kept


def swapped_payload(table, first, second):
    return table.row(output_key(second[1]), "RunsTable")


def own_output(table, first, second):
    table.outputs.keep(first[0], {"dry_run": False}, NOW)
    return table.row(output_key(first[0]), "RunsTable")


GIVEN = {
    "altered": lambda table, first, second: FORGED["altered"](table.row(output_key(first[1]), "RunsTable")),
    "cut": lambda table, first, second: FORGED["cut"](table.row(output_key(first[1]), "RunsTable")),
    "in clear": lambda table, first, second: FORGED["in clear"](table.row(output_key(first[1]), "RunsTable")),
    "of another run": swapped_payload,
    "an output of the same run": own_output,
}


@pytest.mark.parametrize("case", GIVEN)
def test_a_forged_payload_is_refused(table, case):
    first, second = given("aaaa1111", table, {"dry_run": True}), given("bbbb2222", table, {"dry_run": False})
    assert table.outputs.read(first[1]) == {"dry_run": True}
    table.put({**GIVEN[case](table, first, second), **output_key(first[1])}, "RunsTable")
    with pytest.raises(MalformedRow, match=r"The output of .*~payload (cannot be opened|is not sealed)"):
        table.outputs.read(first[1])


def test_a_payload_cannot_be_read_in_the_table_nor_asked_for_as_a_run(table):
    _, kept = given("cccc3333", table, {"iban": "DE02120300000000202051"})
    assert b"DE0212" not in table.row(output_key(kept), "RunsTable")["output"]["B"]
    with pytest.raises(RunNotFound):
        RunId.parse(str(kept.run_id))


def test_an_output_of_another_stack_or_purpose_is_refused(table):
    kms = table.database.sealing.keyring._kms()
    context = {"purpose": "output", "run": str(FIRST.run_id), "attempt": "1"}
    elsewhere = seals(FakeClock(), kms=kms, environment="staging").keyring
    here = seals(FakeClock(), kms=kms).keyring
    for sealed in (elsewhere.seal(b"S{}", context), here.seal(b"S{}", {**context, "purpose": "secret"})):
        table.put({**output_key(FIRST), "output": {"B": sealed}}, "RunsTable")
        with pytest.raises(MalformedRow, match="cannot be opened"):
            table.outputs.read(FIRST)


def test_a_kept_message_cannot_be_read_in_the_table_nor_exchanged(table):
    shelf = DynamoDeadLetters(table.database)
    for name in ("m1", "m2"):
        shelf.keep(name, f"the text of {name}", "received in vain", NOW)
    rows = {name: table.row({"guard": {"S": f"dead#{name}"}}, "GuardsTable") for name in ("m1", "m2")}
    assert "the text of" not in str(rows)
    table.put({**rows["m1"], "body": rows["m2"]["body"]}, "GuardsTable")
    assert shelf.get("m2").body == "the text of m2"
    with pytest.raises(MalformedRow, match="cannot be opened"):
        shelf.get("m1")
    assert [letter.body for letter in shelf.page(10).items] == ["the text of m2", ""]


def test_without_seals_nothing_is_written_in_clear(table):
    bare = replace(table.database, seals=None)
    with pytest.raises(CarillonError, match="nothing to seal or to sign with"):
        DynamoOutputs(bare).keep(SECOND, {"ok": True}, NOW)
    with pytest.raises(CarillonError, match="nothing to seal or to sign with"):
        DynamoSchedules(bare).write(change(None, schedule("new"), revision=revision(schedule_id="new")))
