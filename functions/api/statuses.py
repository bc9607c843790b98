"""Error class → HTTP status: the one table. A class without a line has its parent's; without any it is a 500."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from api import errors as http
from carillon.domain import errors
from carillon.domain.errors import doors

STATUSES: Final[Mapping[type[Exception], HTTPStatus]] = {
    errors.InvalidInput: HTTPStatus.BAD_REQUEST,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.ScheduleNotFound: HTTPStatus.NOT_FOUND,
    errors.RunNotFound: HTTPStatus.NOT_FOUND,
    errors.BackfillNotFound: HTTPStatus.NOT_FOUND,
    errors.CalendarNotFound: HTTPStatus.NOT_FOUND,
    errors.RevisionNotFound: HTTPStatus.NOT_FOUND,
    errors.OutputNotFound: HTTPStatus.NOT_FOUND,
    errors.DeadLetterNotFound: HTTPStatus.NOT_FOUND,
    errors.UserNotFound: HTTPStatus.NOT_FOUND,
    errors.KeyNotFound: HTTPStatus.NOT_FOUND,
    errors.RoleNotFound: HTTPStatus.NOT_FOUND,
    http.RouteNotFound: HTTPStatus.NOT_FOUND,
    http.MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.ScheduleExists: HTTPStatus.CONFLICT,
    errors.ScheduleFollowed: HTTPStatus.CONFLICT,
    errors.UserExists: HTTPStatus.CONFLICT,
    errors.RoleExists: HTTPStatus.CONFLICT,
    errors.CalendarExists: HTTPStatus.CONFLICT,
    errors.CalendarInUse: HTTPStatus.CONFLICT,
    errors.WrongState: HTTPStatus.CONFLICT,
    errors.VersionMismatch: HTTPStatus.PRECONDITION_FAILED,
    http.BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.ArchiveTooLarge: HTTPStatus.UNPROCESSABLE_ENTITY,
    http.UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    http.PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.LoginThrottled: HTTPStatus.TOO_MANY_REQUESTS,
    doors.NonceReused: HTTPStatus.CONFLICT,
    doors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    doors.IdempotencyInProgress: HTTPStatus.CONFLICT,
    doors.IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    doors.ConfirmationNotFound: HTTPStatus.NOT_FOUND,
    errors.MalformedRow: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.Throttled: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


def is_described(error: Exception) -> bool:
    """Whether its words are meant for clients; those of an unforeseen error are not."""
    return any(kind in STATUSES for kind in type(error).__mro__)


def status_of(error: Exception) -> HTTPStatus:
    """The status of an error's nearest class in the table."""
    for kind in type(error).__mro__:
        if kind in STATUSES:
            return STATUSES[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR
