"""The two example tasks against an emulated S3 and DynamoDB."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from carillon.task_settings import TaskSettings
from carillon.tasks import PermanentError, TaskContext, load
from worker.tasks import copy_table_to_s3 as copying
from worker.tasks import delete_old_objects as deleting

BUCKET, TABLE = "logs-of-ours", "orders"


@pytest.fixture(autouse=True)
def stack(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("TASK_BUCKETS", f"{BUCKET}, another")
    monkeypatch.setenv("TASK_TABLES", TABLE)
    with mock_aws():
        yield


@pytest.fixture
def s3():
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return client


@pytest.fixture
def dynamodb():
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def context(fire_in_days=0, seconds_left=100.0, **arguments):
    fire_at = datetime.now(UTC) + timedelta(days=fire_in_days)
    return TaskContext("r@1", "r", 1, fire_at, arguments, lambda line: None, lambda: seconds_left)


def keys(s3, prefix=""):
    return [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]


def fill(s3, names):
    for name in names:
        s3.put_object(Bucket=BUCKET, Key=name, Body=b"four")


def test_old_objects_under_the_prefix_are_deleted_and_counted(s3):
    fill(s3, ["logs/a", "logs/b", "data/c"])
    counts = deleting.delete_old_objects(
        context(fire_in_days=10, bucket=BUCKET, prefix="logs/", older_than_days=9)
    )
    assert counts == {"examined": 2, "old": 2, "old_bytes": 8, "deleted": 2, "complete": True}
    assert keys(s3) == ["data/c"]


def test_young_objects_stay(s3):
    fill(s3, ["logs/a"])
    counts = deleting.delete_old_objects(
        context(fire_in_days=10, bucket=BUCKET, prefix="logs/", older_than_days=11)
    )
    assert (counts["examined"], counts["old"], counts["deleted"]) == (1, 0, 0)
    assert keys(s3) == ["logs/a"]


def test_a_dry_run_counts_and_deletes_nothing(s3):
    fill(s3, ["logs/a"])
    counts = deleting.delete_old_objects(
        context(fire_in_days=10, bucket=BUCKET, prefix="logs/", older_than_days=9, dry_run=True)
    )
    assert (counts["old"], counts["deleted"]) == (1, 0)
    assert keys(s3) == ["logs/a"]


def test_deleting_goes_page_by_page(s3, monkeypatch):
    monkeypatch.setattr(deleting, "BATCH", 2)
    fill(s3, [f"logs/{n}" for n in range(5)])
    lines = []
    ctx = context(fire_in_days=2, bucket=BUCKET, prefix="logs/", older_than_days=1)
    counts = deleting.delete_old_objects(
        TaskContext(ctx.run_id, "r", 1, ctx.fire_at, ctx.arguments, lines.append, lambda: 100.0)
    )
    assert counts["deleted"] == 5
    assert len(lines) == 3
    assert keys(s3) == []


def test_deleting_stops_before_the_deadline_and_says_that_it_is_not_complete(s3, monkeypatch):
    monkeypatch.setattr(deleting, "BATCH", 2)
    fill(s3, [f"logs/{n}" for n in range(5)])
    counts = deleting.delete_old_objects(
        context(fire_in_days=2, seconds_left=1.0, bucket=BUCKET, prefix="logs/", older_than_days=1)
    )
    assert (counts["deleted"], counts["complete"]) == (2, False)
    assert len(keys(s3)) == 3


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"bucket": "somebody-elses"}, "bucket"),
        ({"bucket": None}, "bucket"),
        ({"prefix": ""}, "prefix"),
        ({"prefix": None}, "prefix"),
        ({"older_than_days": 0}, "older_than_days"),
        ({"older_than_days": "7"}, "older_than_days"),
        ({"older_than_days": True}, "older_than_days"),
        ({"dry_run": "yes"}, "dry_run"),
        ({"dryrun": True}, "dryrun"),
    ],
)
def test_wrong_arguments_end_the_deletion_for_good(s3, wrong, named):
    fill(s3, ["logs/a"])
    right = {"bucket": BUCKET, "prefix": "logs/", "older_than_days": 1}
    with pytest.raises(PermanentError, match=named):
        deleting.delete_old_objects(context(fire_in_days=10, **(right | wrong)))
    assert keys(s3) == ["logs/a"]


def put_items(dynamodb, count):
    for n in range(count):
        item = {
            "id": {"S": f"{n:03}"},
            "n": {"N": str(n)},
            "raw": {"B": b"\x00\xff"},
            "tags": {"SS": ["a", "b"]},
        }
        dynamodb.put_item(TableName=TABLE, Item=item)


def copied(s3, part):
    body = s3.get_object(Bucket=BUCKET, Key=part)["Body"].read()
    return [json.loads(line)["Item"] for line in gzip.decompress(body).splitlines()]


def test_a_table_is_copied_in_parts_with_a_manifest(s3, dynamodb, monkeypatch):
    monkeypatch.setattr(copying, "PART_BYTES", 1)
    put_items(dynamodb, 5)
    arguments = {"table": TABLE, "bucket": BUCKET, "prefix": "backup/"}
    output = copying.copy_table_to_s3(context(**arguments))
    assert output["items"] == 5
    assert output["manifest"] == f"s3://{BUCKET}/backup/r@1/manifest.json"
    manifest = json.loads(s3.get_object(Bucket=BUCKET, Key="backup/r@1/manifest.json")["Body"].read())
    items = [item for part in manifest["parts"] for item in copied(s3, part)]
    assert sorted(item["id"]["S"] for item in items) == ["000", "001", "002", "003", "004"]
    assert items[0]["raw"] == {"B": "AP8="}
    assert sorted(items[0]["tags"]["SS"]) == ["a", "b"]


def test_another_attempt_writes_the_same_objects(s3, dynamodb):
    put_items(dynamodb, 3)
    arguments = {"table": TABLE, "bucket": BUCKET, "prefix": "backup"}
    copying.copy_table_to_s3(context(**arguments))
    first = keys(s3)
    copying.copy_table_to_s3(context(**arguments))
    assert keys(s3) == first == ["backup/r@1/manifest.json", "backup/r@1/part-00001.json.gz"]


def test_an_empty_table_has_a_manifest_and_no_parts(s3, dynamodb):
    output = copying.copy_table_to_s3(context(table=TABLE, bucket=BUCKET, prefix="backup"))
    assert (output["items"], output["parts"]) == (0, 0)
    assert keys(s3) == ["backup/r@1/manifest.json"]


def test_a_large_table_is_read_page_by_page_and_given_up_when_time_runs_out(s3, dynamodb):
    for n in range(6):
        item = {"id": {"S": str(n)}, "text": {"S": "x" * 300_000}}
        dynamodb.put_item(TableName=TABLE, Item=item)
    arguments = {"table": TABLE, "bucket": BUCKET, "prefix": "backup"}
    assert copying.copy_table_to_s3(context(**arguments))["items"] == 6
    with pytest.raises(PermanentError, match="timeout_seconds"):
        copying.copy_table_to_s3(context(seconds_left=1.0, **arguments))


@pytest.mark.parametrize(
    "wrong", [{"table": "users"}, {"bucket": "somebody-elses"}, {"prefix": 5}, {"where": "x"}]
)
def test_wrong_arguments_end_the_copy_for_good(s3, dynamodb, wrong):
    right = {"table": TABLE, "bucket": BUCKET, "prefix": "backup"}
    with pytest.raises(PermanentError):
        copying.copy_table_to_s3(context(**(right | wrong)))
    assert keys(s3) == []


def test_without_the_parameters_nothing_may_be_touched():
    settings = TaskSettings.from_env({})
    with pytest.raises(PermanentError, match="TaskBuckets"):
        settings.bucket(BUCKET)
    with pytest.raises(PermanentError, match="TaskTables"):
        settings.table(TABLE)


def test_both_tasks_are_registered_and_their_modules_import_no_sdk():
    registry = load("worker.tasks")
    assert {"delete-old-objects", "copy-table-to-s3"} <= set(registry.tasks)
    assert [name for name in registry.broken if name.startswith("worker.")] == []
    assert not hasattr(deleting, "boto3")


def test_the_stacks_own_tables_and_archive_are_refused_whatever_the_lists_say():
    own = "arn:aws:dynamodb:eu-central-1:123456789012:table/carillon-Runs,arn:aws:s3:::carillon-archive"
    lists = {"TASK_BUCKETS": "carillon-archive,logs", "TASK_TABLES": "carillon-Runs,orders", "OWN_ARNS": own}
    settings = TaskSettings.from_env(lists)
    assert (settings.bucket("logs"), settings.table("orders")) == ("logs", "orders")
    with pytest.raises(PermanentError, match="belongs to Carillon itself"):
        settings.table("carillon-Runs")
    with pytest.raises(PermanentError, match="belongs to Carillon itself"):
        settings.bucket("carillon-archive")
    with pytest.raises(PermanentError, match="Tasks may not use"):
        settings.table(["carillon-Runs"])
