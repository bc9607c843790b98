"""An audit entry: who did what to what, from where, and what changed; or who was refused. Append-only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

DONE: Final = "done"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One row of the Audit table; `entry_id` makes two of one millisecond differ.

    `method` is how the actor was authenticated, `confirmed_by` by what the operation was confirmed, if it was.
    """

    entry_id: str
    at: datetime
    actor: str
    action: str
    object: str
    source: str = ""
    method: str = ""
    outcome: str = DONE
    confirmed_by: str | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
