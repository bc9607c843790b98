"""What was asked for does not exist."""

from carillon.domain.errors.root import CarillonError


class ScheduleNotFound(CarillonError, LookupError):
    """There is no schedule with this id."""

    code = "schedule_not_found"


class RunNotFound(CarillonError, LookupError):
    """There is no run with this id."""

    code = "run_not_found"


class OutputNotFound(CarillonError, LookupError):
    """This run has no output."""

    code = "output_not_found"


class BackfillNotFound(CarillonError, LookupError):
    """There is no backfill with this id."""

    code = "backfill_not_found"


class DeadLetterNotFound(CarillonError, LookupError):
    """There is no dead letter with this id."""

    code = "dead_letter_not_found"


class CalendarNotFound(CarillonError, LookupError):
    """There is no calendar with this name."""

    code = "calendar_not_found"


class RevisionNotFound(CarillonError, LookupError):
    """There is no such revision of this schedule."""

    code = "revision_not_found"


class UserNotFound(CarillonError, LookupError):
    """There is no user with this name."""

    code = "user_not_found"


class KeyNotFound(CarillonError, LookupError):
    """This service account has no such key."""

    code = "key_not_found"


class RoleNotFound(CarillonError, LookupError):
    """There is no role with this name."""

    code = "role_not_found"
