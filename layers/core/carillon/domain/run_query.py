"""Which runs somebody looks for over all schedules: those that failed, those that are unfinished, or one such state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.reading import Faults, Section
from carillon.domain.run import LISTED_AS_FAILED, UNFINISHED, RunState

DEFAULT_SPAN: Final = timedelta(days=7)
GROUPS: Final[Mapping[str, frozenset[RunState]]] = {"failed": LISTED_AS_FAILED, "unfinished": UNFINISHED}


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Runs in one of these states; of ended ones those that ended at `since` or later."""

    states: frozenset[RunState]
    since: datetime

    @property
    def is_unfinished(self) -> bool:
        """Whether the wanted runs have not ended."""
        return self.states <= UNFINISHED


def read_run_query(state: str, since: str | None, now: datetime) -> RunQuery:
    """The query of a request's parameters, a week back unless told; InvalidInput."""
    faults = Faults()
    moment = Section({"since": since}, "", faults, ("since",)).moment("since")
    faults.raise_any("The query is not valid.")
    return RunQuery(_states(state), moment or now - DEFAULT_SPAN)


def _states(word: str) -> frozenset[RunState]:
    listed = {str(state): frozenset({state}) for group in GROUPS.values() for state in group}
    found = GROUPS.get(word) or listed.get(word)
    if found is None:
        known = ", ".join((*GROUPS, *sorted(listed)))
        fault = FieldError("state", f"This must be one of {known}. Other runs are listed by schedule.")
        raise InvalidInput("The query is not valid.", [fault])
    return found
