"""Every kind of target with a call that ends in each way: against the emulator, or a wire where the emulator cannot."""

import contextlib
import json
import os
from dataclasses import dataclass, replace

import boto3
from moto import mock_aws

from carillon.adapters.targets.aws_call import AwsClients
from carillon.adapters.targets.http import HttpTarget
from carillon.adapters.targets.python import PythonTarget
from carillon.adapters.targets.registry import Targets
from carillon.adapters.targets.task_pool import TaskPool
from carillon.domain.allow_list import AllowList
from carillon.domain.targets.kind import AwsAllow, Reach
from tests.contract.targets.receiver import make_call, reply
from tests.contract.targets.wire import Service, answer, clients_at, cut, error, made, silent, xml_error

REGION, ACCOUNT = "eu-central-1", "123456789012"
OWN_FUNCTIONS = f"arn:aws:lambda:*:{ACCOUNT}:function:carillon-*"
REACH = Reach(AllowList.of(["127.0.0.1"]), AwsAllow(("arn:aws:*",), (OWN_FUNCTIONS,)))
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


SPECS = {
    "lambda": {"arn": arn("lambda", "function:etl"), "payload": {"day": "yesterday"}},
    "sqs": {"arn": arn("sqs", "orders"), "message": {"day": "yesterday"}},
    "sns": {"arn": arn("sns", "reports"), "subject": "Nightly report", "message": "All is well."},
    "eventbridge": {"arn": arn("events", "event-bus/orders"), "detail": {"day": "yesterday"}},
    "stepfunctions": {"arn": arn("states", "stateMachine:etl"), "input": {"day": "yesterday"}},
    "ecs": {
        "arn": arn("ecs", "task-definition/etl:1"),
        "cluster": arn("ecs", "cluster/jobs"),
        "subnets": ["subnet-0abc"],
        "container": "main",
        "command": ["load", "--day", "yesterday"],
    },
    "ssm": {
        "arn": f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript",
        "instances": [arn("ec2", "instance/i-0abcd1234abcd1234")],
        "parameters": {"commands": ["/opt/scripts/data_sync.sh"]},
    },
}


@dataclass(frozen=True)
class Case:
    """One way to end: `answers` come over a wire; without any the emulator answers."""

    kind: str
    outcome: str
    error: str | None
    answers: tuple = ()
    changes: tuple = ()
    seconds: float = 60.0

    @property
    def name(self):
        return f"{self.kind}-{self.outcome}-{self.error}"


def _wired(kind, outcome, word, *answers, **how):
    return Case(kind, outcome, word, answers, **how)


NOWHERE = {
    "lambda": None,
    "sqs": arn("sqs", "nowhere"),
    "sns": arn("sns", "nowhere"),
    "eventbridge": arn("events", "event-bus/nowhere"),
    "stepfunctions": arn("states", "stateMachine:nowhere"),
    "ecs": None,
    "ssm": None,
}
MISSING = {
    "lambda": error(404, "ResourceNotFoundException"),
    "ecs": answer({"tasks": [], "failures": [{"reason": "MISSING"}]}),
    "ssm": error(400, "InvalidDocument"),
}
IS_REPEATABLE = {"stepfunctions"}


