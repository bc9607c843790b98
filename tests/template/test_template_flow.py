"""What makes the functions run: the clock, the queues, the streams, the HTTP API."""

import json

import pytest

from carillon.domain.stats import KEPT_MARKS


def source(stack, function, of=""):
    (found,) = [
        s
        for s in stack.of_type("AWS::Lambda::EventSourceMapping").values()
        if s["FunctionName"] == {"Ref": function} and of in str(s["EventSourceArn"])
    ]
    return found


def clock_of(stack, function):
    schedules = stack.of_type("AWS::Scheduler::Schedule").values()
    (found,) = [s for s in schedules if s["Target"]["Arn"] == {"Fn::GetAtt": [function, "Arn"]}]
    return found


def test_days_of_the_audit_log_are_closed_by_the_clock(stack):
    schedule = clock_of(stack, "OperatorFunction")
    assert json.loads(schedule["Target"]["Input"]) == {"command": "seal-audit-day"}
    assert schedule["Target"]["RoleArn"] == {"Fn::GetAtt": ["SealClockRole", "Arn"]}
    assert len(stack.of_type("AWS::Scheduler::Schedule")) == 3


def test_alerts_that_wait_are_told_by_the_clock(stack):
    schedule = clock_of(stack, "FollowFunction")
    assert (schedule["ScheduleExpression"], schedule["Target"]["Input"]) == ("rate(1 minute)", "{}")
    assert schedule["Target"]["RoleArn"] == {"Fn::GetAtt": ["AlertClockRole", "Arn"]}


def test_the_audit_stream_is_archived_one_batch_after_the_other(stack):
    stream = source(stack, "ArchiveFunction", "AuditTable")
    assert stream["ParallelizationFactor"] == 1
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    failed = stream["DestinationConfig"]["OnFailure"]["Destination"]
    assert failed == {"Fn::GetAtt": ["StreamFailures", "Arn"]}


def test_the_clock_ticks_each_minute_and_repeats_nothing(stack):
    schedule = clock_of(stack, "TickFunction")
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    assert schedule["Target"]["RoleArn"] == {"Fn::GetAtt": ["ClockRole", "Arn"]}
    assert "${AWS::StackName}" in schedule["Name"]["Fn::Sub"]


@pytest.mark.parametrize("function", ["TickFunction", "OperatorFunction", "FollowFunction"])
def test_an_asynchronous_invocation_is_not_repeated(stack, function):
    configs = stack.of_type("AWS::Lambda::EventInvokeConfig").values()
    (config,) = [c for c in configs if c["FunctionName"] == {"Ref": function}]
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 60)


def test_a_message_stays_hidden_six_times_as_long_as_any_worker_may_run(stack):
    times = stack.document["Mappings"]["WorkerTimes"]
    allowed = stack.document["Parameters"]["WorkerTimeout"]["AllowedValues"]
    assert {seconds: row["Visibility"] for seconds, row in times.items()} == {str(s): 6 * s for s in allowed}
    hidden = stack.properties("DispatchQueue")["VisibilityTimeout"]
    assert hidden == {"Fn::FindInMap": ["WorkerTimes", {"Ref": "WorkerTimeout"}, "Visibility"]}
    assert stack.functions["WorkerFunction"]["Timeout"] == {"Ref": "WorkerTimeout"}


def test_a_message_is_late_only_after_it_was_delayed_and_worked_on(stack):
    horizon = 180
    for seconds, row in stack.document["Mappings"]["WorkerTimes"].items():
        assert row["Late"] == horizon + int(seconds) + 600


def test_undeliverable_messages_go_aside_after_five_receives_and_wait_longer(stack):
    queue, dead = stack.properties("DispatchQueue"), stack.properties("DispatchDeadLetters")
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DispatchDeadLetters", "Arn"]}
    assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]
    assert dead["VisibilityTimeout"] == 6 * stack.functions["DeadLetterFunction"]["Timeout"]


def test_all_queues_are_encrypted(stack):
    assert all(queue["SqsManagedSseEnabled"] is True for queue in stack.of_type("AWS::SQS::Queue").values())


def test_the_worker_takes_ten_at_a_time_answers_for_each_and_is_bounded(stack):
    worker = source(stack, "WorkerFunction")
    assert worker["EventSourceArn"] == {"Fn::GetAtt": ["DispatchQueue", "Arn"]}
    assert worker["BatchSize"] == 10
    assert worker["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # Lambda refuses both at once.
    bounded, polled = (
        {"MaximumConcurrency": {"Ref": "WorkerConcurrency"}},
        {"MinimumPollers": {"Ref": "DispatchPollers"}},
    )
    nothing = {"Ref": "AWS::NoValue"}
    assert worker["ScalingConfig"] == {"Fn::If": ["HasDispatchPollers", nothing, bounded]}
    assert worker["ProvisionedPollerConfig"] == {"Fn::If": ["HasDispatchPollers", polled, nothing]}


def test_dead_letters_are_answered_for_one_by_one(stack):
    dead = source(stack, "DeadLetterFunction")
    assert dead["EventSourceArn"] == {"Fn::GetAtt": ["DispatchDeadLetters", "Arn"]}
    assert dead["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize(("function", "window"), [("ArchiveFunction", 60), ("FollowFunction", 1)])
def test_what_reads_the_runs_stream_sees_ended_rows_and_notes_what_it_gives_up(stack, function, window):
    stream = source(stack, function, "RunsTable")
    assert stream["EventSourceArn"] == {"Fn::GetAtt": ["RunsTable", "StreamArn"]}
    (only,) = stream["FilterCriteria"]["Filters"]
    assert json.loads(only["Pattern"]) == {"dynamodb": {"NewImage": {"ended_at": {"N": [{"exists": True}]}}}}
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    assert stream["MaximumBatchingWindowInSeconds"] == window
    assert stream["BisectBatchOnFunctionError"] is True
    assert stream["MaximumRetryAttempts"] >= 0
    failed = stream["DestinationConfig"]["OnFailure"]["Destination"]
    assert failed == {"Fn::GetAtt": ["StreamFailures", "Arn"]}


def test_a_batch_of_ended_runs_is_no_more_than_a_stats_row_remembers(stack):
    assert source(stack, "FollowFunction")["BatchSize"] <= KEPT_MARKS


def test_every_request_reaches_the_api_function(stack):
    body = stack.properties("HttpApi")["Body"]
    assert set(body["paths"]) == {"/", "/{proxy+}"}
    for path in body["paths"].values():
        door = path["x-amazon-apigateway-any-method"]["x-amazon-apigateway-integration"]
        assert door["payloadFormatVersion"] == "2.0"
        assert "${ApiFunction.Arn}" in door["uri"]["Fn::Sub"]


def test_the_stage_throttles_and_logs_no_secret(stack):
    (stage,) = stack.of_type("AWS::ApiGatewayV2::Stage").values()
    throttle = {"ThrottlingBurstLimit": {"Ref": "ApiBurst"}, "ThrottlingRateLimit": {"Ref": "ApiRate"}}
    assert stage["DefaultRouteSettings"] == throttle
    line = json.loads(stage["AccessLogSettings"]["Format"])
    assert line["requestId"] == "$context.requestId"
    assert not any(word in str(line).lower() for word in ("authorization", "querystring", "header"))
