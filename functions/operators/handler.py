"""The operator's commands, by IAM-authorised invocation only: {"command": "bootstrap", "user": "admin"}."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from carillon.domain.errors import CarillonError, InvalidInput
from carillon.domain.reading import Faults, Section, one_of
from carillon.ports import Log
from carillon.services.bootstrap_admin import BootstrapAdmin
from carillon.wiring import wire_operator


def handle(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Lambda's door."""
    return respond(event, *wire_operator())


def respond(event: Mapping[str, Any], bootstrap_admin: BootstrapAdmin, log: Log) -> dict[str, Any]:
    """The command's result, or {"error": {code, detail, errors}} when it was refused and nothing was done."""
    command = str(event.get("command"))[:40]
    try:
        if command not in COMMANDS:
            raise InvalidInput(f"There is no such command. {one_of(command, list(COMMANDS))}")
        answer = COMMANDS[command](event, bootstrap_admin)
    except CarillonError as error:
        faults = error.errors if isinstance(error, InvalidInput) else ()
        errors = [{"field": fault.field, "message": fault.message} for fault in faults]
        log("command_refused", str(error), command=command, code=error.code)
        return {"error": {"code": error.code, "detail": str(error), "errors": errors}}
    log("command_done", "An operator's command was carried out.", command=command)
    return answer


def _bootstrap(event: Mapping[str, Any], bootstrap_admin: BootstrapAdmin) -> dict[str, Any]:
    faults = Faults()
    command = Section(event, "", faults, ("command", "user", "reset"))
    name, reset = command.text("user", "admin", longest=64), command.flag("reset")
    faults.raise_any("The command is not valid.")
    credentials = bootstrap_admin(name, reset=reset)
    return {
        "user": credentials.user,
        "password": credentials.password,
        "note": "This password is shown once and stored nowhere; the same command with reset makes a new one.",
    }


COMMANDS: Final[Mapping[str, Callable[[Mapping[str, Any], BootstrapAdmin], dict[str, Any]]]] = {
    "bootstrap": _bootstrap
}
