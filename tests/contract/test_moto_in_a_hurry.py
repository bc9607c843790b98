"""The laptop's DynamoDB answers the same without moto's detours."""

import json

import pytest
from botocore.exceptions import ClientError
from moto.core.model import ServiceModel
from moto.core.serialize import BaseJSONSerializer, JSONSerializer, XFormedAttributePicker
from moto.core.utils import get_service_model

EVERY_TYPE = {
    "S": "text",
    "N": "1.50",
    "B": b"\x00\xff",
    "BOOL": False,
    "NULL": True,
    "SS": ["a", "b"],
    "NS": ["1", "2"],
    "BS": [b"\x00", b"a"],
    "L": [{"S": ""}, {"M": {"deep": {"B": b"\x01"}}}],
    "M": {"inner": {"L": [{"N": "0"}]}, "S": {"S": "named like a type"}},
}
ITEM = {f"an {kind}": {kind: value} for kind, value in EVERY_TYPE.items()}
ANSWERS = [
    ("GetItem", {"Item": ITEM}),
    ("GetItem", {"Item": {}}),
    ("Query", {"Items": [ITEM, {}], "Count": 2, "LastEvaluatedKey": {"key": {"S": "k"}}}),
    ("TransactGetItems", {"Responses": [{"Item": ITEM}]}),
    ("BatchGetItem", {"Responses": {"Table": [ITEM]}, "UnprocessedKeys": {}}),
]


def _written(operation, result):
    model: ServiceModel = get_service_model("dynamodb")
    serializer = JSONSerializer(
        operation_model=model.operation_model(operation), value_picker=XFormedAttributePicker()
    )
    return json.loads(serializer.serialize(result)["body"])


@pytest.mark.parametrize(("operation", "result"), ANSWERS)
def test_an_answer_is_written_as_moto_writes_it(operation, result, monkeypatch):
    quick = _written(operation, result)
    own = BaseJSONSerializer._serialize_type_map.__wrapped__
    monkeypatch.setattr(BaseJSONSerializer, "_serialize_type_map", own)
    assert quick == _written(operation, result)


def test_an_item_that_is_too_large_is_refused(dynamo):
    key = {"guard": {"S": "large"}}
    dynamo.client.put_item(TableName="GuardsTable", Item={**key, "value": {"S": "x" * 404_000}})
    with pytest.raises(ClientError, match="Item size has exceeded"):
        dynamo.client.put_item(TableName="GuardsTable", Item={**key, "value": {"S": "x" * 405_000}})
