"""The outbox of alerts as it is stored, and read back."""

from collections.abc import Mapping
from typing import Any

from carillon.domain.alert import Alert
from carillon.domain.alert_held import Held
from carillon.domain.alert_outbox import Letter, Outbox, Window
from carillon.domain.moments import from_ms, to_ms


def outbox_value(outbox: Outbox) -> dict[str, Any]:
    """As it is stored."""
    window = outbox.window
    return {
        "window": None
        if window is None
        else {
            "opened_at": to_ms(window.opened_at),
            "closes_at": to_ms(window.closes_at),
            "told": {kind: list(names) for kind, names in window.told.items()},
            "held": {kind: held.value() for kind, held in window.held.items()},
        },
        "letters": [
            {
                "subject": each.alert.subject,
                "message": dict(each.alert.message),
                "to": list(each.alert.to),
                "next_at": to_ms(each.next_at),
                "tries": each.tries,
                "taken_by": list(each.taken_by),
            }
            for each in outbox.letters
        ],
        "marks": list(outbox.marks),
    }


def read_outbox(value: Mapping[str, Any]) -> Outbox:
    """As it was stored; KeyError, TypeError or ValueError when it was not stored so."""
    window = value["window"]
    return Outbox(
        None
        if window is None
        else Window(
            from_ms(int(window["opened_at"])),
            from_ms(int(window["closes_at"])),
            {str(kind): tuple(map(str, names)) for kind, names in window["told"].items()},
            {str(kind): Held.of(held) for kind, held in window["held"].items()},
        ),
        tuple(
            Letter(
                Alert(str(each["subject"]), each["message"], tuple(map(str, each.get("to", ())))),
                from_ms(int(each["next_at"])),
                int(each["tries"]),
                tuple(map(str, each["taken_by"])),
            )
            for each in value["letters"]
        ),
        tuple(map(str, value["marks"])),
    )
