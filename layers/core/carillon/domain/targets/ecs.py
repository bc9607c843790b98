"""The ecs target: one container task of a task definition, where it runs, and how its containers end."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError
from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.arn import read_arn
from carillon.domain.targets.aws_answers import NOT_FOUND, REFUSED, THROTTLED, UNAVAILABLE, Meaning
from carillon.domain.targets.aws_spec import (
    check_arn,
    check_fields,
    check_pairs,
    check_text,
    check_texts,
    run_facts,
)
from carillon.domain.targets.kind import Reach, Spec, TargetKind
from carillon.domain.targets.remote_name import console, remote_name

ERRORS: Final[Mapping[str, Meaning]] = {
    "ServerException": UNAVAILABLE,
    "ClusterNotFoundException": NOT_FOUND,
    "ClientException": REFUSED,
    "InvalidParameterException": REFUSED,
    "PlatformUnknownException": REFUSED,
    "PlatformTaskDefinitionIncompatibilityException": REFUSED,
    "LimitExceededException": THROTTLED,
}
LAUNCH_TYPES: Final = ("FARGATE", "EC2", "EXTERNAL")
LONGEST_MARK: Final = 36
"""Of startedBy the service filters by 36 characters at most."""

_FIELDS: Final = (
    "arn", "cluster", "launch_type", "subnets", "security_groups", "assign_public_ip", "container", "command",
    "environment",
)  # fmt: skip
_TASK: Final = "arn:aws:ecs:eu-central-1:123456789012:task-definition/etl:7"
_CLUSTER: Final = "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs"
_STOPPED: Final[Mapping[str, str]] = {
    "TaskFailedToStart": "task_not_started",
    "ServiceSchedulerInitiated": "task_stopped",
    "SpotInterruption": "task_stopped",
    "TerminationNotice": "task_stopped",
    "UserInitiated": "task_stopped",
}


def check_ecs(spec: Spec, reach: Reach) -> tuple[FieldError, ...]:
    """Every fault of the specification."""
    return (
        *check_fields(spec, _FIELDS),
        *check_arn(spec, "arn", "ecs", "task-definition/", reach.aws, example=_TASK),
        *check_arn(spec, "cluster", "ecs", "cluster/", reach.aws, example=_CLUSTER),
        *_check_place(spec),
        *check_texts(spec, "subnets", 16),
        *check_texts(spec, "security_groups", 5),
        *check_text(spec, "container", 255),
        *check_texts(spec, "command", 100),
        *check_pairs(spec, "environment", 50),
        *_check_container(spec),
    )


def _check_place(spec: Spec) -> Iterator[FieldError]:
    if spec.get("launch_type", "FARGATE") not in LAUNCH_TYPES:
        yield FieldError("launch_type", f"Use one of {', '.join(LAUNCH_TYPES)}.")
    if not isinstance(spec.get("assign_public_ip", False), bool):
        yield FieldError("assign_public_ip", "This must be true or false, without quotes.")
    if spec.get("launch_type", "FARGATE") == "FARGATE" and not spec.get("subnets"):
        yield FieldError("subnets", 'A Fargate task needs subnets, such as ["subnet-0abc"].')


def _check_container(spec: Spec) -> Iterator[FieldError]:
    for name in ("command", "environment"):
        if spec.get(name) is not None and not spec.get("container"):
            yield FieldError("container", f"Name the container that the {name} is for.")
            return


def ids_of(spec: Spec) -> tuple[str, ...]:
    """The task definition and the cluster."""
    return tuple(spec[name] for name in ("arn", "cluster") if isinstance(spec.get(name), str))


KIND: Final = TargetKind(check_ecs, ids_of, can_be_followed=True)


def run_task_request(call: TargetCall, stack: str) -> dict[str, Any]:
    """The arguments of RunTask; its token makes a repetition within this attempt start nothing new."""
    spec = call.spec
    request: dict[str, Any] = {
        "taskDefinition": spec["arn"],
        "cluster": spec["cluster"],
        "count": 1,
        "launchType": spec.get("launch_type", "FARGATE"),
        "clientToken": hashlib.sha256(f"{call.run_id} {call.attempt}".encode()).hexdigest(),
        "startedBy": remote_name(stack, "", f"{call.run_id} {call.attempt}", _mark_length(stack)),
        "propagateTags": "TASK_DEFINITION",
    }
    if spec.get("subnets"):
        request["networkConfiguration"] = {"awsvpcConfiguration": _network(spec)}
    if spec.get("container"):
        request["overrides"] = {"containerOverrides": [_override(call)]}
    return request


def _mark_length(stack: str) -> int:
    return min(128, max(LONGEST_MARK, len(stack) + 26))


def _network(spec: Spec) -> dict[str, Any]:
    return {
        "subnets": list(spec["subnets"]),
        "securityGroups": list(spec.get("security_groups") or ()),
        "assignPublicIp": "ENABLED" if spec.get("assign_public_ip") else "DISABLED",
    }


def _override(call: TargetCall) -> dict[str, Any]:
    spec = call.spec
    environment = {**(spec.get("environment") or {}), **_told(call)}
    override: dict[str, Any] = {
        "name": spec["container"],
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
    }
    return override | ({"command": list(spec["command"])} if spec.get("command") else {})


def _told(call: TargetCall) -> dict[str, str]:
    """The run's facts, and its trace under the names that OpenTelemetry reads unless the schedule sets one itself."""
    context = call.trace_context
    facts = {name: value for name, value in run_facts(call).items() if value and name not in context}
    told = {f"CARILLON_{name.upper()}": str(value) for name, value in facts.items()}
    if "TRACEPARENT" in (call.spec.get("environment") or {}):
        return told
    return told | {name.upper(): value for name, value in context.items()}


