"""What is watched, who is told, and what a user is given to go on with."""

import json
import re
from pathlib import Path

from carillon.adapters.emf import EmfMetrics
from carillon.domain.measures import UNITS
from carillon.services.liveness import OLDEST_WAKE_AGE
from tests.fakes.clock import FakeClock

ALARMED = {
    ("AWS/Lambda", "Invocations", "TickFunction"),
    ("AWS/Lambda", "Errors", "TickFunction"),
    ("Carillon", "OldestWakeAge", "AWS::StackName"),
    ("Carillon", "TickLag", "AWS::StackName"),
    ("Carillon", "Throttles", "AWS::StackName"),
    ("Carillon", "BrokenSchedules", "AWS::StackName"),
    ("Carillon", "UnreadableRuns", "AWS::StackName"),
    ("Carillon", "AlertsLost", "AWS::StackName"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "DispatchQueue"),
    ("AWS/Lambda", "Invocations", "DeadLetterFunction"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "DispatchDeadLetters"),
    ("AWS/Lambda", "Errors", "WorkerFunction"),
    ("AWS/Lambda", "Throttles", "WorkerFunction"),
    ("AWS/Lambda", "RecursiveInvocationsDropped", "WorkerFunction"),
    ("AWS/Lambda", "Errors", "OperatorFunction"),
    ("AWS/Lambda", "IteratorAge", "FollowFunction"),
    ("AWS/Lambda", "IteratorAge", "ArchiveFunction"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "StreamFailures"),
    ("AWS/ApiGateway", "5xx", "HttpApi"),
    ("Carillon", "SecondFactorLocked", "AWS::StackName"),
}
OUTPUTS = {
    "ApiUrl", "OperatorFunctionName", "TickFunctionName", "WorkerFunctionName", "WorkerRoleArn",
    "SchedulesTableName", "RunsTableName", "AccessTableName", "GuardsTableName", "AuditTableName",
    "DispatchQueueUrl", "DeadLetterQueueUrl", "AlertsTopicArn", "ArchiveBucketName",
    "DashboardName", "DataKeyArn", "TokenKeyArn", "RootKeyArn",
}  # fmt: skip


LISTED_BY_AWS = {
    "AWS/Lambda": (
        {
            "Invocations",
            "Errors",
            "Throttles",
            "IteratorAge",
            "RecursiveInvocationsDropped",
            "ConcurrentExecutions",
        },
        {"FunctionName"},
    ),
    "AWS/SQS": ({"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"}, {"QueueName"}),
    "AWS/ApiGateway": ({"5xx"}, {"ApiId", "Stage"}),
}
RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def watched(alarm):
    value = alarm["Dimensions"][0]["Value"]
    return value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]


def test_what_is_watched(stack):
    alarms = stack.of_type("AWS::CloudWatch::Alarm").values()
    assert {(a["Namespace"], a["MetricName"], watched(a)) for a in alarms} == ALARMED


def test_every_alarm_tells_the_topic_when_it_begins_and_when_it_ends(stack):
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlertsTopic"}], name
        assert len(alarm["AlarmDescription"].split(". ")) >= 2, (
            f"{name} says what is wrong but not what to do"
        )


def test_only_for_the_clock_is_silence_an_alarm(stack):
    alarms = stack.of_type("AWS::CloudWatch::Alarm")
    silent = {name for name, alarm in alarms.items() if alarm["TreatMissingData"] == "breaching"}
    assert silent == {"TickSilentAlarm"}
    dead_man = alarms["TickSilentAlarm"]
    assert (dead_man["ComparisonOperator"], dead_man["Threshold"]) == ("LessThanThreshold", 1)
    assert 120 <= dead_man["Period"] * dead_man["EvaluationPeriods"] <= 600


