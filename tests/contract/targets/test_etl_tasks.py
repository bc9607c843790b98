"""The ETL tasks against an emulated S3 and DynamoDB: each does its work, and takes it back."""

import pytest

from carillon.tasks import PermanentError
from tests.contract.targets.test_example_tasks import BUCKET, TABLE, context, dynamodb, keys, s3, stack  # noqa: F401
from worker.tasks.copy_object import copy_object
from worker.tasks.csv_to_json_lines import csv_to_json_lines
from worker.tasks.delete_objects import delete_objects
from worker.tasks.load_table import load_table, unload_table

CSV = "id,item,amount\n" + "".join(f"o{number},bell,{number}\n" for number in range(60))


@pytest.fixture
def staged(s3):  # noqa: F811
    """The CSV, extracted and transformed to parts of 25 rows."""
    s3.put_object(Bucket=BUCKET, Key="in/orders.csv", Body=CSV.encode())
    source = {"from_bucket": BUCKET, "from_key": "in/orders.csv"}
    copied = copy_object(context(**source, bucket=BUCKET, key="work/orders.csv"))
    assert copied == {"bucket": BUCKET, "key": "work/orders.csv", "bytes": len(CSV)}
    return csv_to_json_lines(
        context(bucket=BUCKET, key="work/orders.csv", prefix="work/parts", rows_per_part=25)
    )


def items(dynamodb):  # noqa: F811
    return {item["id"]["S"]: item for item in dynamodb.scan(TableName=TABLE)["Items"]}


def load(part, **changes):
    return context(table=TABLE, bucket=BUCKET, key=part["key"], id_attribute="id", **changes)


def test_a_csv_becomes_parts_of_a_bounded_number_of_rows(staged):
    assert [part["rows"] for part in staged["parts"]] == [25, 25, 10]
    assert staged["rows"] == 60


def test_the_parts_are_loaded_whole_and_repeating_it_changes_nothing(staged, dynamodb):  # noqa: F811
    for part in [*staged["parts"], staged["parts"][0]]:
        assert load_table(load(part))["items"] == part["rows"]
    assert len(items(dynamodb)) == 60
    assert items(dynamodb)["o7"] == {"id": {"S": "o7"}, "item": {"S": "bell"}, "amount": {"S": "7"}}


def test_what_one_part_loaded_is_taken_out_again_and_nothing_else(staged, dynamodb):  # noqa: F811
    for part in staged["parts"]:
        load_table(load(part))
    unload_table(load(staged["parts"][0]))
    assert items(dynamodb).keys() == {f"o{number}" for number in range(25, 60)}


def test_a_part_with_a_row_that_has_no_key_is_refused_before_anything_is_written(s3, dynamodb):  # noqa: F811
    lines = b'{"id":"o1"}\n{"id":""}\n'
    s3.put_object(Bucket=BUCKET, Key="work/bad.jsonl", Body=lines)
    with pytest.raises(PermanentError, match=r"Line 2 .* has no id"):
        load_table(load({"key": "work/bad.jsonl"}))
    assert items(dynamodb) == {}


def test_a_crooked_csv_names_its_line(s3):  # noqa: F811
    s3.put_object(Bucket=BUCKET, Key="bad.csv", Body=b"id,item\no1,bell\no2\n")
    with pytest.raises(PermanentError, match="Line 3"):
        csv_to_json_lines(context(bucket=BUCKET, key="bad.csv", prefix="work"))


def test_written_objects_are_deleted_and_those_gone_already_are_no_fault(staged, s3):  # noqa: F811
    undo = context(bucket=BUCKET, keys=staged["keys"])
    assert delete_objects(undo) == delete_objects(undo) == {"deleted": 3}
    assert keys(s3, "work/parts") == []


@pytest.mark.parametrize(
    "keys", ["work", [""], [1], ["k"] * 1001], ids=["text", "empty", "number", "too many"]
)
def test_only_a_list_of_keys_is_deleted(keys):
    with pytest.raises(PermanentError, match="list of at most 1000"):
        delete_objects(context(bucket=BUCKET, keys=keys))


@pytest.mark.parametrize("task", [copy_object, csv_to_json_lines, load_table, unload_table, delete_objects])
def test_a_bucket_or_table_that_is_not_listed_is_refused(task):
    with pytest.raises(PermanentError, match=r"Tasks may not use|no argument"):
        task(context(bucket="somebody-elses", table="theirs"))
