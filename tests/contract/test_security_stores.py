"""Revoked tokens, tries that are given back, and the audit log, in memory and over DynamoDB."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from carillon.domain.audit_query import AuditQuery
from tests.contract.builders import NOW, audit, minutes


@pytest.fixture
def more(stores):
    if stores.kind == "memory":
        from tests.fakes.memory import MemoryAuditLog, MemoryRevocations

        log = MemoryAuditLog(stores.memory)
        return SimpleNamespace(log=log, revocations=MemoryRevocations(stores.memory), guards=stores.guards)
    from carillon.adapters.dynamo.audit_log import DynamoAuditLog
    from carillon.adapters.dynamo.revocations import DynamoRevocations

    database = stores.dynamo.database
    return SimpleNamespace(
        log=DynamoAuditLog(database), revocations=DynamoRevocations(database), guards=stores.guards
    )


def test_a_revoked_token_is_revoked_until_it_would_have_ended(more):
    entry = audit()
    assert not more.revocations.is_revoked("t", NOW)
    more.revocations.revoke("t", NOW + minutes(5), entry)
    more.revocations.revoke("t", NOW + minutes(5), entry)
    assert more.revocations.is_revoked("t", NOW + minutes(4))
    assert not more.revocations.is_revoked("t", NOW + minutes(5))
    assert not more.revocations.is_revoked("other", NOW)
    assert [each.entry_id for each in everything(more).items] == [entry.entry_id]


def test_a_try_given_back_makes_room_for_one_and_never_for_more(more):
    for _ in range(3):
        more.guards.record_failure("ada", NOW, 60)
    more.guards.take_back_failure("ada", NOW)
    assert more.guards.record_failure("ada", NOW, 60) == 3
    for _ in range(4):
        more.guards.take_back_failure("ada", NOW)
    assert more.guards.record_failure("ada", NOW, 60) == 1
    later = NOW + timedelta(seconds=60)
    more.guards.take_back_failure("ada", later)
    assert more.guards.record_failure("ada", later, 60) == 1


def everything(more, limit=50, start=None, **wanted):
    query = AuditQuery(NOW - timedelta(days=60), NOW + timedelta(days=1), **wanted)
    return more.log.page(query, limit, start)


def filled(more):
    """Entries over three days and the turn of a month, two of them in one millisecond."""
    moments = [
        NOW - timedelta(days=40),
        NOW - timedelta(days=22),
        NOW - minutes(3),
        NOW - minutes(1),
        NOW,
        NOW,
    ]
    entries = [
        audit(
            entry_id=f"e{number}",
            at=at,
            actor=["ada", "eve"][number % 2],
            object=["schedule:a", "user:b"][number // 3],
            method="password",
            outcome=["done", "refused"][number % 2],
            before={"n": number},
            details={"why": "…"},
        )
        for number, at in enumerate(moments)
    ]
    for entry in entries:
        more.log.append(entry)
        more.log.append(entry)
    return entries[::-1]


@pytest.mark.parametrize("limit", [1, 2, 5, 50])
@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [({}, [5, 4, 3, 2, 1, 0]), ({"actor": "ada"}, [4, 2, 0]), ({"object": "user:b"}, [5, 4, 3])],
    ids=["all", "actor", "object"],
)
def test_entries_are_listed_newest_first_page_by_page(more, wanted, numbers, limit):
    entries = filled(more)
    found, start = [], None
    for _ in range(20):
        page = everything(more, limit, start, **wanted)
        assert len(page.items) <= limit
        found += page.items
        start = page.next_key
        if start is None:
            break
    assert found == [entries[5 - number] for number in numbers]
    assert start is None


@pytest.mark.parametrize("wanted", [{}, {"actor": "ada"}], ids=["all", "actor"])
def test_a_span_includes_its_beginning_and_not_its_end(more, wanted):
    filled(more)
    query = AuditQuery(NOW - timedelta(days=22), NOW, **wanted)
    found = [entry.entry_id for entry in more.log.page(query, 50).items]
    assert found == ["e3", "e2", "e1"] if not wanted else ["e2"]
