"""What was asked for does not fit what is there."""

from carillon.domain.errors.root import CarillonError


class ScheduleExists(CarillonError):
    """A schedule with this id exists already."""

    code = "schedule_exists"


class CalendarExists(CarillonError):
    """A calendar with this name exists already."""

    code = "calendar_exists"


class CalendarInUse(CarillonError):
    """Schedules name this calendar; take it out of their timetables first."""

    code = "calendar_in_use"


class ScheduleFollowed(CarillonError):
    """Schedules run after this one; delete or edit them first."""

    code = "schedule_followed"


class UserExists(CarillonError):
    """A user with this name exists already."""

    code = "user_exists"


class RoleExists(CarillonError):
    """A role with this name exists already."""

    code = "role_exists"


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


class LastAdmin(WrongState):
    """This is the last person with the role admin: give it to another one first."""

    code = "last_admin"


class RoleInUse(WrongState):
    """The role is still given to users, or inherited by other roles."""

    code = "role_in_use"


class RoleBuiltIn(WrongState):
    """This role is built in and cannot be changed: make one of your own that inherits it."""

    code = "role_built_in"


class InvalidTransition(CarillonError):
    """A run in this state cannot take this event."""

    code = "invalid_transition"