def test_the_alarm_on_overdue_runs_watches_the_metric_that_the_tick_writes(stack):
    alarm = stack.properties("RunsOverdueAlarm")
    environment = stack.functions["TickFunction"]["Environment"]["Variables"]
    lines = []
    clock = FakeClock()
    namespace = environment["POWERTOOLS_METRICS_NAMESPACE"]
    EmfMetrics(namespace, "prod", clock, lines.append).put(OLDEST_WAKE_AGE, 7.5, "Seconds", shards="0-15")

    line = json.loads(lines[0])
    (written,) = line["_aws"]["CloudWatchMetrics"]
    assert written["Namespace"] == alarm["Namespace"]
    assert written["Metrics"] == [{"Name": alarm["MetricName"], "Unit": "Seconds"}]
    assert written["Dimensions"] == [[dimension["Name"] for dimension in alarm["Dimensions"]]]
    assert (line["environment"], line[alarm["MetricName"]], line["shards"]) == ("prod", 7.5, "0-15")
    assert line["_aws"]["Timestamp"] == clock.now().timestamp() * 1000
    assert environment["ENVIRONMENT"] == alarm["Dimensions"][0]["Value"]
    # A look a minute, and one that failed: nothing healthy waits longer.
    assert alarm["Threshold"] > 120


def test_every_alarm_of_our_own_watches_a_metric_that_is_emitted_with_its_dimensions(stack):
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        dimensions = {each["Name"] for each in alarm["Dimensions"]}
        if alarm["Namespace"] in LISTED_BY_AWS:
            metrics, named = LISTED_BY_AWS[alarm["Namespace"]]
            assert alarm["MetricName"] in metrics, name
            assert dimensions == named, name
            continue
        lines = []
        EmfMetrics("Carillon", "prod", FakeClock(), lines.append).put_all({alarm["MetricName"]: 10**6})
        (written,) = json.loads(lines[0])["_aws"]["CloudWatchMetrics"]
        assert (written["Namespace"], written["Dimensions"]) == (alarm["Namespace"], [list(dimensions)]), name


def test_every_alarm_has_its_line_in_the_runbook_and_the_runbook_no_other(stack):
    told = re.findall(r"^\| (\w+Alarm) \| .{60,}\|$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)

    assert len(told) == len(set(told))
    assert set(told) == set(stack.of_type("AWS::CloudWatch::Alarm"))


def test_the_dashboard_shows_every_metric_and_only_those_that_exist(stack):
    body = stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    shown = {}
    for widget in json.loads(body)["widgets"]:
        for namespace, metric, *_ in widget["properties"]["metrics"]:
            shown.setdefault(namespace, set()).add(metric)

    assert shown.pop("Carillon") == set(UNITS) - {"SecondFactorLocked"}
    for namespace, metrics in shown.items():
        assert metrics <= LISTED_BY_AWS[namespace][0]


def test_alarms_may_publish_to_the_topic_and_use_its_key(stack):
    published = stack.properties("AlertsTopicPolicy")["PolicyDocument"]["Statement"]
    unsealed = stack.properties("DataKey")["KeyPolicy"]["Statement"]
    assert stack.properties("AlertsTopic")["KmsMasterKeyId"] == {"Ref": "DataKey"}
    for statements in (published, unsealed):
        (alarms,) = [s for s in statements if s["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
        assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_a_mail_address_is_optional(stack):
    (subscription,) = [
        r for r in stack.document["Resources"].values() if r["Type"] == "AWS::SNS::Subscription"
    ]
    assert subscription["Condition"] == "HasAlertEmail"
    assert stack.document["Parameters"]["AlertEmail"]["Default"] == ""


def test_what_a_user_needs_is_put_out(stack):
    assert set(stack.document["Outputs"]) == OUTPUTS
    assert all(output["Description"] for output in stack.document["Outputs"].values())


def test_every_parameter_has_a_default_a_description_and_a_bound(stack):
    for name, parameter in stack.document["Parameters"].items():
        assert {"Default", "Description"} <= set(parameter), name
        assert {"AllowedValues", "AllowedPattern"} & set(parameter) or {"MinValue", "MaxValue"} <= set(
            parameter
        ), name
    assert stack.document["Parameters"]["RetentionDays"]["MinValue"] == 7
