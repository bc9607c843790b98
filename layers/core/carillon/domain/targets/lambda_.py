"""The lambda target: a function and its payload, waited for (`sync`) or handed over (`async`)."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError
from carillon.domain.outcome import Outcome, OutcomeKind, retryable
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.aws_answers import NOT_FOUND, REFUSED, THROTTLED, UNAVAILABLE, Meaning
from carillon.domain.targets.aws_spec import check_arn, check_fields, check_json, encoded, own_id
from carillon.domain.targets.kind import Reach, Spec, TargetKind

MODES: Final = ("sync", "async")
ERRORS: Final[Mapping[str, Meaning]] = {
    "ResourceConflictException": UNAVAILABLE,
    "ResourceNotReadyException": UNAVAILABLE,
    "EC2ThrottledException": THROTTLED,
    "EC2UnexpectedException": UNAVAILABLE,
    "EFSMountTimeoutException": UNAVAILABLE,
    "ENILimitReachedException": THROTTLED,
    "SubnetIPAddressLimitReachedException": THROTTLED,
    "ServiceException": UNAVAILABLE,
    "ResourceNotFoundException": NOT_FOUND,
    "InvalidRequestContentException": REFUSED,
    "RequestTooLargeException": REFUSED,
    "KMSAccessDeniedException": (OutcomeKind.PERMANENT, "access_denied"),
}
_EXAMPLE: Final = "arn:aws:lambda:eu-central-1:123456789012:function:etl-load"


def check_lambda(spec: Spec, reach: Reach) -> tuple[FieldError, ...]:
    """Every fault of the specification."""
    faults = [
        *check_fields(spec, ("arn", "mode", "payload")),
        *check_arn(spec, "arn", "lambda", "function:", reach.aws, example=_EXAMPLE),
        *check_json(spec, "payload"),
    ]
    if spec.get("mode", "sync") not in MODES:
        faults.append(
            FieldError("mode", "Use sync, to wait for the answer, or async, to hand the event over.")
        )
    return tuple(faults)


KIND: Final = TargetKind(check_lambda, own_id)


def read_lambda_answer(payload: str, function_error: str | None) -> Outcome:
    """The outcome of a synchronous call that was answered."""
    output = _parsed(payload)
    if function_error is None:
        return Outcome(OutcomeKind.SUCCESS, "The function returned.", output=output)
    details = output if isinstance(output, dict) else {}
    kind, message = details.get("errorType"), str(details.get("errorMessage") or "no message")
    if kind == "Sandbox.Timedout" or "Task timed out after" in message:
        return retryable(
            "function_timed_out", f"The function ran into its own timeout: {message}"[:400], output=output
        )
    return retryable("function_failed", f"The function raised {kind}: {message}"[:400], output=output)


def client_context(call: TargetCall) -> dict[str, str]:
    """The trace context where functions look for it; Lambda hands it on in synchronous calls only."""
    if not call.trace_context:
        return {}
    return {"ClientContext": b64encode(encoded({"custom": call.trace_context}).encode()).decode()}


def _parsed(payload: str) -> Any:
    try:
        return json.loads(payload) if payload else None
    except (ValueError, RecursionError):
        return payload
