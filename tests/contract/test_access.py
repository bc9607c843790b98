"""Users, failure windows, dead letters and audit rows."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from carillon.domain.access import User
from carillon.domain.errors import LostRace
from tests.contract.builders import NOW, audit, change, minutes, run, schedule
from tests.contract.test_claims import in_threads

ADA = User(name="ada", password_hash="scrypt$…", tokens_valid_from=NOW, created_at=NOW)
CHANGED = User(
    name="ada",
    password_hash="scrypt$other",  # pragma: allowlist secret
    roles=("admin", "operator"),
    enabled=False,
    tokens_valid_from=NOW + minutes(1),
    created_at=NOW - minutes(1),
    version=2,
)


def test_an_unknown_user_is_none(stores):
    assert stores.access.user("nobody") is None


@pytest.mark.parametrize("name", [field.name for field in fields(User) if field.name != "name"])
def test_every_field_of_a_user_can_be_changed_by_itself(stores, name):
    stores.access.save_user(ADA, audit(), replaces=None)
    step = replace(ADA, **{name: getattr(CHANGED, name)})
    assert step != ADA
    stores.access.save_user(step, audit(), replaces=1)
    assert stores.access.user("ada") == step


@pytest.mark.parametrize("replaces", [None, 2], ids=["as new", "on another version"])
def test_a_user_who_was_changed_meanwhile_is_not_overwritten(stores, replaces):
    stores.access.save_user(ADA, audit(), replaces=None)
    with pytest.raises(LostRace, match="ada"):
        stores.access.save_user(CHANGED, audit(), replaces=replaces)
    assert stores.access.user("ada") == ADA


def test_a_user_who_is_gone_is_not_replaced(stores):
    with pytest.raises(LostRace):
        stores.access.save_user(CHANGED, audit(), replaces=1)
    assert stores.access.user("ada") is None


def test_the_same_save_repeated_succeeds(stores):
    entry = audit()
    stores.access.save_user(ADA, entry, replaces=None)
    stores.access.save_user(ADA, entry, replaces=None)
    assert stores.access.user("ada") == ADA


def test_failures_add_up_within_their_window_and_are_forgotten_at_its_end(stores):
    later = NOW + timedelta(seconds=59)
    assert stores.guards.count_failures("ada", NOW) == 0
    assert stores.guards.record_failure("ada", NOW, 60) == 1
    assert stores.guards.record_failure("ada", later, 60) == 2
    assert stores.guards.count_failures("ada", later) == 2
    over = NOW + timedelta(seconds=60)
    assert stores.guards.count_failures("ada", over) == 0
    assert stores.guards.record_failure("ada", over, 60) == 1
    assert stores.guards.count_failures("ada", over + timedelta(seconds=59)) == 1


def test_failures_of_one_key_are_not_anothers(stores):
    stores.guards.record_failure("ada", NOW, 60)
    assert stores.guards.count_failures("eve", NOW) == 0


def test_failures_of_many_at_once_are_all_counted(stores):
    answers = in_threads(8, lambda _: stores.guards.record_failure("ada", NOW, 60))
    assert sorted(answers) == list(range(1, 9))


def test_a_dead_letter_too_large_for_a_row_is_cut_and_says_so(dynamo):
    from carillon.adapters.dynamo.dead_letters import MAX_BODY_BYTES, DynamoDeadLetters

    shelf = DynamoDeadLetters(dynamo.database)
    shelf.keep("m1", "ü" * MAX_BODY_BYTES, "It cannot be read.", NOW)
    shelf.keep("m2", "{}", "It cannot be read.", NOW)
    assert shelf.get("m1").body == "ü" * (MAX_BODY_BYTES // 2)
    assert (shelf.get("m1").is_cut, shelf.get("m2").is_cut) == (True, False)
    items = dynamo.client.scan(TableName="GuardsTable")["Items"]
    expiries = {int(item["expires_at"]["N"]) for item in items if "expires_at" in item}
    assert expiries == {(NOW + timedelta(days=30)).timestamp()}


def test_an_audit_row_tells_everything_in_its_days_shard(dynamo):
    from carillon.adapters.dynamo.runs import DynamoRuns

    entry = audit(
        entry_id="e1",
        at=NOW + timedelta(milliseconds=7),
        source="203.0.113.9",
        confirmed_by="totp",
        before={"state": "active"},
        after={"state": "paused"},
        details={"why": "“maintenance”"},
    )
    DynamoRuns(dynamo.database).put_if_absent(run(), entry)
    (item,) = dynamo.client.scan(TableName="AuditTable")["Items"]
    assert item.pop("day_shard")["S"].startswith("20261122#")
    assert {name: value["S"] for name, value in item.items()} == {
        "moment_id": "20261122T020000.007Z#e1",
        "actor": "user:ada",
        "action": "save",
        "object": "schedule:nightly-etl",
        "source": "203.0.113.9",
        "confirmed_by": "totp",
        "before": '{"state":"active"}',
        "after": '{"state":"paused"}',
        "details": '{"why":"“maintenance”"}',
    }


def test_nothing_is_audited_that_was_not_done(dynamo):
    from carillon.adapters.dynamo.runs import DynamoRuns
    from carillon.adapters.dynamo.schedules import DynamoSchedules

    runs, schedules = DynamoRuns(dynamo.database), DynamoSchedules(dynamo.database)
    runs.put_if_absent(run())
    assert not runs.put_if_absent(run(), audit())
    with pytest.raises(LostRace):
        schedules.write(change(schedule(), schedule()))
    assert dynamo.client.scan(TableName="AuditTable")["Items"] == []
