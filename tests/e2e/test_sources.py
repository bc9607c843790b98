"""Event sources: what succeeds is deleted, what fails comes again or is put aside, loops are cut."""

import json

import pytest

pytestmark = pytest.mark.slow


def _send(cloud, *bodies):
    sqs, url = cloud.client("sqs"), cloud.inventory.physical_ids["Work"]
    sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)]
    )


def test_only_the_failed_message_of_a_batch_comes_again_and_ends_in_the_dead_letters(
    stub_cloud, heard, receive
):
    _send(stub_cloud, "one", "poison", "two")
    assert receive("Dead") == "poison"
    said = heard({"worked": "one"}, {"worked": "two"}, {"worked": "poison"}, {"worked": "poison"})
    assert [said.count({"worked": body}) for body in ("one", "two", "poison")] == [1, 1, 2]


def test_a_chain_through_queue_and_function_is_cut_after_sixteen_passes(stub_cloud, heard, receive):
    _send(stub_cloud, "loop")
    assert receive("Dead") == "loop"
    passes = [{"worked": "loop"}] * 16
    assert heard(*passes).count({"worked": "loop"}) == 16
    assert "were dropped after 16 passes" in (stub_cloud.logs / "cloud.log").read_text()


def test_a_stream_delivers_what_the_filter_wants_and_puts_aside_what_keeps_failing(
    stub_cloud, heard, receive
):
    dynamodb, table = stub_cloud.client("dynamodb"), stub_cloud.inventory.physical_ids["Table"]
    dynamodb.put_item(TableName=table, Item={"k": {"S": "unwanted"}})
    for key in ("first", "poison", "last"):
        dynamodb.put_item(TableName=table, Item={"k": {"S": key}, "ended_at": {"N": "5"}})
    note = json.loads(receive("Failures"))
    assert note["requestContext"]["condition"] == "RetryAttemptsExhausted"
    dynamodb.put_item(TableName=table, Item={"k": {"S": "after"}, "ended_at": {"N": "6"}})
    said = heard(*({"read": key} for key in ("first", "poison", "last", "after")))
    assert {"read": "unwanted"} not in said


def test_a_transaction_that_fails_does_not_blind_the_stream(stub_cloud, heard):
    dynamodb, table = stub_cloud.client("dynamodb"), stub_cloud.inventory.physical_ids["Table"]
    put = {
        "TableName": table,
        "Item": {"k": {"S": "taken"}},
        "ConditionExpression": "attribute_not_exists(k)",
    }
    dynamodb.transact_write_items(TransactItems=[{"Put": put}])
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[{"Put": put}])
    dynamodb.put_item(TableName=table, Item={"k": {"S": "later"}, "ended_at": {"N": "7"}})
    heard({"read": "later"})
