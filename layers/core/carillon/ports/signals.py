"""What tells people and other systems: metrics, alerts, the archive."""

from collections.abc import Mapping
from typing import Any, Protocol

from carillon.domain.measures import Values
from carillon.domain.span import Span


class Metrics(Protocol):
    """Numbers that alarms watch."""

    def put(self, name: str, value: float, unit: str, **properties: str) -> None:
        """Tells one value; properties explain it and are no dimensions."""

    def put_all(self, values: Values, *, schedule_id: str | None = None, **properties: str) -> None:
        """Tells values of known metrics together, for the stack or for one schedule; nothing when there are none."""


class Spans(Protocol):
    """Attempts, as a tracing backend shows them."""

    def tell(self, span: Span | None) -> None:
        """Keeps a span until the next flush; None is nothing to tell."""

    def flush(self) -> None:
        """Sends what was told; never an error."""


class AlertTopic(Protocol):
    """Where alerts go."""

    def publish(self, subject: str, message: Mapping[str, Any]) -> None:
        """Sends one alert."""


class ArchiveBucket(Protocol):
    """Where ended runs go."""

    def put(self, key: str, body: bytes) -> None:
        """Writes one gzip JSON Lines object; writing the same key again replaces it with the same content."""
