"""Which operations need a second factor: one table that anyone can read.

An operation that is not in the table runs directly. Each line says when the operation is risky, and which role's
members confirm it when a machine asks; a person confirms what they ask for themselves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from carillon.domain.access import Principal, UserKind
from carillon.domain.rbac import ADMIN
from carillon.domain.schedule import Schedule

OPERATOR: Final = "operator"
MANY_FIRE_TIMES: Final = 100


@dataclass(frozen=True, slots=True)
class Case:
    """One request, as far as risk looks at it; `extent` is how many runs it makes, `is_one_of_many` whether a row of
    such requests came before it in short time."""

    principal: Principal
    schedule: Schedule | None = None
    extent: int = 1
    is_one_of_many: bool = False


@dataclass(frozen=True, slots=True)
class Risk:
    """Why an operation needs a confirmation, and whose role may give it in a machine's place (None: the asker)."""

    reason: str
    confirmers: str | None


Rule = Callable[[Case], str | None]


def always(reason: str) -> Rule:
    """Risky whatever it is about."""
    return lambda _: reason


def sensitive(case: Case) -> str | None:
    """The schedule is marked sensitive."""
    if case.schedule is not None and case.schedule.sensitive:
        return "The schedule is marked sensitive."
    return None


def many_runs(case: Case) -> str | None:
    """It makes many runs at once."""
    if case.extent > MANY_FIRE_TIMES:
        return f"It makes up to {case.extent} runs; more than {MANY_FIRE_TIMES} need a confirmation."
    return None


def one_of_many(case: Case) -> str | None:
    """Many of the kind were asked for in short time."""
    return "Many of these were asked for within minutes." if case.is_one_of_many else None


def chosen_freely(case: Case) -> str | None:
    """A password is changed that is no one-time password, which must be changed before anything else."""
    return None if case.principal.must_change_password else "It changes how you log in."


def either(*rules: Rule) -> Rule:
    """The first rule that finds a risk."""
    return lambda case: next((reason for rule in rules if (reason := rule(case))), None)


_PEOPLE: Final = always("It changes who may do what.")
_LOGIN: Final = always("It changes how somebody logs in.")

RISKS: Final[Mapping[str, tuple[Rule, str]]] = {
    "schedule.trigger": (sensitive, OPERATOR),
    "schedule.replace": (sensitive, OPERATOR),
    "schedule.delete": (sensitive, OPERATOR),
    "schedule.backfill": (either(sensitive, many_runs), OPERATOR),
    "schedule.pause": (one_of_many, OPERATOR),
    "run.retry": (sensitive, OPERATOR),
    "run.cancel": (one_of_many, OPERATOR),
    "run.compensate": (sensitive, OPERATOR),
    "run.settle": (always("It declares by hand that a run's effects are dealt with."), OPERATOR),
    "user.change-password": (chosen_freely, ADMIN),
    "user.create": (_PEOPLE, ADMIN),
    "user.edit": (_PEOPLE, ADMIN),
    "user.delete": (_PEOPLE, ADMIN),
    "user.reset-password": (_LOGIN, ADMIN),
    "user.reset-totp": (_LOGIN, ADMIN),
    "user.add-key": (_LOGIN, ADMIN),
    "user.delete-key": (_LOGIN, ADMIN),
    "role.create": (_PEOPLE, ADMIN),
    "role.replace": (_PEOPLE, ADMIN),
    "role.delete": (_PEOPLE, ADMIN),
}
"""Operation → when it is risky, and who confirms it for a machine."""


def risk(operation: str, case: Case) -> Risk | None:
    """The risk of an operation, None when it runs directly."""
    rule, role = RISKS.get(operation, (None, ""))
    reason = rule(case) if rule is not None else None
    if reason is None:
        return None
    return Risk(reason, role if case.principal.kind is UserKind.SERVICE else None)
