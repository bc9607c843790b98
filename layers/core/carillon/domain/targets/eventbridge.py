"""The eventbridge target: a bus and the event that is put on it."""

from collections.abc import Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.aws_answers import NOT_FOUND, REFUSED, UNAVAILABLE, Meaning, Refusal, outcome_of
from carillon.domain.targets.aws_spec import (
    OWN_KEY,
    check_arn,
    check_fields,
    check_json,
    check_text,
    check_texts,
    encoded,
    own_id,
    run_facts,
)
from carillon.domain.targets.kind import Reach, Spec, TargetKind

ERRORS: Final[Mapping[str, Meaning]] = {
    "NotAuthorizedForSourceException": REFUSED,
    "NotAuthorizedForDetailTypeException": REFUSED,
    "MalformedDetail": REFUSED,
    "InvalidArgument": REFUSED,
    "EventBusNotFound": NOT_FOUND,
    "OperationDisabledException": UNAVAILABLE,
}
DEFAULT_SOURCE: Final = "carillon"
DEFAULT_TYPE: Final = "Scheduled run"
_EXAMPLE: Final = "arn:aws:events:eu-central-1:123456789012:event-bus/orders"


def check_eventbridge(spec: Spec, reach: Reach) -> tuple[FieldError, ...]:
    """Every fault of the specification."""
    faults = [
        *check_fields(spec, ("arn", "source", "detail_type", "detail", "resources")),
        *check_arn(spec, "arn", "events", "event-bus/", reach.aws, example=_EXAMPLE),
        *check_json(spec, "detail"),
        *check_text(spec, "source", 256),
        *check_text(spec, "detail_type", 128),
        *check_texts(spec, "resources", 10),
    ]
    if str(spec.get("source", "")).startswith("aws."):
        faults.append(FieldError("source", "Sources that begin with aws. belong to AWS."))
    detail = spec.get("detail")
    if detail is not None and not isinstance(detail, Mapping):
        faults.append(FieldError("detail", "The detail of an event is a JSON object."))
    elif detail is not None and OWN_KEY in detail:
        faults.append(FieldError(f"detail.{OWN_KEY}", "Carillon tells of the run here; use another name."))
    return tuple(faults)


KIND: Final = TargetKind(check_eventbridge, own_id)


def event_entry(call: TargetCall) -> dict[str, Any]:
    """The one entry of PutEvents; the run stands in the detail, so that a consumer can do a thing once."""
    spec = call.spec
    return {
        "EventBusName": spec["arn"],
        "Source": spec.get("source") or DEFAULT_SOURCE,
        "DetailType": spec.get("detail_type") or DEFAULT_TYPE,
        "Detail": encoded({**(spec.get("detail") or {}), OWN_KEY: run_facts(call)}),
        "Resources": list(spec.get("resources") or ()),
        "Time": call.fire_at,
    }


def read_entries(answer: Mapping[str, Any]) -> Outcome:
    """The outcome of PutEvents, which answers 200 also where the entry was refused."""
    entry = (answer.get("Entries") or [{}])[0]
    if entry.get("ErrorCode"):
        return outcome_of(Refusal(entry["ErrorCode"], 400, entry.get("ErrorMessage") or "no message"), ERRORS)
    event_id = entry.get("EventId")
    return Outcome(OutcomeKind.SUCCESS, "The bus took the event.", output={"event_id": event_id})
