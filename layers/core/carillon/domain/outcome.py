"""What a target's execution came to: one frozen value, so retries are decided without knowing targets."""

from dataclasses import dataclass
from enum import StrEnum


class OutcomeKind(StrEnum):
    """How an attempt ended, as far as retrying is concerned."""

    SUCCESS = "success"
    RETRYABLE = "retryable"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt, with a sentence for people and a stable word for programs.

    `error` is that word, None on success. `status` is an HTTP status or a process's exit code. `output` is
    JSON-able. `retry_after_seconds` is the pause the target asked for, `remote_id` names work that was
    started elsewhere and goes on.
    """

    kind: OutcomeKind
    message: str
    retry_after_seconds: float | None = None
    status: int | None = None
    error: str | None = None
    output: object = None
    remote_id: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the attempt did what it was asked."""
        return self.kind is OutcomeKind.SUCCESS


def retryable(error: str, message: str, *, status: int | None = None, output: object = None) -> Outcome:
    """A failure that another attempt may mend."""
    return Outcome(OutcomeKind.RETRYABLE, message, status=status, error=error, output=output)


def permanent(error: str, message: str, *, status: int | None = None, output: object = None) -> Outcome:
    """A failure that would only repeat itself."""
    return Outcome(OutcomeKind.PERMANENT, message, status=status, error=error, output=output)


def timed_out(message: str, *, status: int | None = None) -> Outcome:
    """The deadline passed first; what the target had done by then stays done."""
    return Outcome(OutcomeKind.TIMED_OUT, message, status=status, error="timed_out")
