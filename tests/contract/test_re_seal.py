"""Moving everything to another key: found, sealed anew, resumable, and safe beside whoever writes meanwhile."""

from base64 import b64encode
from dataclasses import replace

import pytest

from carillon.adapters.dynamo.dead_letters import DynamoDeadLetters
from carillon.adapters.dynamo.outputs import DynamoOutputs
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.adapters.dynamo.sealed_rows import DynamoSealedRows
from carillon.domain.errors import SealError, Unavailable
from carillon.domain.moments import EPOCH
from carillon.domain.secrets import StoredSecret, context_of
from carillon.ports.sealing import SealedValue
from carillon.services.re_seal import BUDGET, TOLD_EVERY, ReSeal
from tests.contract.builders import NOW, change, revision, run, schedule
from tests.fakes.clock import FakeClock
from tests.fakes.kms import FakeKms, kms_error
from tests.fakes.log import RecordedLog
from tests.fakes.sealed_rows import MemorySealedRows
from tests.fakes.sealing import seals

TOTP = {"purpose": "totp", "user": "ada"}


class Stack:
    """A stack that got a new key: what it holds was sealed under the old one."""

    def __init__(self, dynamo):
        self.kms, self.dynamo = FakeKms(), dynamo
        old, both = (
            seals(FakeClock(EPOCH), role="api", kms=self.kms, keys=keys, session_seconds=10**10)
            for keys in (("old",), ("new", "old"))
        )
        self.old, self.both = (replace(dynamo.database, seals=each) for each in (old, both))
        secret = StoredSecret(None, 5, ("https://example.com:443",))
        context = context_of("nightly-etl", 1, "TOKEN", secret)
        secret = replace(secret, sealed=old.keyring.seal(b"the token", context))
        saved = revision(secrets={"TOKEN": secret, "GONE": StoredSecret(None, 6)})
        DynamoSchedules(self.old).write(change(None, schedule(), revision=saved))
        DynamoOutputs(self.old).keep(run(attempt=1), {"rows": 7}, NOW)
        DynamoDeadLetters(self.old).keep("m1", "the text", "why", NOW)
        seed = b64encode(old.keyring.seal(b"the seed", TOTP)).decode()
        factor = {"kind": {"S": "totp"}, "id": {"S": "ada"}, "seed": {"S": seed}, "pending": {"S": ""}}
        dynamo.client.put_item(TableName="AccessTable", Item=factor)
        self.clock, self.log = FakeClock(), RecordedLog()
        self.rows = DynamoSealedRows(self.both)
        self.re_seal = ReSeal(self.rows, both.keyring, self.clock, self.log)

    def values(self):
        found, start = [], None
        while True:
            page = self.rows.page(start)
            found += page.values
            if page.following is None:
                return found
            start = page.following

    def readable_with(self, *keys):
        keyring = seals(FakeClock(), kms=self.kms, keys=keys).keyring
        return {
            value.context["purpose"]: keyring.open(value.sealed, value.context) for value in self.values()
        }


@pytest.fixture
def stack(dynamo):
    return Stack(dynamo)


def test_everything_is_sealed_anew_and_reads_as_before(stack):
    before = stack.readable_with("old")
    assert before.keys() == {"secret", "output", "dead-letter", "totp"}
    assert stack.re_seal().document() == {
        "done": True,
        "sealed_anew": 4,
        "sealed_already": 0,
        "changed_meanwhile": 0,
        "unreadable": 0,
        "next": None,
    }
    assert stack.readable_with("new") == before
    with pytest.raises(SealError):
        stack.readable_with("old")
    assert DynamoSchedules(stack.both).revision("nightly-etl", 1).secrets["GONE"].sealed is None
    assert DynamoOutputs(stack.both).read(run(attempt=1)) == {"rows": 7}
    assert DynamoDeadLetters(stack.both).get("m1").body == "the text"


def test_a_second_time_changes_nothing(stack):
    stack.re_seal()
    values = stack.values()
    again = stack.re_seal()
    assert (again.anew, again.already) == (0, 4)
    assert stack.values() == values


def test_with_both_keys_everything_is_readable_before_during_and_after(stack):
    before = stack.readable_with("new", "old")
    value = stack.values()[0]
    stack.rows.replace(value, stack.both.sealing.keyring.renewed(value.sealed, value.context))
    assert stack.readable_with("new", "old") == before
    stack.re_seal()
    assert stack.readable_with("new", "old") == before


def test_a_value_that_was_written_meanwhile_is_left_to_its_writer(stack):
    value = stack.values()[0]
    stack.rows.replace(value, b"written by somebody else")
    assert not stack.rows.replace(value, b"sealed anew")
    assert stack.values()[0].sealed == b"written by somebody else"


def test_what_cannot_be_opened_is_told_and_hinders_nothing(stack):
    value = next(value for value in stack.values() if value.table == "runs_table")
    stack.rows.replace(value, b"rubbish")
    done = stack.re_seal()
    assert (done.anew, done.unreadable, done.following) == (3, 1, None)
    assert stack.log.actions == ["sealed_value_unreadable"]


# ---- stopped and begun again, over values in memory


def values(kms, count):
    keyring = seals(FakeClock(), kms=kms, keys=("old",)).keyring
    contexts = [{"purpose": "secret", "field": f"{n}"} for n in range(count)]
    return [
        SealedValue("t", {"id": {"S": f"{n}"}}, ("x",), keyring.seal(b"text", context), context)
        for n, context in enumerate(contexts)
    ]


def test_it_stops_when_its_time_is_over_and_goes_on_where_it_stopped():
    kms, clock = FakeKms(), FakeClock()
    rows = MemorySealedRows(values(kms, 7))
    rows.on_page = lambda: clock.advance(BUDGET.total_seconds() / 2 + 1)
    re_seal = ReSeal(rows, seals(clock, kms=kms, keys=("new", "old")).keyring, clock, RecordedLog())
    first = re_seal()
    assert (first.anew, first.following) == (4, {"at": 4})
    second = re_seal(first.following)
    assert (second.anew, second.following) == (3, None)
    assert re_seal().already + re_seal({"at": 4}).already == 7


def test_it_tells_every_ten_seconds_how_far_it_is():
    kms, clock, log = FakeKms(), FakeClock(), RecordedLog()
    rows = MemorySealedRows(values(kms, 7))
    rows.on_page = lambda: clock.advance(TOLD_EVERY.total_seconds() * 0.6)
    ReSeal(rows, seals(clock, kms=kms, keys=("new", "old")).keyring, clock, log)()
    assert log.actions == ["re_seal_goes_on"]


def test_while_kms_is_out_it_fails_and_can_be_repeated():
    kms, clock = FakeKms(), FakeClock()
    rows = MemorySealedRows(values(kms, 3))
    re_seal = ReSeal(rows, seals(clock, kms=kms, keys=("new", "old")).keyring, clock, RecordedLog())
    kms.fault = kms_error("KMSInternalException", status=500)
    with pytest.raises(Unavailable):
        re_seal()
    kms.fault = None
    assert re_seal().anew == 3
