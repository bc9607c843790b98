"""What a step is given: every key of a target's input that ends in `.$` holds a JMESPath, replaced by its value.

The convention is that of Step Functions. Only the input of a target may hold expressions: where a call goes, and
with which headers, never depends on an output.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError, InvalidPath
from carillon.domain.workflow.expression import Path, check_path, evaluate, read_path

MARK: Final = ".$"
INPUT_FIELDS: Final = frozenset({"body", "arguments", "payload", "input", "message", "detail"})


def paths_of(spec: Mapping[str, Any]) -> Iterator[Path]:
    """Every expression of a target that passed `check_inputs`."""
    for where, text in _marked(spec):
        if where.partition(".")[0] in INPUT_FIELDS:
            yield read_path(text)


def check_inputs(spec: Mapping[str, Any]) -> Iterator[FieldError]:
    """What is wrong with the expressions of a target."""
    for where, text in _marked(spec):
        if where.partition(".")[0] not in INPUT_FIELDS:
            yield FieldError(where, "An expression cannot stand here, only in what the target is given.")
        elif not isinstance(text, str):
            yield FieldError(where, "A key that ends in .$ holds a JMESPath in quotes.")
        else:
            try:
                check_path(text)
            except InvalidPath as error:
                yield FieldError(where, str(error))
    yield from _doubles(spec)


def resolve(spec: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The target with every expression replaced by its value in the document; InvalidPath."""
    fixed = {name: value for name, value in spec.items() if name.removesuffix(MARK) not in INPUT_FIELDS}
    given = {name: value for name, value in spec.items() if name not in fixed}
    resolved: Mapping[str, Any] = _resolved(given, document)
    return {**fixed, **resolved}


def without_expressions(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """The target without inputs that are one expression as a whole, so that its fixed part can be checked."""
    return {
        name: value
        for name, value in spec.items()
        if name.removesuffix(MARK) not in INPUT_FIELDS or not name.endswith(MARK)
    }


def _resolved(value: Any, document: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {
            name.removesuffix(MARK): evaluate(read_path(inner), document)
            if name.endswith(MARK)
            else _resolved(inner, document)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_resolved(inner, document) for inner in value]
    return value


def _marked(value: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every key that ends in the mark, with its place."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            here = f"{where}.{name}" if where else str(name)
            if str(name).endswith(MARK):
                yield here, inner
            else:
                yield from _marked(inner, here)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _marked(inner, f"{where}.{place}")


def _doubles(value: Any, where: str = "") -> Iterator[FieldError]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            here = f"{where}.{name}" if where else str(name)
            if str(name).endswith(MARK) and str(name).removesuffix(MARK) in value:
                yield FieldError(here, f"Both this and {str(name).removesuffix(MARK)} are given; keep one.")
            yield from _doubles(inner, here)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _doubles(inner, f"{where}.{place}")
