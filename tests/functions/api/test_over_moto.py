"""The API as Lambda starts it: environment, wiring, and AWS as moto plays it."""

import base64
import json
from uuid import uuid4

import pytest
from moto import mock_aws

import api.handler
import operators.handler
from carillon.adapters import aws
from carillon.adapters.seals import Seals
from carillon.domain.moments import to_rfc3339
from carillon.wiring import ground
from carillon.wiring import operator as wired_operator
from carillon.wiring.api import wire_api
from carillon.wiring.operator import wire_operator
from tests.contract import tables
from tests.fakes.clock import FakeClock
from tests.functions.api.world import MINIMAL, Answer, http_event

WIRED = (wire_api, wire_operator)


@pytest.fixture
def stack(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    clock = FakeClock()
    # By the time of day a fire time would be near, or a window would end between two calls.
    for module in (ground, wired_operator):
        monkeypatch.setattr(module, "SystemClock", lambda: clock)
    with mock_aws():
        made = Stack(clock)
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        forget()
        made.log_in()
        yield made
        forget()


def forget():
    for wire in WIRED:
        wire.cache_clear()


class Stack:
    """A stack's tables, queue and keys, and a client that is logged in."""

    def __init__(self, clock):
        self.clock = clock
        self.dynamo, self.sqs, kms = map(aws.client, ("dynamodb", "sqs", "kms"))
        tables.create(self.dynamo)
        self.queue = self.sqs.create_queue(QueueName="dispatch")["QueueUrl"]
        token_key, root_key = (
            kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
            for _ in range(2)
        )
        data_key = kms.create_key()["KeyMetadata"]["KeyId"]
        self.messages_of = Seals(
            lambda: kms,
            [data_key],
            root_key,
            role="worker",
            environment="carillon",
            session_seconds=3600,
            clock=clock,
        ).verifying_messages()
        self.token = None
        self.environment = {
            "SCHEDULES_TABLE": "SchedulesTable",
            "RUNS_TABLE": "RunsTable",
            "ACCESS_TABLE": "AccessTable",
            "GUARDS_TABLE": "GuardsTable",
            "AUDIT_TABLE": "AuditTable",
            "DISPATCH_QUEUE_URL": self.queue,
            "TOKEN_KEY_ID": token_key,
            "OIDC_ISSUER": "",
            "OIDC_AUDIENCE": "",
            "OIDC_ROLE_CLAIM": "roles",
            "OIDC_ROLES": "",
            "DATA_KEY_ID": data_key,
            "DATA_KEY_IDS": data_key,
            "ROOT_KEY_ID": root_key,
            "ARCHIVE_BUCKET": "archive",
            "AUDIT_LOCK_DAYS": "365",
            "AUDIT_LOCK_MODE": "GOVERNANCE",
            "SESSION_SECONDS": "3600",
            "ENVIRONMENT": "carillon",
            "SHARDS": "2",
            "RETENTION_DAYS": "30",
            "WORKER_TIMEOUT_SECONDS": "300",
            "SKEW_SECONDS": "5",
            "MINIMUM_INTERVAL_SECONDS": "1",
            "TRIGGERS_PER_MINUTE": "5",
            "POWERTOOLS_METRICS_NAMESPACE": "Carillon",
            "HTTP_ALLOW": "127.0.0.1, 10.0.0.0/8",
            "TARGET_ARNS": "",
            "OWN_ARNS": "",
        }

    def log_in(self):
        made = operators.handler.handle({"command": "bootstrap", "user": "admin"}, None)
        answer = self.call("POST", "/v1/login", {"user": "admin", "password": made["password"]})
        assert answer.status == 200, answer.text
        self.token = answer.json["token"]

    def call(self, method, path, document=None, **headers):
        sent = {"content-type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
        if self.token:
            sent["authorization"] = f"Bearer {self.token}"
        path, _, query = path.partition("?")
        if path.endswith("/trigger"):
            sent |= {"x-timestamp": to_rfc3339(self.clock.now()), "x-nonce": uuid4().hex}
        body = None if document is None else json.dumps(document)
        answer = api.handler.handle(http_event(method, path, query, sent, body), None)
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def rows(self, table):
        return self.dynamo.scan(TableName=table)["Items"]

    def messages(self):
        found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [self.messages_of.open(message["Body"]) for message in found]


def test_a_schedule_lives_its_whole_life_over_the_real_stores(stack):
    created = stack.call("POST", "/v1/schedules", MINIMAL)
    assert (created.status, created.headers["etag"]) == (201, '"1"')
    triggered = stack.call("POST", "/v1/schedules/nightly-etl/trigger")
    assert triggered.status == 202
    assert [str(message.run_id) for message in stack.messages()] == [triggered.json["run_id"]]
    assert stack.call("GET", triggered.headers["location"]).json["state"] == "QUEUED"
    assert stack.call("POST", "/v1/schedules/nightly-etl/pause").json["state"] == "paused"
    assert stack.call("POST", "/v1/schedules/nightly-etl/resume").json["state"] == "active"
    edited = {**MINIMAL, "timetable": {"expression": "0 3 * * *"}}
    assert stack.call("PUT", "/v1/schedules/nightly-etl", edited, if_match='"1"').code == "version_mismatch"
    replaced = stack.call("PUT", "/v1/schedules/nightly-etl", edited, if_match='"3"')
    assert (replaced.status, replaced.json["revision"]) == (200, 2)
    assert stack.call("DELETE", "/v1/schedules/nightly-etl", if_match='"4"').status == 204
    assert stack.call("GET", "/v1/schedules/nightly-etl").code == "schedule_not_found"
    again = stack.call("POST", "/v1/schedules", MINIMAL)
    assert (again.status, again.json["revision"], again.json["head_version"]) == (201, 3, 6)

    actions = sorted(row["action"]["S"] for row in stack.rows("AuditTable"))
    verbs = ("create", "create", "delete", "pause", "replace", "resume", "trigger")
    assert actions == [*(f"schedule.{verb}" for verb in verbs), "user.bootstrap"]


def test_a_schedule_that_fires_soon_is_sent_before_the_answer(stack):
    stack.call("POST", "/v1/schedules", {**MINIMAL, "timetable": {"expression": "* * * * *"}})

    # They wait in the queue for their second, so they are counted and not received.
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
    waiting = stack.sqs.get_queue_attributes(QueueUrl=stack.queue, AttributeNames=names)["Attributes"]
    assert sum(map(int, waiting.values())) == 3


def test_pages_go_on_over_shards_with_cursors_that_only_this_stack_can_make(stack):
    for number in range(5):
        stack.call("POST", "/v1/schedules", {**MINIMAL, "schedule_id": f"job-{number}"})

    seen, path = [], "/v1/schedules?limit=2"
    while True:
        page = stack.call("GET", path).json
        seen += [item["schedule_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        forget()  # another container, which must read the same key
        path = f"/v1/schedules?limit=2&cursor={page['next_cursor']}"

    assert sorted(seen) == [f"job-{number}" for number in range(5)]
    [key] = [row for row in stack.rows("AccessTable") if row["kind"]["S"] == "key"]
    assert set(key) == {"kind", "id", "wrapped"}
    assert len(key["wrapped"]["B"]) > 32
    forged = base64.urlsafe_b64encode(b"x" * 16 + b'{"shard":0,"key":null}').decode()
    assert stack.call("GET", f"/v1/schedules?cursor={forged}").status == 400


def test_a_refused_schedule_leaves_no_row_behind(stack):
    answer = stack.call("POST", "/v1/schedules", {**MINIMAL, "timetable": {"expression": "* * * * * * * *"}})

    assert answer.status == 400
    assert stack.rows("SchedulesTable") == []
    assert [row["action"]["S"] for row in stack.rows("AuditTable")] == ["user.bootstrap"]


def test_failed_logins_are_counted_in_the_guards(stack):
    stack.token = None
    wrong = {"user": "admin", "password": "wrong"}  # pragma: allowlist secret
    for _ in range(2):
        assert stack.call("POST", "/v1/login", wrong).code == "login_failed"

    keys = {row["guard"]["S"].rpartition("#")[0] for row in stack.rows("GuardsTable")}
    assert len(stack.rows("GuardsTable")) == 2, keys


def test_the_key_set_is_the_kms_keys(stack):
    [key] = stack.call("GET", "/.well-known/jwks.json").json["keys"]

    assert (key["kty"], key["crv"], key["alg"]) == ("EC", "P-256", "ES256")
