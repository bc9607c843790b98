"""Reading a task's arguments: what is missing or of the wrong kind ends the run with a sentence, not a traceback."""

from carillon.tasks import PermanentError, TaskContext

_NO_DEFAULT = object()


def text(context: TaskContext, name: str, default: object = _NO_DEFAULT) -> str:
    """A non-empty text."""
    value = context.arguments.get(name, default)
    if not isinstance(value, str) or not value:
        raise PermanentError(f"The argument {name} must be a text that is not empty.")
    return value


def flag(context: TaskContext, name: str) -> bool:
    """True or false; false when it is not given."""
    value = context.arguments.get(name, False)
    if not isinstance(value, bool):
        raise PermanentError(f"The argument {name} must be true or false.")
    return value


def days(context: TaskContext, name: str) -> float:
    """A number of days above zero, at most a hundred years."""
    value = context.arguments.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 36_500:
        raise PermanentError(f"The argument {name} must be a number of days, above 0 and at most 36500.")
    return value


def count(context: TaskContext, name: str, default: int, most: int) -> int:
    """A whole number from 1 up to `most`."""
    value = context.arguments.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise PermanentError(f"The argument {name} must be a whole number from 1 to {most}.")
    return value


def only(context: TaskContext, *names: str) -> None:
    """Refuses arguments that the task does not take."""
    unknown = sorted(set(context.arguments) - set(names))
    if unknown:
        raise PermanentError(f"There is no argument {unknown[0]}; the task takes {', '.join(names)}.")