def _cases():
    for kind in SPECS:
        yield Case(kind, "success", None)
        throttled = xml_error(400, "Throttling") if kind == "sns" else error(400, "ThrottlingException")
        yield _wired(kind, "retryable", "throttled", throttled)
        broken = xml_error(500, "InternalFailure") if kind == "sns" else error(500, "InternalFailure")
        yield _wired(kind, "retryable", "service_unavailable", broken)
        denied = (
            xml_error(403, "AuthorizationError") if kind == "sns" else error(400, "AccessDeniedException")
        )
        yield _wired(kind, "permanent", "access_denied", denied)
        if NOWHERE[kind]:
            yield Case(kind, "permanent", "target_not_found", changes=(("arn", NOWHERE[kind]),))
        else:
            yield _wired(kind, "permanent", "target_not_found", MISSING[kind])
        lost = "retryable" if kind in IS_REPEATABLE else "unknown"
        yield _wired(kind, lost, "answer_lost", cut)
        yield _wired(kind, lost, "answer_lost", silent, seconds=0.4)
    yield _wired(
        "lambda", "retryable", "function_failed",
        answer({"errorType": "ValueError", "errorMessage": "no data"}, x_amz_function_error="Unhandled"),
    )  # fmt: skip
    yield _wired(
        "lambda", "retryable", "function_timed_out",
        answer({"errorMessage": "2026-11-22 Task timed out after 3.00 seconds"}, x_amz_function_error="Unhandled"),
    )  # fmt: skip
    yield Case("lambda", "success", None, changes=(("mode", "async"),))
    yield _wired(
        "ecs", "retryable", "no_capacity", answer({"tasks": [], "failures": [{"reason": "RESOURCE:CPU"}]})
    )
    yield _wired(
        "eventbridge", "permanent", "target_refused",
        answer({"FailedEntryCount": 1, "Entries": [{"ErrorCode": "MalformedDetail", "ErrorMessage": "no"}]}),
    )  # fmt: skip
    yield _wired(
        "eventbridge", "retryable", "throttled",
        answer({"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "no"}]}),
    )  # fmt: skip
    fifo = (("arn", arn("sqs", "orders.fifo")),)
    yield Case("sqs", "success", None, changes=fifo)
    yield _wired("sqs", "retryable", "answer_lost", cut, changes=fifo)
    yield _wired("http", "success", None, reply("HTTP/1.1 204 No Content\nContent-Length: 0"))
    yield _wired("http", "retryable", "http_503", reply("HTTP/1.1 503 Busy\nContent-Length: 0"))
    yield _wired("http", "permanent", "http_404", reply("HTTP/1.1 404 No\nContent-Length: 0"))
    yield _wired("http", "unknown", "answer_lost", cut)
    yield _wired("http", "timed_out", "timed_out", silent, seconds=0.4)
    yield Case("python", "success", None, changes=(("task", "describe"),))
    yield Case("python", "retryable", "task_raised", changes=(("task", "fail"),))
    yield Case("python", "permanent", "unknown_task", changes=(("task", "no-such-task"),))
    yield Case("python", "timed_out", "timed_out", changes=(("task", "hang"),), seconds=1.5)


CASES = tuple(_cases())


@contextlib.contextmanager
def emulated():
    """Everything that SPECS names, in the emulator; yields what it calls by names of its own."""
    before = {name: os.environ.get(name) for name in CREDENTIALS}
    os.environ.update(CREDENTIALS)
    try:
        with mock_aws(config={"lambda": {"use_docker": False}}):
            yield _make()
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _make():
    role = boto3.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    boto3.client("lambda").create_function(
        FunctionName="etl", Role=role, Code={"ZipFile": b"none"}, Handler="a.b", Runtime="python3.13"
    )
    queues = boto3.client("sqs")
    queues.create_queue(QueueName="orders")
    queues.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})
    boto3.client("sns").create_topic(Name="reports")
    boto3.client("events").create_event_bus(Name="orders")
    states = {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}}
    boto3.client("stepfunctions").create_state_machine(
        name="etl", definition=json.dumps(states), roleArn=role
    )
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName="jobs")
    ecs.register_task_definition(
        family="etl",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        containerDefinitions=[{"name": "main", "image": "etl", "memory": 128}],
    )
    subnet = boto3.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    return {"ecs": {"subnets": [subnet]}}


def spec_of(kind, **changes):
    return {"kind": kind, **SPECS.get(kind, {}), **changes}


def run_case(case, made_there, call=None):
    """The outcome of the case's call."""
    if case.kind == "python":
        return _python(case)
    if not case.answers:
        spec = spec_of(case.kind, **made_there.get(case.kind, {}), **dict(case.changes))
        targets = Targets({}, REACH, "carillon", clients=AwsClients(made))
        return targets.get(case.kind).execute(make_call(spec, case.seconds))
    service = Service(*case.answers)
    try:
        spec = spec_of(case.kind, **dict(case.changes))
        own = {"http": HttpTarget(REACH.http)}
        if case.kind == "http":
            spec["url"] = f"http://127.0.0.1:{service.port}/jobs"
        targets = Targets(own, REACH, "carillon", clients=clients_at(service.port))
        return targets.get(case.kind).execute(make_call(spec, case.seconds))
    finally:
        service.close()


def _python(case):
    pool = TaskPool(size=1, package="tests.contract.targets.sample_tasks")
    try:
        return PythonTarget(pool).execute(make_call({"kind": "python", **dict(case.changes)}, case.seconds))
    finally:
        pool.close()


def attempt_of(spec, attempt, seconds=60.0):
    """A call of a later attempt."""
    return replace(make_call(spec, seconds), attempt=attempt)
