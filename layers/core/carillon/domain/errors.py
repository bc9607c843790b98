"""Every error Carillon raises by name.

`code` is the stable word an API client can test; `retryable` says whether the same call may succeed later.
A class's docstring is its default message. HTTP statuses are chosen in one table in functions/api.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class CarillonError(Exception):
    """Something went wrong inside Carillon."""

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field; `field` is a dotted path such as `timetable.expression`."""

    field: str
    message: str
    code: str = "invalid"


class InvalidInput(CarillonError, ValueError):
    """The input is not valid."""

    code = "invalid_input"

    def __init__(self, message: str | None = None, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.errors = tuple(errors)


class InvalidExpression(InvalidInput):
    """A timetable's expression or zone is not valid: what is wrong, where, and what would be right."""

    code = "invalid_expression"

    def __init__(self, what: str, *, column: int | None = None, remedy: str | None = None) -> None:
        where = f" (column {column})" if column is not None else ""
        super().__init__(f"{what}{where}" + (f"; {remedy}" if remedy else ""))
        self.what = what
        self.column = column
        self.remedy = remedy


class MissingCalendar(InvalidInput):
    """A timetable names a calendar that does not exist."""

    code = "missing_calendar"


class InvalidPath(InvalidInput):
    """A JMESPath expression cannot be read, or fails on the outputs it meets."""

    code = "invalid_path"


class NotAvailable(InvalidInput):
    """This feature is not available on this stack."""

    code = "not_available"


class InvalidJson(InvalidInput):
    """The body is not valid JSON."""

    code = "invalid_json"


class NotANumber(InvalidJson):
    """JSON has no NaN and no Infinity."""

    code = "not_a_number"


class NumberTooLarge(InvalidJson):
    """A number in the body is too large or too long."""

    code = "number_too_large"


class DuplicateKey(InvalidJson):
    """A key stands twice in the same JSON object."""

    code = "duplicate_key"


class NestingTooDeep(InvalidJson):
    """The body is nested too deeply."""

    code = "nesting_too_deep"


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


class ScheduleExists(CarillonError):
    """A schedule with this id exists already."""

    code = "schedule_exists"


class CalendarExists(CarillonError):
    """A calendar with this name exists already."""

    code = "calendar_exists"


class CalendarInUse(CarillonError):
    """Schedules name this calendar; take it out of their timetables first."""

    code = "calendar_in_use"


class VersionMismatch(CarillonError):
    """The schedule has changed since it was read: read it again and repeat the edit on what it says now."""

    code = "version_mismatch"


class WrongState(CarillonError):
    """The schedule's state does not allow this."""

    code = "wrong_state"


class RunUnfinished(WrongState):
    """The run has not ended yet."""

    code = "run_unfinished"


class RunEnded(WrongState):
    """The run has ended; nothing can be said of it any more."""

    code = "run_ended"


class RunNotWaiting(WrongState):
    """The run does not wait for a callback."""

    code = "run_not_waiting"


class RunNotCompensable(WrongState):
    """This run's effects cannot be taken back, or need not be."""

    code = "run_not_compensable"


class RunNotRepeatable(WrongState):
    """This run cannot be run again."""

    code = "run_not_repeatable"


class CallbackAnswered(WrongState):
    """This attempt's callback was answered differently before, or the attempt was given up."""

    code = "callback_answered"


class MessageNotWanted(WrongState):
    """No run waits for this message."""

    code = "message_not_wanted"


class InvalidTransition(CarillonError):
    """A run in this state cannot take this event."""

    code = "invalid_transition"


class LostRace(CarillonError):
    """Another actor changed the row first; nothing was written."""

    code = "lost_race"


class Unauthenticated(CarillonError):
    """A valid bearer token is required."""

    code = "unauthenticated"


class CallbackTokenRefused(Unauthenticated):
    """The callback token is not one of this run."""

    code = "callback_token_refused"


class Forbidden(CarillonError):
    """This principal may not do this."""

    code = "forbidden"

    def __init__(self, message: str | None = None, *, permission: str = "", object: str = "") -> None:
        super().__init__(message)
        self.permission = permission
        self.object = object


class PasswordChangeRequired(Forbidden):
    """This password was given to be used once: change it with POST /v1/me/password, then log in again."""

    code = "password_change_required"


class WrongPassword(Forbidden):
    """The present password is wrong."""

    code = "wrong_password"


class LoginFailed(Unauthenticated):
    """The user or the password is wrong."""

    code = "login_failed"


class LoginThrottled(CarillonError):
    """Too many failed logins: wait before the next try."""

    code = "login_throttled"

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 900) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class UserExists(CarillonError):
    """A user with this name exists already."""

    code = "user_exists"


class UserNotFound(CarillonError, LookupError):
    """There is no user with this name."""

    code = "user_not_found"


class KeyNotFound(CarillonError, LookupError):
    """This service account has no such key."""

    code = "key_not_found"


class LastAdmin(WrongState):
    """This is the last person with the role admin: give it to another one first."""

    code = "last_admin"


class RoleExists(CarillonError):
    """A role with this name exists already."""

    code = "role_exists"


class RoleNotFound(CarillonError, LookupError):
    """There is no role with this name."""

    code = "role_not_found"


class RoleInUse(WrongState):
    """The role is still given to users, or inherited by other roles."""

    code = "role_in_use"


class RoleBuiltIn(WrongState):
    """This role is built in and cannot be changed: make one of your own that inherits it."""

    code = "role_built_in"


class AuditIncomplete(CarillonError):
    """A day of the audit archive is not complete."""

    code = "audit_incomplete"


class Throttled(CarillonError):
    """A service asked for a slower pace."""

    code = "throttled"
    retryable = True


class Unavailable(CarillonError):
    """A service did not answer properly."""

    code = "unavailable"
    retryable = True


class MalformedMessage(CarillonError, ValueError):
    """A message could not be read."""

    code = "malformed_message"


class MalformedRow(CarillonError, ValueError):
    """A stored row could not be read."""

    code = "malformed_row"


class SecretMissing(CarillonError):
    """A secret that the job names is not set."""

    code = "secret_missing"


class SealError(CarillonError):
    """Sealed bytes could not be opened: they were altered, cut, or meant for something else."""

    code = "seal_error"
