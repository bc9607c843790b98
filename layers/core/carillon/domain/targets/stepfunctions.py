"""The stepfunctions target: a state machine, its input, and how its executions end.

An execution is named after the run, so that a repeated start meets itself instead of starting another one.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError
from carillon.domain.outcome import Outcome, OutcomeKind, retryable
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.arn import read_arn
from carillon.domain.targets.aws_answers import NOT_FOUND, REFUSED, THROTTLED, Meaning
from carillon.domain.targets.aws_spec import check_arn, check_fields, check_json, encoded, own_id, told_input
from carillon.domain.targets.kind import Reach, Spec, TargetKind
from carillon.domain.targets.remote_name import console, remote_name

EXISTS: Final = "already_started"
ERRORS: Final[Mapping[str, Meaning]] = {
    "ExecutionAlreadyExists": (OutcomeKind.PERMANENT, EXISTS),
    "StateMachineDoesNotExist": NOT_FOUND,
    "ExecutionDoesNotExist": (OutcomeKind.RETRYABLE, "result_lost"),
    "ExecutionLimitExceeded": THROTTLED,
    "StateMachineDeleting": NOT_FOUND,
    "InvalidExecutionInput": REFUSED,
    "InvalidName": REFUSED,
}
LONGEST_NAME: Final = 80
LONGEST_OUTPUT: Final = 24_000
"""Characters of an execution's output that are kept; a longer one is read where it lies."""

_EXAMPLE: Final = "arn:aws:states:eu-central-1:123456789012:stateMachine:etl"
_FAILED: Final = {
    "FAILED": "execution_failed",
    "TIMED_OUT": "execution_timed_out",
    "ABORTED": "execution_aborted",
}


def check_stepfunctions(spec: Spec, reach: Reach) -> tuple[FieldError, ...]:
    """Every fault of the specification."""
    return (
        *check_fields(spec, ("arn", "input")),
        *check_arn(spec, "arn", "states", "stateMachine:", reach.aws, example=_EXAMPLE),
        *check_json(spec, "input"),
    )


KIND: Final = TargetKind(check_stepfunctions, own_id, can_be_followed=True)


def start_request(call: TargetCall, stack: str, *, again: bool = False) -> dict[str, Any]:
    """The arguments of StartExecution; `again` names the attempt too, for a run whose execution has failed."""
    mark = f"{call.run_id} {call.attempt}" if again else call.run_id
    return {
        "stateMachineArn": call.spec["arn"],
        "name": remote_name(stack, call.schedule_id, mark, LONGEST_NAME),
        "input": encoded(told_input(call, "input")),
    }


def execution_arn(machine_arn: str, name: str) -> str:
    """The ARN of a standard execution."""
    return f"{machine_arn.replace(':stateMachine:', ':execution:', 1)}:{name}"


def has_failed(answer: Mapping[str, Any]) -> bool:
    """Whether a described execution ended otherwise than well."""
    return answer.get("status") in _FAILED


def read_execution(answer: Mapping[str, Any]) -> Outcome | None:
    """The outcome of DescribeExecution; None while the execution goes on."""
    status, arn = str(answer.get("status")), str(answer.get("executionArn"))
    link = logs_of(arn)
    if status == "SUCCEEDED":
        text = answer.get("output") or ""
        fits = len(text) <= LONGEST_OUTPUT
        output = {"execution_arn": arn, "logs": link, "output": _parsed(text) if fits else None}
        return Outcome(OutcomeKind.SUCCESS, f"The execution succeeded; see {link}.", output=output)
    if status not in _FAILED:
        return None
    why = answer.get("error") or answer.get("cause") or "no error named"
    output = {"execution_arn": arn, "logs": link, "error": answer.get("error"), "cause": answer.get("cause")}
    return retryable(_FAILED[status], f"The execution is {status}: {why:.200}; see {link}.", output=output)


def logs_of(arn: str) -> str:
    """Where people see the execution."""
    parts = read_arn(arn)
    if parts is None:
        return arn
    return f"{console(parts.region)}/states/home?region={parts.region}#/v2/executions/details/{arn}"


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, TypeError, RecursionError):
        return text
