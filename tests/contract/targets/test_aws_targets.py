"""Every kind of target ends in every way it can: against the emulator, or over a wire that answers what it is told."""

import json
from dataclasses import replace

import boto3
import pytest

from carillon.adapters.targets.registry import Targets
from carillon.domain.errors import Unavailable
from carillon.domain.outcome import OutcomeKind
from carillon.domain.targets.registry import KINDS
from tests.contract.targets.aws_cases import (
    ACCOUNT,
    CASES,
    REACH,
    REGION,
    SPECS,
    arn,
    attempt_of,
    emulated,
    run_case,
    spec_of,
)
from tests.contract.targets.receiver import closed_port, make_call
from tests.contract.targets.wire import Service, answer, clients_at, cut, error

WAYS = {"success", "retryable", "permanent"}


@pytest.fixture(scope="module")
def made_there():
    with emulated() as found:
        yield found


@pytest.fixture
def wire():
    """A target of a kind whose wire gives these answers, and the service behind it."""
    services = []

    def connect(kind, *answers):
        services.append(Service(*answers))
        targets = Targets({}, REACH, "carillon", clients=clients_at(services[-1].port))
        return targets.get(kind), services[-1]

    yield connect
    for service in services:
        service.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_call_ends_as_its_service_answered(case, made_there):
    found = run_case(case, made_there)
    assert (found.kind, found.error) == (case.outcome, case.error), found.message
    assert found.message


def test_every_kind_has_a_case_of_each_way():
    for kind in KINDS:
        ways = {case.outcome for case in CASES if case.kind == kind}
        assert ways >= WAYS, kind
        assert ways & {"unknown", "timed_out"} or kind == "stepfunctions"


@pytest.mark.parametrize("kind", SPECS)
def test_a_service_that_cannot_be_reached_is_sent_nothing(kind):
    with closed_port() as port:
        target = Targets({}, REACH, "carillon", clients=clients_at(port)).get(kind)
        found = target.execute(make_call(spec_of(kind)))
    assert (found.kind, found.error) == (OutcomeKind.RETRYABLE, "not_connected")


@pytest.mark.parametrize("kind", SPECS)
def test_an_attempt_calls_once_even_when_the_answer_is_lost(kind, wire):
    target, service = wire(kind, cut)
    target.execute(make_call(spec_of(kind)))
    assert service.accepted == 1


def test_the_stacks_own_functions_are_refused_again_at_the_start(wire):
    target, service = wire("lambda", answer({}))
    own = arn("lambda", "function:carillon-worker")
    found = target.execute(make_call(spec_of("lambda", arn=own)))
    assert (found.kind, found.error) == (OutcomeKind.PERMANENT, "invalid_target")
    assert "belongs to Carillon" in found.message
    assert service.accepted == 0


def test_a_cancelled_attempt_no_longer_waits_for_its_function(wire):
    target, _ = wire("lambda", lambda connection: connection.recv(1))
    found = target.execute(replace(make_call(spec_of("lambda"), 60), cancelled=lambda: True))
    assert found.error == "cancelled"


def test_messages_tell_of_their_run_and_fifo_queues_take_it_as_their_key(made_there):
    targets = Targets({}, REACH, "carillon")
    fifo = spec_of("sqs", arn=arn("sqs", "orders.fifo"), message="order")
    boto3.client("sqs", REGION).purge_queue(QueueUrl=queue_url("orders.fifo"))
    for attempt in (1, 2):
        assert targets.get("sqs").execute(attempt_of(fifo, attempt)).succeeded
    received = boto3.client("sqs", REGION).receive_message(
        QueueUrl=queue_url("orders.fifo"), MessageAttributeNames=["All"], MaxNumberOfMessages=10
    )
    (message,) = received["Messages"]
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (message["Body"], told["carillon-run-id"]) == ("order", "nightly@20261122T020000Z")


def queue_url(name):
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def test_a_repeated_start_meets_its_own_execution_until_that_has_failed(made_there):
    target = Targets({}, REACH, "carillon").get("stepfunctions")
    spec = spec_of("stepfunctions", input={"from": "a test of its own"})
    call = attempt_of(spec, 1)
    first = target.execute(call)
    assert ":execution:etl:carillon_nightly-" in first.remote_id
    assert target.execute(attempt_of(spec, 2)).remote_id == first.remote_id
    assert target.ask(first.remote_id) is None
    target.stop(first.remote_id, "a test wants it")
    ended = target.ask(first.remote_id)
    assert (ended.kind, ended.error) == (OutcomeKind.RETRYABLE, "execution_aborted")
    assert f"details/{first.remote_id}" in ended.output["logs"]
    again = target.execute(attempt_of(spec, 3))
    assert again.succeeded
    assert again.remote_id != first.remote_id


