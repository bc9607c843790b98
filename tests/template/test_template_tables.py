"""The five tables: keys, sparse indexes with projections as small as their readers allow, and what protects them."""

import pytest

DUE = {
    "generation", "head_version", "revision", "next_fire_at", "state", "timetable", "policies", "active_since",
    "paused_until",
    "fires_left", "skip_next", "created_at",
}  # fmt: skip
KEYS = {
    "SchedulesTable": ["schedule_id", "part"],
    "RunsTable": ["schedule_id", "run_key"],
    "AccessTable": ["kind", "id"],
    "GuardsTable": ["guard"],
    "AuditTable": ["day_shard", "moment_id"],
}
INDEXES = {
    ("SchedulesTable", "due"): (["due_shard", "due_at"], DUE),
    ("SchedulesTable", "catalog"): (["catalog_shard", "schedule_id"], {"owner", "state", "tags"}),
    ("RunsTable", "wake"): (["wake_shard", "wake_at"], None),
    ("RunsTable", "failed"): (["failed_shard", "failed_at"], None),
    ("AuditTable", "by_actor"): (["actor", "moment_id"], None),
    ("AuditTable", "by_object"): (["object", "moment_id"], None),
}
TABLES = sorted(KEYS)


def keys(schema):
    assert [part["KeyType"] for part in schema] == ["HASH", "RANGE"][: len(schema)]
    return [part["AttributeName"] for part in schema]


def test_the_tables_and_their_keys(stack):
    assert {name: keys(t["KeySchema"]) for name, t in stack.of_type("AWS::DynamoDB::Table").items()} == KEYS


def test_the_indexes_their_keys_and_what_they_carry(stack):
    found = {}
    for name, table in stack.of_type("AWS::DynamoDB::Table").items():
        for index in table.get("GlobalSecondaryIndexes", []):
            projection = index["Projection"]
            carried = set(projection["NonKeyAttributes"]) if "NonKeyAttributes" in projection else None
            assert projection["ProjectionType"] == ("KEYS_ONLY" if carried is None else "INCLUDE")
            found[name, index["IndexName"]] = (keys(index["KeySchema"]), carried)
    assert found == INDEXES


def test_moments_are_numbers_and_other_keys_are_texts(stack):
    for table in stack.of_type("AWS::DynamoDB::Table").values():
        for attribute in table["AttributeDefinitions"]:
            wanted = "N" if attribute["AttributeName"].endswith("_at") else "S"
            assert attribute["AttributeType"] == wanted


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_paid_by_request_protected_and_outlive_the_stack(stack, table):
    properties = stack.properties(table)
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert stack.document["Resources"][table]["DeletionPolicy"] == "Retain"
    assert stack.document["Resources"][table]["UpdateReplacePolicy"] == "Retain"


def test_every_table_but_guards_can_be_restored_to_a_moment(stack):
    restorable = {n for n in TABLES if "PointInTimeRecoverySpecification" in stack.properties(n)}
    assert restorable == set(TABLES) - {"GuardsTable"}


def test_rows_that_may_go_go_by_expires_at(stack):
    expiring = {n: stack.properties(n).get("TimeToLiveSpecification") for n in TABLES}
    on = {"AttributeName": "expires_at", "Enabled": True}
    assert {n for n, ttl in expiring.items() if ttl == on} == {"SchedulesTable", "RunsTable", "GuardsTable"}
    assert expiring["AccessTable"] is expiring["AuditTable"] is None


def test_the_streams(stack):
    streams = {n: stack.properties(n).get("StreamSpecification", {}).get("StreamViewType") for n in TABLES}
    wanted = {"RunsTable": "NEW_AND_OLD_IMAGES", "AuditTable": "NEW_IMAGE"}
    assert {n: view for n, view in streams.items() if view} == wanted
