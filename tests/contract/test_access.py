"""Users, failure windows, dead letters and audit rows."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from carillon.domain.access import ServiceKey, User, UserKind
from carillon.domain.errors import LastAdmin, LostRace
from carillon.domain.permission import Permission
from carillon.domain.rbac import Grant, Role
from carillon.domain.scope import Scope
from tests.contract.builders import NOW, audit, change, minutes, run, schedule
from tests.contract.test_claims import in_threads

ADA = User(name="ada", password_hash="scrypt$…", tokens_valid_from=NOW, created_at=NOW)
CHANGED = User(
    name="ada",
    kind=UserKind.SERVICE,
    description="nightly “backup”",
    must_change_password=True,
    keys=(ServiceKey("5f0c1d2e", "ab" * 32, NOW), ServiceKey("6a0c1d2e", "cd" * 32, NOW + minutes(1))),
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
    stores.access.save_user(ADA, audit(), before=None)
    step = replace(ADA, **{name: getattr(CHANGED, name)})
    assert step != ADA
    stores.access.save_user(step, audit(), before=ADA)
    assert stores.access.user("ada") == step


@pytest.mark.parametrize("before", [None, CHANGED], ids=["as new", "on another version"])
def test_a_user_who_was_changed_meanwhile_is_not_overwritten(stores, before):
    stores.access.save_user(ADA, audit(), before=None)
    with pytest.raises(LostRace, match="ada"):
        stores.access.save_user(CHANGED, audit(), before=before)
    assert stores.access.user("ada") == ADA


def test_a_user_who_is_gone_is_not_replaced(stores):
    with pytest.raises(LostRace):
        stores.access.save_user(CHANGED, audit(), before=ADA)
    assert stores.access.user("ada") is None


def test_the_same_save_repeated_succeeds(stores):
    entry = audit()
    stores.access.save_user(ADA, entry, before=None)
    stores.access.save_user(ADA, entry, before=None)
    assert stores.access.user("ada") == ADA


def admin(name, **changes):
    return replace(ADA, name=name, roles=("admin",), **changes)


@pytest.mark.parametrize(
    "change", [{"enabled": False}, {"roles": ("operator",)}, {"kind": UserKind.SERVICE}, None], ids=str
)
def test_the_last_admin_stays_an_admin(stores, change):
    ada, eve = admin("ada"), admin("eve")
    for user in (ada, eve):
        stores.access.save_user(user, audit(), before=None)
    stores.access.delete_user(eve, audit())
    demoted = change and replace(ada, version=2, **change)
    with pytest.raises(LastAdmin):
        _ = (
            stores.access.save_user(demoted, audit(), before=ada)
            if demoted
            else stores.access.delete_user(ada, audit())
        )
    assert stores.access.user("ada") == ada


def test_of_two_admins_who_take_away_each_others_role_one_is_left(stores):
    users = [admin("ada"), admin("eve")]
    for user in users:
        stores.access.save_user(user, audit(), before=None)

    def demote(number):
        user = users[number]
        try:
            stores.access.save_user(replace(user, roles=(), version=2), audit(), before=user)
        except LastAdmin:
            return False
        return True

    assert sorted(in_threads(2, demote)) == [False, True]


def test_users_are_listed_by_name_in_pages(stores):
    for name in ("eve", "ada", "bob"):
        stores.access.save_user(replace(ADA, name=name), audit(), before=None)
    first = stores.access.users(2)
    rest = stores.access.users(2, first.next_key)
    assert [[user.name for user in page.items] for page in (first, rest)] == [["ada", "bob"], ["eve"]]
    assert rest.next_key is None


def test_a_deleted_user_is_gone_and_a_changed_one_is_not_deleted(stores):
    stores.access.save_user(ADA, audit(), before=None)
    with pytest.raises(LostRace):
        stores.access.delete_user(replace(ADA, version=2), audit())
    stores.access.delete_user(ADA, audit())
    assert stores.access.user("ada") is None


ROLE = Role(
    name="data-team",
    description="…",
    grants=(
        Grant(Permission.READ_RUNS, Scope.parse("tag:team=data of ours")),
        Grant(Permission.USE_TARGET, Scope.parse("id:*.example.com")),
    ),
    inherits=("viewer",),
    created_at=NOW,
)


def test_a_role_is_read_as_it_was_saved(stores):
    stores.access.save_role(ROLE, audit(), replaces=None)
    stores.access.save_role(replace(ROLE, name="a-team"), audit(), replaces=None)
    assert stores.access.roles(["data-team", "data-team", "nobodys"]) == [ROLE]
    assert [role.name for role in stores.access.all_roles()] == ["a-team", "data-team"]
    changed = replace(ROLE, version=2, inherits=(), grants=())
    stores.access.save_role(changed, audit(), replaces=1)
    assert stores.access.roles(["data-team"]) == [changed]
    with pytest.raises(LostRace):
        stores.access.delete_role(ROLE, audit())
    stores.access.delete_role(changed, audit())
    assert stores.access.roles(["data-team"]) == []


@pytest.mark.parametrize("replaces", [None, 2], ids=["as new", "on another version"])
def test_a_role_that_was_changed_meanwhile_is_not_overwritten(stores, replaces):
    stores.access.save_role(ROLE, audit(), replaces=None)
    with pytest.raises(LostRace, match="data-team"):
        stores.access.save_role(replace(ROLE, inherits=()), audit(), replaces=replaces)
    assert stores.access.roles(["data-team"]) == [ROLE]


def test_failures_add_up_within_their_window_and_are_forgotten_at_its_end(stores):
    last = NOW + timedelta(seconds=60) - timedelta(milliseconds=1)
    assert stores.guards.record_failure("ada", NOW, 60) == 1
    assert stores.guards.record_failure("ada", last, 60) == 2
    over = NOW + timedelta(seconds=60)
    assert stores.guards.record_failure("ada", over, 60) == 1
    assert stores.guards.record_failure("ada", over + timedelta(seconds=59), 60) == 2


def test_failures_of_one_key_are_not_anothers(stores):
    stores.guards.record_failure("ada", NOW, 60)
    assert stores.guards.record_failure("eve", NOW, 60) == 1


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