def test_a_container_task_is_started_asked_about_and_stopped(made_there):
    target = Targets({}, REACH, "carillon").get("ecs")
    started = target.execute(make_call(spec_of("ecs", **made_there["ecs"])))
    assert target.ask(started.remote_id) is None
    target.stop(started.remote_id, "a test wants it")
    ended = target.ask(started.remote_id)
    assert ended.output["stopped"] == "a test wants it"


TASK = arn("ecs", "task/jobs/0a1b2c")


def stopped(code="EssentialContainerExited", reason="Essential container in task exited", *exits):
    containers = [{"name": f"c{number}", "exitCode": exit_code} for number, exit_code in enumerate(exits)]
    task = {"lastStatus": "STOPPED", "stopCode": code, "stoppedReason": reason, "containers": containers}
    return answer({"tasks": [task]})


@pytest.mark.parametrize(
    ("said", "kind", "word", "status"),
    [
        (stopped("EssentialContainerExited", "", 0), OutcomeKind.SUCCESS, None, 0),
        (stopped("EssentialContainerExited", "", 0, 0), OutcomeKind.SUCCESS, None, 0),
        (stopped("EssentialContainerExited", "", 0, 137), OutcomeKind.RETRYABLE, "container_failed", 137),
        (stopped("EssentialContainerExited", "", None), OutcomeKind.RETRYABLE, "task_stopped", None),
        (
            stopped("TaskFailedToStart", "CannotPullContainerError"),
            OutcomeKind.RETRYABLE,
            "task_not_started",
            None,
        ),
        (stopped("SpotInterruption", "the spot capacity went"), OutcomeKind.RETRYABLE, "task_stopped", None),
        (
            answer({"tasks": [], "failures": [{"reason": "MISSING"}]}),
            OutcomeKind.RETRYABLE,
            "result_lost",
            None,
        ),
    ],
)
def test_a_container_task_ends_with_its_exit_code_and_a_link_to_its_logs(said, kind, word, status, wire):
    target, _ = wire("ecs", said)
    found = target.ask(TASK)
    assert (found.kind, found.error, found.status) == (kind, word, status)
    if word != "result_lost":
        assert found.output["logs"].endswith("/ecs/v2/clusters/jobs/tasks/0a1b2c/logs?region=eu-central-1")


def command(status, *nodes):
    states = {code: "Failed" if code else "Success" for code in nodes}
    invocations = [
        {"InstanceId": f"i-{n}", "Status": states[code], "CommandPlugins": [{"ResponseCode": code}]}
        for n, code in enumerate(nodes)
    ]
    return answer({"Commands": [{"Status": status}]}), answer({"CommandInvocations": invocations})


@pytest.mark.parametrize(
    ("said", "kind", "word", "status"),
    [
        (command("Success", 0, 0), OutcomeKind.SUCCESS, None, 0),
        (command("Success"), OutcomeKind.PERMANENT, "no_instances", None),
        (command("Failed", 0, 2), OutcomeKind.RETRYABLE, "command_failed", 2),
        (command("TimedOut", 0), OutcomeKind.RETRYABLE, "command_timed_out", None),
        (command("Cancelled"), OutcomeKind.RETRYABLE, "command_cancelled", None),
        ((answer({"Commands": []}), answer({})), OutcomeKind.RETRYABLE, "result_lost", None),
    ],
)
def test_a_command_ends_with_what_it_came_to_on_each_server(said, kind, word, status, wire):
    target, _ = wire("ssm", *said)
    found = target.ask(f"{REGION}/e8d3c0e4")
    assert (found.kind, found.error, found.status) == (kind, word, status)


@pytest.mark.parametrize(
    ("said", "kind", "word"),
    [
        ({"status": "SUCCEEDED", "output": '{"rows": 7}'}, OutcomeKind.SUCCESS, None),
        ({"status": "FAILED", "error": "NoData"}, OutcomeKind.RETRYABLE, "execution_failed"),
        ({"status": "TIMED_OUT"}, OutcomeKind.RETRYABLE, "execution_timed_out"),
        ({"status": "ABORTED"}, OutcomeKind.RETRYABLE, "execution_aborted"),
    ],
)
def test_an_execution_ends_with_its_output_or_its_error(said, kind, word, wire):
    execution = arn("states", "execution:etl:carillon_nightly-0a")
    target, _ = wire("stepfunctions", answer({"executionArn": execution, **said}))
    found = target.ask(execution)
    assert (found.kind, found.error) == (kind, word)
    if word is None:
        assert found.output["output"] == {"rows": 7}