def read_started(answer: Mapping[str, Any]) -> Outcome:
    """The outcome of RunTask: the task that was started, or why none was."""
    tasks, failures = answer.get("tasks") or (), answer.get("failures") or ()
    if tasks:
        arn = str(tasks[0].get("taskArn"))
        output = {"task_arn": arn, "logs": logs_of(arn)}
        return Outcome(OutcomeKind.SUCCESS, f"The task {arn} was started.", output=output, remote_id=arn)
    reason = str(failures[0].get("reason")) if failures else "it did not say why"
    if reason == "MISSING":
        return permanent("target_not_found", "ECS knows no such task definition or cluster.")
    return retryable("no_capacity", f"ECS started no task: {reason}"[:400])


def cluster_of(task_arn: str) -> str:
    """The cluster's name in a task's ARN."""
    parts = read_arn(task_arn)
    return parts.resource.split("/")[1] if parts is not None and parts.resource.count("/") == 2 else "default"


def read_task(answer: Mapping[str, Any], arn: str) -> Outcome | None:
    """The outcome of DescribeTasks; None while the task goes on."""
    tasks = answer.get("tasks") or ()
    if not tasks:
        return retryable("result_lost", "ECS no longer knows the task: it keeps stopped ones for an hour.")
    task = tasks[0]
    if task.get("lastStatus") != "STOPPED":
        return None
    link = logs_of(arn)
    codes = {str(each.get("name")): each.get("exitCode") for each in task.get("containers") or ()}
    output = {"task_arn": arn, "logs": link, "exit_codes": codes, "stopped": task.get("stoppedReason")}
    worst = next((code for code in codes.values() if code), 0)
    word = _STOPPED.get(str(task.get("stopCode")))
    if worst:
        message = f"A container ended with exit code {worst}; see {link}."
        return retryable("container_failed", message, status=worst, output=output)
    if word is not None or not codes or None in codes.values():
        why = task.get("stoppedReason") or task.get("stopCode") or "no reason given"
        return retryable(word or "task_stopped", f"The task stopped: {why:.200}; see {link}.", output=output)
    return Outcome(
        OutcomeKind.SUCCESS, f"The task ended with exit code 0; see {link}.", status=0, output=output
    )


def logs_of(arn: str) -> str:
    """Where people see the task and its logs."""
    parts = read_arn(arn)
    if parts is None:
        return arn
    task = parts.resource.rpartition("/")[2]
    return (
        f"{console(parts.region)}/ecs/v2/clusters/{cluster_of(arn)}/tasks/{task}/logs?region={parts.region}"
    )
