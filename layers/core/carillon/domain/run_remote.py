"""What a run's row holds of work that goes on elsewhere."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Remote:
    """The work of the present attempt: the target's kind, the service's own name for it, and when patience ends."""

    kind: str
    id: str
    due_at: datetime
    ask_seconds: int
