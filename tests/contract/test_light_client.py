"""A light client's requests are those of a client left as botocore makes it."""

import json
import re
from io import BytesIO
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials

from carillon.adapters import aws

REGION = "eu-central-1"
QUEUE = f"https://sqs.{REGION}.amazonaws.com/123456789012/dispatch"
KEY = {"schedule_id": {"S": "etl"}, "part": {"S": "head"}}
ROW = {
    **KEY,
    "n": {"N": "7"},
    "bytes": {"B": b"\x00\xff"},
    "m": {"M": {"l": {"L": [{"S": "é"}, {"BOOL": True}]}}},
}
CALLS = {
    "put_item": ("dynamodb", {"TableName": "t", "Item": ROW}),
    "get_item": ("dynamodb", {"TableName": "t", "Key": KEY, "ConsistentRead": True}),
    "query": (
        "dynamodb",
        {
            "TableName": "t",
            "KeyConditionExpression": "#a = :a",
            "ExpressionAttributeNames": {"#a": "a"},
            "ExpressionAttributeValues": {":a": {"B": b"abc"}},
            "ExclusiveStartKey": KEY,
            "Limit": 5,
        },
    ),
    "batch_get_item": ("dynamodb", {"RequestItems": {"t": {"Keys": [KEY], "ConsistentRead": False}}}),
    "transact_write_items": (
        "dynamodb",
        {"TransactItems": [{"Put": {"TableName": "t", "Item": ROW}}], "ClientRequestToken": "0" * 32},
    ),
    "send_message_batch": (
        "sqs",
        {"QueueUrl": QUEUE, "Entries": [{"Id": "0", "MessageBody": "ü", "DelaySeconds": 3}]},
    ),
    "receive_message": ("sqs", {"QueueUrl": QUEUE, "WaitTimeSeconds": 1}),
}
# What a request gets with its signature or after it.
LATER = {"Authorization", "Content-Length", "Host", "amz-sdk-invocation-id", "amz-sdk-request"}
# What tells the time, the try or its own id; and the name, which is Carillon's.
OWN = {
    "Authorization",
    "X-Amz-Date",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "User-Agent",
    "Content-Length",
    "Host",
}


class _Raw(BytesIO):
    def stream(self, **_):
        yield self.read()


def sent(client, service, operation, parameters):
    """The one request that a call makes."""
    requests = []

    def instead(request, **_):
        requests.append(request)
        return AWSResponse(request.url, 200, {}, _Raw(b"{}"))

    client.meta.events.register(f"before-send.{service}", instead)
    getattr(client, operation)(**parameters)
    (request,) = requests
    return request


@pytest.fixture(autouse=True)
def _region(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.mark.parametrize("operation", CALLS)
def test_a_light_client_sends_what_botocore_would_send(operation):
    service, parameters = CALLS[operation]
    usual = sent(botocore.session.Session().create_client(service), service, operation, parameters)
    light = sent(aws.client(service), service, operation, parameters)
    assert (light.method, light.url) == (usual.method, usual.url)
    assert json.loads(light.body) == json.loads(usual.body)
    assert told(light) == told(usual)
    assert light.headers["Host"] == urlsplit(light.url).netloc
    assert light.headers["Content-Length"] == str(len(light.body))
    assert "amz-sdk-invocation-id" in light.headers
    assert signed_names(light) == signed_names(usual)


def told(request):
    """The headers that both clients send alike, by name."""
    texts = {name: as_text(value) for name, value in request.headers.items()}
    return {name: value for name, value in texts.items() if name not in OWN}


def as_text(value):
    return value.decode() if isinstance(value, bytes) else value


def signed_names(request):
    return re.search("SignedHeaders=([^,]+)", as_text(request.headers["Authorization"]))[1]


ENDPOINTS = ["", "http://127.0.0.1:9", "http://localhost:80", "https://[::1]:443"]
WHERE = [(name, "") for name in CALLS] + [("put_item", endpoint) for endpoint in ENDPOINTS[1:]]


@pytest.mark.parametrize(("operation", "endpoint"), WHERE)
@pytest.mark.parametrize("token", [None, "a session/token+of=a role"])
def test_a_signature_is_that_of_botocores_signer(operation, endpoint, token, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    # Lambda's own trace goes out unsigned.
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "tick")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
    service, parameters = CALLS[operation]
    client = aws.client(service)
    credentials = client._request_signer._credentials = Credentials("key", "secret", token)
    light = sent(client, service, operation, parameters)
    assert "X-Amzn-Trace-Id" in light.headers
    assert light.headers.get("X-Amz-Security-Token") == token
    assert light.headers["Authorization"] == botocores_signature(
        light, SigV4Auth(credentials, service, REGION)
    )


def botocores_signature(light, signer):
    """What botocore's signer makes of a request at the moment that it bears."""
    headers = {name: value for name, value in light.headers.items() if name not in LATER}
    request = AWSRequest("POST", light.url, headers=headers, data=light.body)
    request.context["timestamp"] = light.headers["X-Amz-Date"]
    statement = signer.string_to_sign(request, signer.canonical_request(request))
    signer._inject_signature_to_request(request, signer.signature(statement, request))
    return request.headers["Authorization"]


def test_the_endpoint_is_worked_out_once_and_holds_for_every_call(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    client = aws.client("dynamodb")
    first, second = (
        sent(client, "dynamodb", name, CALLS[name][1]) for name in ("get_item", "batch_get_item")
    )
    assert first.url == second.url == "http://127.0.0.1:9/"


def test_services_of_other_protocols_are_left_as_they_are():
    made = aws.client("sns")
    assert type(made._serializer).__module__ == "botocore.serialize"
