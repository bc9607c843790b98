"""What the operator may command, each read from its event with every fault named."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from carillon.domain.reading import Faults, Section
from carillon.services.operator import Operator
from carillon.services.re_archive import MAX_DAYS as MAX_ARCHIVE_DAYS
from carillon.services.seal_audit import MAX_DAYS


def _bootstrap(event: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    faults = Faults()
    command = Section(event, "", faults, ("command", "user", "reset"))
    name, reset = command.text("user", "admin", longest=64), command.flag("reset")
    faults.raise_any("The command is not valid.")
    credentials = operator.bootstrap_admin(name, reset=reset)
    return {
        "user": credentials.user,
        "password": credentials.password,
        "note": "This password is shown once and stored nowhere; the same command with reset makes a new one.",
    }


def _seal_audit_day(event: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    faults = Faults()
    command = Section(event, "", faults, ("command", "accept"))
    accepted = None if command.get("accept") is None else _day(command, "accept")
    faults.raise_any("The command is not valid.")
    return {"sealed": [f"{day}" for day in operator.audit_seals.seal(accepted)]}


def _verify_audit(event: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    return operator.audit_seals.verify(*_days(event))


def _re_archive_audit(event: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    return operator.re_archive_audit(*_days(event))


def _days(event: Mapping[str, Any]) -> tuple[date, date]:
    faults = Faults()
    command = Section(event, "", faults, ("command", "from", "to"))
    first, last = _day(command, "from"), _day(command, "to")
    if first and last and not timedelta(0) <= last - first < timedelta(days=MAX_DAYS):
        command.fault("to", f"Name {MAX_DAYS} days at most, the last not before the first.")
    faults.raise_any("The command is not valid.")
    return first or date.min, last or date.min


def _day(command: Section, name: str) -> date | None:
    try:
        return date.fromisoformat(command.text(name))
    except ValueError:
        command.fault(name, "Give a day such as 2026-11-22.")
        return None


def _re_seal(event: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    faults = Faults()
    start = _start(Section(event, "", faults, ("command", "next")))
    faults.raise_any("The command is not valid.")
    return operator.re_seal(start).document()


def _re_archive(event: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    faults = Faults()
    command = Section(event, "", faults, ("command", "from", "to", "next"))
    first, last, start = _hour(command, "from", 0), _hour(command, "to", 23), _start(command)
    if first and last and not timedelta(0) <= last - first < timedelta(days=MAX_ARCHIVE_DAYS):
        command.fault(
            "to", f"Write {MAX_ARCHIVE_DAYS} days again at most, the last hour not before the first."
        )
    faults.raise_any("The command is not valid.")
    never = datetime.min.replace(tzinfo=UTC)
    return operator.re_archive(first or never, last or never, start).document()


def _hour(command: Section, name: str, of_a_day: int) -> datetime | None:
    """A UTC hour, or this hour of a day."""
    text = command.text(name)
    for form, hour in (("%Y-%m-%dT%H", 0), ("%Y-%m-%d", of_a_day)):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC) + timedelta(hours=hour)
        except ValueError:
            continue
    command.fault(name, "Give an hour of UTC such as 2026-11-22T02, or a day such as 2026-11-22.")
    return None


def _start(command: Section) -> Mapping[str, Any] | None:
    start = command.get("next")
    if start is not None and not isinstance(start, Mapping):
        command.fault("next", "Give what the last answer showed under next, or leave it out to begin.")
        return None
    return start


COMMANDS: Final[Mapping[str, Callable[[Mapping[str, Any], Operator], dict[str, Any]]]] = {
    "bootstrap": _bootstrap,
    "re-archive": _re_archive,
    "re-archive-audit": _re_archive_audit,
    "re-seal": _re_seal,
    "seal-audit-day": _seal_audit_day,
    "verify-audit": _verify_audit,
}
