"""Who asks may not, or has not shown who they are."""

from carillon.domain.errors.root import CarillonError, TryLater


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


class LoginThrottled(TryLater):
    """Too many failed logins: wait before the next try."""

    code = "login_throttled"
