"""The operator's commands, by IAM-authorised invocation only: {"command": "bootstrap", "user": "admin"}."""

from collections.abc import Mapping
from typing import Any

from carillon.domain.errors import AuditIncomplete, CarillonError, InvalidInput
from carillon.domain.reading import one_of
from carillon.ports.world import Log
from carillon.services.operator import Operator
from carillon.wiring.operator import wire_operator
from operators.commands import COMMANDS


def handle(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Lambda's door."""
    return respond(event, *wire_operator())


def respond(event: Mapping[str, Any], operator: Operator, log: Log) -> dict[str, Any]:
    """The command's result, or {"error": {code, detail, errors}} when it was refused and nothing was done."""
    command = str(event.get("command"))[:40]
    try:
        if command not in COMMANDS:
            raise InvalidInput(f"There is no such command. {one_of(command, list(COMMANDS))}")
        answer = COMMANDS[command](event, operator)
    except AuditIncomplete as error:
        # Nobody reads the answer of a command that came by the clock: this one must count as an error, and alarm.
        log("audit_not_sealed", str(error), command=command, code=error.code)
        raise
    except CarillonError as error:
        faults = error.errors if isinstance(error, InvalidInput) else ()
        errors = [{"field": fault.field, "message": fault.message} for fault in faults]
        log("command_refused", str(error), command=command, code=error.code)
        return {"error": {"code": error.code, "detail": str(error), "errors": errors}}
    log("command_done", "An operator's command was carried out.", command=command)
    return answer
