"""The root of the tree."""

from typing import ClassVar


class CarillonError(Exception):
    """Something went wrong inside Carillon."""

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class LostRace(CarillonError):
    """Another actor changed the row first; nothing was written."""

    code = "lost_race"


class Throttled(CarillonError):
    """A service asked for a slower pace."""

    code = "throttled"
    retryable = True


class Unavailable(CarillonError):
    """A service did not answer properly."""

    code = "unavailable"
    retryable = True


class TryLater(CarillonError):
    """Not now: the same may be asked again after `retry_after_seconds`."""

    def __init__(self, message: str | None = None, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
