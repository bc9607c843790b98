"""The checks that the specifications of all AWS targets share: known fields, ARNs on the list, JSON of some size."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError
from carillon.domain.moments import to_rfc3339
from carillon.domain.reading import unknown_field
from carillon.domain.target_call import TargetCall
from carillon.domain.targets.arn import Arn, read_arn
from carillon.domain.targets.kind import AwsAllow, Spec

MAX_INPUT_BYTES: Final = 200_000
"""Below what each of the services takes (256 KiB), so that our own attributes fit beside it."""


OWN_KEY: Final = "carillon"
"""Where an object that a target is given tells of the run."""


def check_fields(spec: Spec, known: Collection[str]) -> Iterator[FieldError]:
    """Every field that this kind does not have."""
    for name in sorted(set(spec) - {"kind", *known}):
        yield FieldError(ascii(name[:64])[1:-1], unknown_field(name, known))


def check_arn(
    spec: Spec, name: str, service: str, resource: str, allow: AwsAllow, *, example: str
) -> Iterator[FieldError]:
    """Whether the field is the ARN of a resource that begins so, and jobs may use it."""
    arn = read_arn(spec.get(name))
    if arn is None or arn.service != service or not arn.resource.startswith(resource):
        yield FieldError(name, f"Give the ARN in full and without wildcards, such as {example}.")
        return
    refusal = allow.refusal(str(arn))
    if refusal is not None:
        yield FieldError(name, refusal)


def check_json(spec: Spec, name: str, *, longest: int = MAX_INPUT_BYTES) -> Iterator[FieldError]:
    """Whether an input is plain JSON of at most `longest` bytes."""
    try:
        size = len(encoded(spec.get(name)).encode())
    except (TypeError, ValueError, RecursionError):
        yield FieldError(name, "This must be plain JSON: no NaN, no infinity, no lone surrogates.")
        return
    if size > longest:
        yield FieldError(name, f"This is {size} bytes; {longest} are allowed. Store it and send a reference.")


def check_text(spec: Spec, name: str, longest: int) -> Iterator[FieldError]:
    """Whether a field that need not be there is a text of at most so many printable characters."""
    value = spec.get(name)
    if value is not None and not (
        isinstance(value, str) and 1 <= len(value) <= longest and value.isprintable()
    ):
        yield FieldError(name, f"This must be a text of 1 to {longest} printable characters.")


def check_texts(spec: Spec, name: str, most: int) -> Iterator[FieldError]:
    """Whether a field that need not be there is a list of texts."""
    value = spec.get(name)
    if value is None:
        return
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        yield FieldError(name, f"This must be a list of 1 to {most} texts.")
    elif not all(isinstance(each, str) for each in value):
        yield FieldError(name, "Each entry must be a text in quotes.")


def check_pairs(spec: Spec, name: str, most: int) -> Iterator[FieldError]:
    """Whether a field that need not be there is an object of names and texts."""
    value = spec.get(name)
    if value is None:
        return
    if not isinstance(value, Mapping) or len(value) > most:
        yield FieldError(name, f"This must be a JSON object of at most {most} names and texts.")
    elif not all(isinstance(each, str) and key for key, each in value.items()):
        yield FieldError(name, "Each name has a text in quotes.")


def encoded(value: object) -> str:
    """A text as it is, anything else as compact JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def run_facts(call: TargetCall) -> dict[str, Any]:
    """What a target is told of the run where the schedule gives no input of its own."""
    facts: dict[str, Any] = {
        "run_id": call.run_id,
        "schedule_id": call.schedule_id,
        "attempt": call.attempt,
        "fire_time": to_rfc3339(call.fire_at),
        **call.trace_context,
    }
    if call.callback_token is not None:
        facts |= {"callback_token": call.callback_token, "callback_url": call.callback_url}
    return facts


def input_of(call: TargetCall, name: str) -> str:
    """The input of a call as text: the schedule's own, or the facts of the run."""
    value = call.spec.get(name)
    return encoded(run_facts(call) if value is None else value)


def told_input(call: TargetCall, name: str) -> Any:
    """The same as a value; where the target has to call back, an object also holds the run's facts."""
    value = call.spec.get(name)
    if value is None:
        return run_facts(call)
    if call.callback_token is not None and isinstance(value, Mapping) and OWN_KEY not in value:
        return {**value, OWN_KEY: run_facts(call)}
    return value


def arn_of(spec: Spec, name: str = "arn") -> Arn:
    """The ARN of a specification that passed its check."""
    arn = read_arn(spec.get(name))
    if arn is None:
        raise ValueError(f"{name} is no ARN")
    return arn


def own_id(spec: Spec) -> tuple[str, ...]:
    """The ARN that most kinds have; empty where it is none."""
    arn = spec.get("arn")
    return (arn,) if isinstance(arn, str) else ()
