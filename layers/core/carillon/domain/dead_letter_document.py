"""A dead letter as the API shows it."""

from typing import Any

from carillon.domain.dead_letter import DeadLetter
from carillon.domain.moments import to_rfc3339


def dead_letter_document(letter: DeadLetter) -> dict[str, Any]:
    """Every field; a message holds ids and a time, nothing secret."""
    redriven_at = letter.redriven_at
    return {
        "message_id": letter.message_id,
        "reason": letter.reason,
        "kept_at": to_rfc3339(letter.kept_at),
        "body": letter.body,
        "is_cut": letter.is_cut,
        "redriven_at": None if redriven_at is None else to_rfc3339(redriven_at),
        "redriven_by": letter.redriven_by,
    }