GOING_ON = {
    "ecs": (TASK, [answer({"tasks": [{"lastStatus": "RUNNING"}]})]),
    "ssm": (f"{REGION}/e8d3c0e4", list(command("InProgress"))),
    "stepfunctions": (arn("states", "execution:etl:carillon_nightly-0a"), [answer({"status": "RUNNING"})]),
}


@pytest.mark.parametrize("kind", GOING_ON)
def test_work_that_goes_on_has_no_outcome_yet(kind, wire):
    remote_id, said = GOING_ON[kind]
    target, _ = wire(kind, *said)
    assert target.ask(remote_id) is None


@pytest.mark.parametrize("kind", GOING_ON)
@pytest.mark.parametrize(
    "said", [cut, error(400, "ThrottlingException"), error(400, "AccessDeniedException")]
)
def test_a_service_that_cannot_be_asked_says_nothing_about_the_work(kind, said, wire):
    target, _ = wire(kind, said)
    with pytest.raises(Unavailable, match="could not be asked"):
        target.ask(GOING_ON[kind][0])
    with pytest.raises(Unavailable):
        target.stop(GOING_ON[kind][0], "a test wants it")


@pytest.mark.parametrize("kind", GOING_ON)
def test_work_can_be_stopped(kind, wire):
    target, service = wire(kind, answer({}))
    target.stop(GOING_ON[kind][0], "a test wants it")
    head, body = service.requests[0]
    assert any(verb in head for verb in ("StopTask", "CancelCommand", "StopExecution"))
    assert (
        GOING_ON[kind][0].rpartition("/")[2] in json.loads(body).values() or TASK in json.loads(body).values()
    )


def test_a_container_is_told_its_run_and_its_token_is_the_attempts(wire):
    started = answer({"tasks": [{"taskArn": TASK}]})
    target, service = wire("ecs", started)
    for attempt in (1, 1, 2):
        assert (
            target.execute(attempt_of(spec_of("ecs", environment={"MODE": "full"}), attempt)).remote_id
            == TASK
        )
    bodies = [json.loads(body) for _, body in service.requests]
    tokens = [body["clientToken"] for body in bodies]
    assert tokens[0] == tokens[1] != tokens[2]
    assert all(len(token) <= 64 for token in tokens)
    assert bodies[0]["startedBy"].startswith("carillon_")
    (override,) = bodies[0]["overrides"]["containerOverrides"]
    told = {each["name"]: each["value"] for each in override["environment"]}
    assert told["CARILLON_RUN_ID"] == "nightly@20261122T020000Z"
    assert (told["MODE"], override["command"]) == ("full", ["load", "--day", "yesterday"])


def test_an_event_carries_its_run_in_the_detail(wire):
    target, service = wire("eventbridge", answer({"FailedEntryCount": 0, "Entries": [{"EventId": "e1"}]}))
    assert target.execute(make_call(spec_of("eventbridge"))).output == {"event_id": "e1"}
    (entry,) = json.loads(service.requests[0][1])["Entries"]
    detail = json.loads(entry["Detail"])
    assert (detail["day"], detail["carillon"]["run_id"]) == ("yesterday", "nightly@20261122T020000Z")


@pytest.mark.parametrize(("kind", "name"), [("lambda", "payload"), ("stepfunctions", "input")])
def test_a_target_that_has_to_call_back_is_told_how(kind, name, wire):
    target, service = wire(kind, answer({"executionArn": arn("states", "execution:etl:a")}))
    call = replace(make_call(spec_of(kind)), callback_token="t0ken", callback_url="https://api/v1/runs/a")
    assert target.execute(call).succeeded
    body = json.loads(service.requests[0][1])
    given = json.loads(body["input"]) if kind == "stepfunctions" else body
    assert (given["day"], given["carillon"]["callback_token"]) == ("yesterday", "t0ken")
    assert name in call.spec
    assert call.spec[name] == {"day": "yesterday"}


@pytest.mark.parametrize("kind", sorted(set(SPECS) - {"ssm"}))
def test_every_kind_is_told_the_token_of_its_callback(kind, wire):
    target, service = wire(kind, cut)
    token = "0123456789abcdef" * 2
    call = replace(make_call(spec_of(kind)), callback_token=token, callback_url="https://api/v1/runs/a")
    target.execute(call)
    assert token.encode() in service.requests[0][1]


def test_a_payload_is_sent_as_json_and_the_functions_log_comes_back(wire):
    log = []
    target, service = wire("lambda", answer({"rows": 7}, x_amz_log_result="aGVsbG8="))
    found = target.execute(make_call(spec_of("lambda", payload="text"), log=log))
    assert (found.output, service.requests[0][1]) == ({"rows": 7}, b'"text"')
    assert log[0] == "hello"
