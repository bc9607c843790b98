"""Which schedules of a list somebody wants to see."""

from dataclasses import dataclass

from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.schedule import Schedule, ScheduleState

_STATES = tuple(str(state) for state in ScheduleState if state is not ScheduleState.DELETED)


@dataclass(frozen=True, slots=True)
class ScheduleQuery:
    """Schedules whose id holds the text, of this owner, in this state, with this tag; None asks for nothing."""

    text: str | None = None
    owner: str | None = None
    state: str | None = None
    tag: str | None = None

    def matches(self, head: Schedule) -> bool:
        """Whether the schedule is wanted."""
        return (
            (self.text is None or self.text in head.schedule_id)
            and self.owner in (None, head.owner)
            and self.state in (None, str(head.state))
            and (self.tag is None or self._has_tag(head))
        )

    def _has_tag(self, head: Schedule) -> bool:
        name, equals, value = (self.tag or "").partition("=")
        return name in head.tags and (not equals or head.tags[name] == value)


def read_schedule_query(
    text: str | None, owner: str | None, state: str | None, tag: str | None
) -> ScheduleQuery:
    """The query of a request's parameters; InvalidInput."""
    if state is not None and state not in _STATES:
        fault = FieldError("state", f"This must be one of {', '.join(_STATES)}.")
        raise InvalidInput("The query is not valid.", [fault])
    return ScheduleQuery(text.strip().lower() if text else None, owner or None, state, tag or None)
