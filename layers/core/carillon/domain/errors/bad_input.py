"""What a client sent is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from carillon.domain.errors.root import CarillonError


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field; `field` is a dotted path such as `timetable.expression`."""

    field: str
    message: str
    code: str = "invalid"


class InvalidInput(CarillonError, ValueError):
    """The input is not valid."""

    code = "invalid_input"

    def __init__(self, message: str | None = None, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.errors = tuple(errors)


class InvalidExpression(InvalidInput):
    """A timetable's expression or zone is not valid: what is wrong, where, and what would be right."""

    code = "invalid_expression"

    def __init__(self, what: str, *, column: int | None = None, remedy: str | None = None) -> None:
        where = f" (column {column})" if column is not None else ""
        super().__init__(f"{what}{where}" + (f"; {remedy}" if remedy else ""))
        self.what = what
        self.column = column
        self.remedy = remedy


class MissingCalendar(InvalidInput):
    """A timetable names a calendar that does not exist."""

    code = "missing_calendar"


class InvalidPath(InvalidInput):
    """A JMESPath expression cannot be read, or fails on the outputs it meets."""

    code = "invalid_path"


class InvalidJson(InvalidInput):
    """The body is not valid JSON."""

    code = "invalid_json"


class NotANumber(InvalidJson):
    """JSON has no NaN and no Infinity."""

    code = "not_a_number"


class NumberTooLarge(InvalidJson):
    """A number in the body is too large or too long."""

    code = "number_too_large"


class DuplicateKey(InvalidJson):
    """A key stands twice in the same JSON object."""

    code = "duplicate_key"


class NestingTooDeep(InvalidJson):
    """The body is nested too deeply."""

    code = "nesting_too_deep"
