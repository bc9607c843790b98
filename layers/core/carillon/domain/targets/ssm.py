"""The ssm target: a command document that runs on chosen instances, or on those that carry a tag."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError
from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.arn import Arn, read_arn
from carillon.domain.targets.aws_answers import NOT_FOUND, REFUSED, THROTTLED, Meaning
from carillon.domain.targets.aws_spec import (
    arn_of,
    check_arn,
    check_fields,
    check_pairs,
    check_text,
)
from carillon.domain.targets.kind import AwsAllow, Reach, Spec, TargetKind
from carillon.domain.targets.remote_name import console

ERRORS: Final[Mapping[str, Meaning]] = {
    "InvalidDocument": NOT_FOUND,
    "InvalidDocumentVersion": NOT_FOUND,
    "InvalidInstanceId": (OutcomeKind.RETRYABLE, "no_instances"),
    "InvalidParameters": REFUSED,
    "UnsupportedPlatformType": REFUSED,
    "MaxDocumentSizeExceeded": REFUSED,
    "InvalidCommandId": (OutcomeKind.RETRYABLE, "result_lost"),
    "DuplicateInstanceId": REFUSED,
    "TooManyUpdates": THROTTLED,
}
MAX_INSTANCES: Final = 50
MAX_TAGS: Final = 5
_DOCUMENT: Final = "arn:aws:ssm:eu-central-1::document/AWS-RunShellScript"
_INSTANCE: Final = "arn:aws:ec2:eu-central-1:123456789012:instance/i-0abc"
_RATE: Final = re.compile(r"[1-9][0-9]{0,6}|(?:[1-9][0-9]?|100)%")
_ERROR_RATE: Final = re.compile(r"0|[1-9][0-9]{0,6}|(?:0|[1-9][0-9]?|100)%")
_FAILED: Final = {
    "Failed": "command_failed",
    "TimedOut": "command_timed_out",
    "Cancelled": "command_cancelled",
}
_FIELDS: Final = ("arn", "instances", "tags", "parameters", "comment", "max_concurrency", "max_errors")


def check_ssm(spec: Spec, reach: Reach) -> tuple[FieldError, ...]:
    """Every fault of the specification."""
    return (
        *check_fields(spec, _FIELDS),
        *check_arn(spec, "arn", "ssm", "document/", reach.aws, example=_DOCUMENT),
        *_check_where(spec, reach.aws),
        *_check_parameters(spec.get("parameters")),
        *check_text(spec, "comment", 100),
        *_check_rates(spec),
    )


def _check_where(spec: Spec, allow: AwsAllow) -> Iterator[FieldError]:
    instances, tags = spec.get("instances"), spec.get("tags")
    if (instances is None) == (tags is None):
        yield FieldError("instances", "Give either instances, a list of ARNs, or tags that they carry.")
        return
    yield from check_pairs(spec, "tags", MAX_TAGS)
    if tags is not None:
        if not tags:
            yield FieldError("tags", 'Name at least one tag, such as {"Role": "web"}.')
        elif not _covers_all_instances(spec, allow):
            yield FieldError(
                "tags",
                "Tags may choose any instance, so TargetArns must hold an entry such as "
                "arn:aws:ec2:eu-central-1:123456789012:instance/*.",
            )
        return
    if not isinstance(instances, list) or not 1 <= len(instances) <= MAX_INSTANCES:
        yield FieldError("instances", f"This must be a list of 1 to {MAX_INSTANCES} ARNs of instances.")
        return
    for position, text in enumerate(instances):
        yield from _check_instance(position, read_arn(text), allow)


def _covers_all_instances(spec: Spec, allow: AwsAllow) -> bool:
    document = read_arn(spec.get("arn"))
    region = document.region if document else ""
    parts = (pattern.split(":") for pattern in allow.patterns)
    return any(
        len(each) == 6 and each[2] == "ec2" and each[3] in (region, "*") and each[5] == "instance/*"
        for each in parts
    )


def _check_instance(position: int, arn: Arn | None, allow: AwsAllow) -> Iterator[FieldError]:
    where = f"instances.{position}"
    kinds = {"ec2": "instance/", "ssm": "managed-instance/"}
    if arn is None or not arn.resource.startswith(kinds.get(arn.service, "-")):
        yield FieldError(where, f"Give the instance's ARN, such as {_INSTANCE}.")
    elif (refusal := allow.refusal(str(arn))) is not None:
        yield FieldError(where, refusal)


def _check_parameters(parameters: object) -> Iterator[FieldError]:
    if parameters is None:
        return
    if not isinstance(parameters, Mapping):
        yield FieldError("parameters", 'This must be a JSON object such as {"commands": ["df -h"]}.')
        return
    for name, values in parameters.items():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            where = f"parameters.{ascii(str(name)[:64])[1:-1]}"
            yield FieldError(where, "Each parameter of a document is a list of texts.")


def _check_rates(spec: Spec) -> Iterator[FieldError]:
    for name, shape in (("max_concurrency", _RATE), ("max_errors", _ERROR_RATE)):
        value = spec.get(name)
        if value is not None and not (isinstance(value, str) and shape.fullmatch(value)):
            yield FieldError(name, 'Give a number or a share in quotes, such as "10" or "25%".')


def ids_of(spec: Spec) -> tuple[str, ...]:
    """The document and the instances; tags stand for every instance of the region."""
    arn, instances = read_arn(spec.get("arn")), spec.get("instances")
    document = (str(arn),) if arn else ()
    if isinstance(instances, list):
        return (*document, *(text for text in instances if isinstance(text, str)))
    return (*document, f"arn:{arn.partition}:ec2:{arn.region}:*:instance/*") if arn else ()


KIND: Final = TargetKind(check_ssm, ids_of, can_be_followed=True)


def send_request(call: TargetCall) -> dict[str, Any]:
    """The arguments of SendCommand."""
    spec, document = call.spec, arn_of(call.spec)
    request: dict[str, Any] = {
        "DocumentName": str(document) if document.account else document.resource.removeprefix("document/"),
        "Comment": (spec.get("comment") or f"Carillon: {call.run_id}")[:100],
        "MaxConcurrency": spec.get("max_concurrency", "50"),
        "MaxErrors": spec.get("max_errors", "0"),
    }
    if spec.get("parameters"):
        request["Parameters"] = {name: list(values) for name, values in spec["parameters"].items()}
    if spec.get("instances"):
        request["InstanceIds"] = [text.rpartition("/")[2] for text in spec["instances"]]
    else:
        request["Targets"] = [
            {"Key": f"tag:{name}", "Values": [value]} for name, value in spec["tags"].items()
        ]
    return request


def read_sent(answer: Mapping[str, Any], document: Arn) -> Outcome:
    """The outcome of SendCommand."""
    command_id = str((answer.get("Command") or {}).get("CommandId"))
    remote_id = f"{document.region}/{command_id}"
    output = {"command_id": command_id, "logs": logs_of(remote_id)}
    return Outcome(
        OutcomeKind.SUCCESS, f"The command {command_id} was sent.", output=output, remote_id=remote_id
    )


def command_of(remote_id: str) -> tuple[str, str]:
    """Region and command id."""
    region, _, command_id = remote_id.partition("/")
    return region, command_id


def read_command(
    commands: Mapping[str, Any], invocations: Mapping[str, Any], remote_id: str
) -> Outcome | None:
    """The outcome of ListCommands and ListCommandInvocations; None while the command goes on."""
    found = commands.get("Commands") or ()
    if not found:
        return retryable("result_lost", "Systems Manager no longer knows the command.")
    status, link = str(found[0].get("Status")), logs_of(remote_id)
    nodes = [_node(each) for each in (invocations.get("CommandInvocations") or ())[:MAX_INSTANCES]]
    output = {"command_id": command_of(remote_id)[1], "logs": link, "instances": nodes}
    if status == "Success":
        if not nodes:
            return permanent("no_instances", "The command ran nowhere: no instance carries these tags.")
        message = f"The command succeeded on {len(nodes)} instances; see {link}."
        return Outcome(OutcomeKind.SUCCESS, message, status=0, output=output)
    if status not in _FAILED:
        return None
    bad = next((node for node in nodes if node["status"] != "Success"), None)
    where = f" on {bad['instance']} with exit code {bad['exit_code']}" if bad else ""
    code = bad["exit_code"] if bad else None
    return retryable(
        _FAILED[status], f"The command is {status}{where}; see {link}.", status=code, output=output
    )


def _node(invocation: Mapping[str, Any]) -> dict[str, Any]:
    codes = [plugin.get("ResponseCode") for plugin in invocation.get("CommandPlugins") or ()]
    worst = next((code for code in codes if code), 0 if codes else None)
    return {"instance": invocation.get("InstanceId"), "status": invocation.get("Status"), "exit_code": worst}


def logs_of(remote_id: str) -> str:
    """Where people see the command and its output."""
    region, command_id = command_of(remote_id)
    return f"{console(region)}/systems-manager/run-command/{command_id}?region={region}"
