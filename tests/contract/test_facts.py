"""Short-lived facts and second factors, in memory and over DynamoDB; and what many at once may do with them."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pyotp
import pytest

from carillon.domain.access import Principal
from carillon.domain.confirmation import Reply
from carillon.domain.errors import CarillonError, LostRace
from carillon.domain.limits import OperationClass
from carillon.domain.risk import Risk
from carillon.domain.totp import Factor, base32
from carillon.ports.guards import Fact
from carillon.services.confirmations import Confirmations, Wanted
from carillon.services.freshness import Freshness
from carillon.services.journal import Journal
from carillon.services.prove_factor import ProveFactor, seed_context
from carillon.services.rate import Rate
from carillon.services.second_factor import SecondFactor
from tests.contract.builders import NOW, audit
from tests.fakes.clock import FakeClock
from tests.fakes.doors import LabelledSealer
from tests.fakes.log import RecordedLog
from tests.fakes.recorders import RecordedMetrics

ADA = Principal("ada", ("operator",))
LATER = NOW + timedelta(minutes=5)
AT_ONCE = 50


class Chance:
    """Tokens that differ, from whatever thread they are asked."""

    def token(self):
        return secrets.token_hex(16)


@pytest.fixture
def doors(stores):
    """Facts and factors over either kind of store, and the services over them at one moment."""
    if stores.kind == "memory":
        from tests.fakes.doors import MemoryFactors, MemoryFacts

        facts, factors = MemoryFacts(stores.memory), MemoryFactors(stores.memory)
    else:
        from carillon.adapters.dynamo.factors import DynamoFactors
        from carillon.adapters.dynamo.facts import DynamoFacts

        database = stores.dynamo.database
        facts, factors = DynamoFacts(database), DynamoFactors(database)
    clock, chance, sealer = FakeClock(NOW), Chance(), LabelledSealer()
    journal, metrics = Journal(chance), RecordedMetrics()
    prove = ProveFactor(factors, facts, sealer, clock, chance, journal, metrics, RecordedLog())
    second_factor = SecondFactor(
        factors, stores.access, None, prove, sealer, clock, chance, journal, "carillon"
    )
    parts = (sealer, sealer, clock, chance, journal, None)
    return SimpleNamespace(
        facts=facts,
        factors=factors,
        sealer=sealer,
        metrics=metrics,
        prove=prove,
        freshness=Freshness(facts, clock, chance),
        rate=Rate(facts, clock, chance, 5),
        confirmations=Confirmations(facts, stores.access, stores.schedules, second_factor, prove, *parts),
    )


def fact(stamp, until=LATER, **value):
    return Fact(value, until, stamp)


def test_a_fact_is_read_until_it_is_over(doors):
    assert doors.facts.swap("a", None, fact("1", n=1), NOW)

    assert doors.facts.read("a", NOW) == fact("1", n=1)
    assert doors.facts.read_many(["a", "b"], NOW) == {"a": fact("1", n=1)}
    assert doors.facts.read("a", LATER) is None
    assert doors.facts.read_many(["a"], LATER) == {}


def test_a_fact_is_put_where_there_is_none_or_it_is_over(doors):
    assert doors.facts.swap("a", None, fact("1"), NOW)

    assert not doors.facts.swap("a", None, fact("2"), NOW)
    assert doors.facts.swap("a", None, fact("3", LATER + timedelta(minutes=1)), LATER)


def test_a_fact_is_replaced_only_as_it_was_read(doors):
    doors.facts.swap("a", None, fact("1"), NOW)
    before = doors.facts.read("a", NOW)
    assert doors.facts.swap("a", before, fact("2"), NOW)

    assert not doors.facts.swap("a", before, fact("3"), NOW)
    assert doors.facts.read("a", NOW).stamp == "2"


def test_a_repeat_of_a_write_whose_answer_was_lost_is_written(doors):
    assert doors.facts.swap("a", None, fact("1"), NOW)

    assert doors.facts.swap("a", None, fact("1"), NOW)


def test_a_factor_is_kept_and_replaced_by_version(doors):
    first = Factor(name="ada", seed=b"sealed", activated_at=NOW, recovery=("x",), version=1)
    doors.factors.save_factor(first, audit(), replaces=None)
    assert doors.factors.factor("ada") == first
    assert doors.factors.factor("eve") is None

    pending = Factor(name="ada", pending=b"new", pending_until=LATER, version=2)
    with pytest.raises(LostRace):
        doors.factors.save_factor(pending, audit(), replaces=None)
    doors.factors.save_factor(pending, audit(), replaces=1)
    with pytest.raises(LostRace):
        doors.factors.save_factor(first, audit(), replaces=1)
    assert doors.factors.factor("ada") == pending


def at_once(work):
    """What fifty at the same moment get: an answer, or the code of an error."""

    def one(_):
        try:
            return work()
        except CarillonError as error:
            return error.code

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


def test_of_fifty_uses_of_one_nonce_exactly_one_is_let_through(doors):
    found = at_once(lambda: doors.freshness.use_nonce(ADA, "0123456789abcdef"))

    assert found.count(None) == 1
    assert found.count("nonce_reused") == AT_ONCE - 1


def test_of_fifty_triggers_exactly_five_fit(doors):
    found = at_once(lambda: doors.rate.check(ADA, OperationClass.TRIGGER))

    assert found.count(None) == 5
    assert found.count("rate_limited") == AT_ONCE - 5


def test_of_fifty_confirmations_exactly_one_carries_the_operation_out(doors):
    seed = b"s" * 20
    factor = Factor(
        name="ada", seed=doors.sealer.seal(seed, seed_context("ada")), activated_at=NOW, version=1
    )
    doors.factors.save_factor(factor, audit(), replaces=None)
    wanted = Wanted(
        "schedule.trigger", "schedule:etl", "Run it.", {"method": "POST", "path": "/x", "body": None}
    )
    asked = doors.confirmations.ask(ADA, wanted, Risk("It is.", None))
    code = pyotp.TOTP(base32(seed)).at(NOW)

    found = at_once(
        lambda: doors.confirmations.take_up(ADA, asked.confirmation_id, Reply(code)).request["path"]
    )

    assert found.count("/x") == 1
    assert set(found) <= {"/x", "code_refused", "confirmation_ended"}


def test_of_fifty_wrong_codes_at_once_five_are_looked_at(doors):
    factor = Factor(
        name="ada", seed=doors.sealer.seal(b"s" * 20, seed_context("ada")), activated_at=NOW, version=1
    )
    doors.factors.save_factor(factor, audit(), replaces=None)

    found = at_once(lambda: doors.prove(ADA, Reply("not-it")))

    assert found.count("code_refused") == 5
    assert found.count("second_factor_locked") == AT_ONCE - 5
    assert len(doors.metrics.told) == 1
