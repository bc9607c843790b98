"""The bodies in which an operator says what becomes of a run's effects."""

from typing import Any, Final

from carillon.domain.reading import Faults, Section

MAX_NOTE: Final = 300


def read_note(document: Any) -> str:
    """The note of a body; InvalidInput when there is none."""
    faults = Faults()
    body = Section(document, "", faults, ("note",))
    note = body.text("note", longest=MAX_NOTE).strip()
    if body.is_object and not note:
        body.fault("note", "Say in a sentence how the effects were dealt with.")
    faults.raise_any("The settlement is not valid.")
    return note


def read_cancel(document: Any) -> bool:
    """Whether a cancel asks for compensation too; InvalidInput."""
    faults = Faults()
    body = Section({} if document is None else document, "", faults, ("compensate",))
    compensate = body.flag("compensate")
    faults.raise_any("The cancel is not valid.")
    return compensate
