"""Follow, archive and deadletter as Lambda starts them: environment, wiring and AWS, played by moto."""

import gzip
import json
from datetime import timedelta

import pytest
from moto import mock_aws

import archive.handler
import deadletter.handler
import follow.handler
from carillon.adapters import alert_webhook, aws
from carillon.adapters.clock import SystemChance, SystemClock
from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.dead_letters import DynamoDeadLetters
from carillon.adapters.dynamo.run_item import read_run
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.adapters.pace import Pace
from carillon.domain.audit import AuditEntry
from carillon.domain.moments import from_rfc3339
from carillon.domain.schedule import Schedule, ScheduleState, TimetableSpec
from carillon.ports.schedules import Change
from carillon.settings import DeadLetterSettings
from carillon.wiring.archive import wire_archive
from carillon.wiring.dead_letter import wire_dead_letter
from carillon.wiring.follow import wire_follow
from carillon.wiring.ground import Ground
from local.sealed_events import sealed_event, sealing_for
from tests.contract import tables
from tests.contract.targets.receiver import Receiver, reply
from tests.functions.event_files import event

WIRED = (wire_follow, wire_archive, wire_dead_letter)


@pytest.fixture
def stack(monkeypatch):
    """A stack's tables, topic with one subscriber, and bucket, named in the environment as in the template."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        made = Stack()
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        forget()
        yield made
        forget()


def forget():
    for wire in WIRED:
        wire.cache_clear()


class Stack:
    def __init__(self):
        self.dynamo, self.sns, self.sqs, self.s3 = map(aws.client, ("dynamodb", "sns", "sqs", "s3"))
        tables.create(self.dynamo)
        self.s3.create_bucket(Bucket="archive")
        topic = self.sns.create_topic(Name="alerts")["TopicArn"]
        self.inbox = self.sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.inbox, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        kms = aws.client("kms")
        data = kms.create_key()["KeyMetadata"]["Arn"]
        root = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        self.messages = sealing_for(kms, "carillon", {"DataKeyArn": data, "RootKeyArn": root})
        self.environment = {
            "SCHEDULES_TABLE": "SchedulesTable",
            "RUNS_TABLE": "RunsTable",
            "GUARDS_TABLE": "GuardsTable",
            "AUDIT_TABLE": "AuditTable",
            "DISPATCH_QUEUE_URL": self.inbox,
            "ALERTS_TOPIC_ARN": topic,
            "ALERT_WEBHOOK_URL": "",
            "ALERT_WEBHOOK_KEY": "",
            "ALERT_BUS_ARN": "",
            "ALERT_WINDOW_SECONDS": "300",
            "HTTP_ALLOW": "127.0.0.1",
            "ARCHIVE_BUCKET": "archive",
            "AUDIT_LOCK_DAYS": "365",
            "AUDIT_LOCK_MODE": "GOVERNANCE",
            "ENVIRONMENT": "carillon",
            "MEASURED_SCHEDULES": "",
            "SKEW_SECONDS": "5",
            "POWERTOOLS_METRICS_NAMESPACE": "Carillon",
            "DATA_KEY_IDS": data,
            "ROOT_KEY_ID": root,
            "SESSION_SECONDS": "3600",
            "SHARDS": "1",
            "RETENTION_DAYS": "30",
        }

    def sealed(self, name):
        return json.loads(sealed_event(json.dumps(event(name)).encode(), self.messages))

    def shelf(self):
        settings = DeadLetterSettings.from_env()
        return DynamoDeadLetters(Ground("api", settings).database)

    def alerts(self):
        follow.handler.handle(event("follow-clock"), None)
        found = self.sqs.receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found]

    def rows(self, table):
        return self.dynamo.scan(TableName=table)["Items"]


def test_a_failed_run_on_the_stream_reaches_the_topic(stack):
    assert follow.handler.handle(event("stream-run-failed"), None) == {"batchItemFailures": []}

    assert [alert["alert_id"] for alert in stack.alerts()] == ["invoice-export@20261122T020000Z:FAILED"]


def test_a_failed_run_reaches_the_webhook_signed_and_the_bus_too(stack, monkeypatch):
    receiver = Receiver(reply("HTTP/1.1 204 No Content"))
    aws.client("ssm").put_parameter(Name="/alerts/key", Value="the key", Type="SecureString")
    events, queue = aws.client("events"), stack.sqs.create_queue(QueueName="bus")["QueueUrl"]
    arn = events.create_event_bus(Name="alerts")["EventBusArn"]
    events.put_rule(Name="all", EventBusName="alerts", EventPattern=json.dumps({"source": ["carillon"]}))
    queue_arn = f"arn:aws:sqs:us-east-1:{arn.split(':')[4]}:bus"
    events.put_targets(Rule="all", EventBusName="alerts", Targets=[{"Id": "1", "Arn": queue_arn}])
    monkeypatch.setenv("ALERT_WEBHOOK_URL", f"http://127.0.0.1:{receiver.port}/alerts")
    monkeypatch.setenv("ALERT_WEBHOOK_KEY", "/alerts/key")
    monkeypatch.setenv("ALERT_BUS_ARN", arn)
    monkeypatch.setattr(alert_webhook, "DEADLINE", timedelta(seconds=60))

    follow.handler.handle(event("stream-run-failed"), None)
    receiver.close()

    ((head, body),) = receiver.requests
    (told,) = stack.sqs.receive_message(QueueUrl=queue)["Messages"]
    alert_id = "invoice-export@20261122T020000Z:FAILED"
    assert "Carillon-Signature: v1=" in head
    assert json.loads(body)["alert_id"] == json.loads(told["Body"])["detail"]["alert_id"] == alert_id
    assert [alert["alert_id"] for alert in stack.alerts()] == [alert_id]


def test_an_ended_run_on_the_stream_is_counted_once_though_it_is_told_twice(stack):
    for _ in range(2):
        follow.handler.handle(event("stream-run-succeeded"), None)

    rows = {row["schedule_id"]["S"]: row for row in stack.rows("SchedulesTable")}
    assert len(rows) == 2
    row = rows["nightly-etl"]
    assert row["part"]["S"] == "s2026112202"
    assert json.loads(row["counts"]["S"]).items() >= {"fired": 1, "succeeded": 1}.items()
    assert row["version"]["N"] == "1"


def test_an_ended_run_on_the_stream_reaches_the_bucket(stack):
    archive.handler.handle(event("stream-run-succeeded"), None)

    [found] = stack.s3.list_objects_v2(Bucket="archive")["Contents"]
    body = stack.s3.get_object(Bucket="archive", Key=found["Key"])["Body"].read()
    assert json.loads(gzip.decompress(body))["run_id"] == "nightly-etl@20261122T020000Z"


def test_a_dead_letter_ends_its_queued_run_and_is_kept(stack):
    queued = event("stream-run-succeeded")["Records"][0]["dynamodb"]["OldImage"]
    queued |= {"state": {"S": "QUEUED"}, "attempt": {"N": "0"}}
    for attribute in ("claim_id", "lease_until", "started_at", "revision"):
        del queued[attribute]
    stack.dynamo.put_item(TableName="RunsTable", Item=queued)

    assert deadletter.handler.handle(stack.sealed("dead-letter"), None) == {"batchItemFailures": []}

    [row] = stack.rows("RunsTable")
    run = read_run(row)
    assert (run.state, run.reason) == ("FAILED", "undeliverable")
    assert "wake_at" not in row
    [kept] = [row for row in stack.rows("GuardsTable") if "body" in row]
    message = event("dead-letter")["Records"][0]
    assert message["body"] not in str(kept)
    assert stack.shelf().get(message["messageId"]).body == message["body"]


def test_a_message_in_clear_is_poison(stack):
    assert deadletter.handler.handle(event("dead-letter"), None) == {"batchItemFailures": []}

    assert [alert["alert"] for alert in stack.alerts()] == ["message_unreadable"]


def test_a_poison_message_is_kept_and_alerted(stack):
    assert deadletter.handler.handle(event("dead-letter-poison"), None) == {"batchItemFailures": []}

    assert [alert["alert"] for alert in stack.alerts()] == ["message_unreadable"]
    assert len([row for row in stack.rows("GuardsTable") if "body" in row]) == 1


def test_a_schedule_pauses_itself_after_its_failures_and_says_so(stack):
    now = from_rfc3339("2026-11-22T02:00:00Z")
    head = Schedule(
        schedule_id="invoice-export",
        timetable=TimetableSpec("0 2 * * *"),
        alerts={"on": ["failure"], "after_failures": 1, "pause_after_failures": True},
        next_fire_at=now,
        due_at=now,
        created_at=now,
        updated_at=now,
    )
    schedules = DynamoSchedules(
        Database(
            client=stack.dynamo,
            pace=Pace(SystemClock(), SystemChance()),
            schedules_table="SchedulesTable",
            audit_table="AuditTable",
            runs_table="RunsTable",
        )
    )
    made = AuditEntry(
        entry_id="made", at=now, actor="ada", action="schedule.create", object="schedule:invoice-export"
    )
    schedules.write(Change(None, head, made))

    for _ in range(2):
        assert follow.handler.handle(event("stream-run-failed"), None) == {"batchItemFailures": []}

    assert schedules.head("invoice-export").state is ScheduleState.PAUSED
    assert {row["actor"]["S"] for row in stack.rows("AuditTable")} == {"ada", "carillon"}
    told = [alert["alert"] for alert in stack.alerts()]
    assert sorted(told) == ["failures_in_a_row", "run_failed"]
