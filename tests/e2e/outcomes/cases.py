"""What each kind of target is given, and how its run must end when the call passes, fails once, is refused, is lost."""

from dataclasses import dataclass

from local.inventory import ACCOUNT, REGION

WAYS = {"success": "ok-work", "retryable": "later-work", "permanent": "denied-work", "unknown": "lost-work"}
SECRET = "a-key-of-the-table-alone"  # pragma: allowlist secret


@dataclass(frozen=True)
class End:
    """How a run ended: its state, its attempts, why; and how many calls its service got."""

    state: str
    attempts: int
    reason: str | None
    calls: int


def expected(kind, way):
    """The end that the documentation promises."""
    if way == "success":
        return End("SUCCEEDED", 1, None, 1)
    if way == "retryable":
        return End("SUCCEEDED", 2, None, 2)
    if way == "permanent":
        reason = {"http": "http_404", "python": "task_refused"}.get(kind, "access_denied")
        return End("FAILED", 1, reason, 0 if kind == "python" else 1)
    if kind == "stepfunctions":
        # Another attempt with the same name starts nothing, so a lost answer is only asked for again.
        return End("SUCCEEDED", 2, None, 2)
    return End("UNKNOWN", 1, "attempt_lost" if kind == "python" else "answer_lost", 1)


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def job_of(kind, way, stage):
    """The job: three attempts, but only one where its effect must not be doubled."""
    attempts = 1 if way == "unknown" and kind != "stepfunctions" else 3
    retry = {"max_attempts": attempts, "backoff": "fixed", "base_seconds": 1}
    return {"target": target_of(kind, WAYS[way], stage), "timeout_seconds": 45, "retry": retry}


def target_of(kind, work, stage):
    """The target of a kind whose request names the work."""
    return {"kind": kind, **_SPECS[kind](work, stage)}


def _ecs(work, stage):
    cluster, definition = arn("ecs", "cluster/jobs"), arn("ecs", f"task-definition/{work}:1")
    return {"arn": definition, "cluster": cluster, "subnets": [stage.subnet], "container": "main"}


def _ssm(work, _):
    return {
        "arn": f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript",
        "instances": [arn("ec2", "instance/i-0abcd1234abcd1234")],
        "parameters": {"commands": [f"/opt/scripts/{work}.sh"]},
    }


def _python(work, _):
    # What the stack's list does not name is refused by the task itself, before it calls anything.
    return {
        "task": "delete-old-objects",
        "arguments": {"bucket": work, "prefix": "app/", "older_than_days": 30},
    }


_SPECS = {
    "http": lambda work, stage: {"method": "POST", "url": f"{stage.wires['HTTP'].url}/{work}"},
    "python": _python,
    "lambda": lambda work, _: {"arn": arn("lambda", f"function:{work}"), "payload": {"run": "${run_id}"}},
    "sqs": lambda work, _: {"arn": arn("sqs", work), "message": {"day": "${fire_time:date}"}},
    "sns": lambda work, _: {"arn": arn("sns", work), "message": "It is ready."},
    "eventbridge": lambda work, _: {
        "arn": arn("events", f"event-bus/{work}"),
        "detail": {"day": "${fire_time:date}"},
    },
    "stepfunctions": lambda work, _: {
        "arn": arn("states", f"stateMachine:{work}"),
        "input": {"run": "${run_id}"},
    },
    "ecs": _ecs,
    "ssm": _ssm,
}
KINDS = tuple(_SPECS)
WIRE_OF = {
    "http": "HTTP", "python": "S3", "lambda": "LAMBDA", "sqs": "SQS", "sns": "SNS", "eventbridge": "EVENTBRIDGE",
    "stepfunctions": "SFN", "ecs": "ECS", "ssm": "SSM",
}  # fmt: skip
