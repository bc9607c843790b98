"""A state-change event of EventBridge, read into the name of the work whose end it tells of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

STATES: Final = "aws.states"
ECS: Final = "aws.ecs"
SSM: Final = "aws.ssm"


@dataclass(frozen=True, slots=True)
class WorkEnded:
    """Which work has ended, and whether it is surely this stack's: then somebody must know of it soon."""

    remote_id: str
    is_ours: bool


def read_completion_event(event: Mapping[str, Any], stack: str) -> WorkEnded | None:
    """What the event tells; None where it is of no kind that is followed."""
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        return None
    source = event.get("source")
    if source == STATES:
        return _named(detail.get("executionArn"), detail.get("name"), stack)
    if source == ECS:
        return _named(detail.get("taskArn"), detail.get("startedBy"), stack)
    if source == SSM and isinstance(detail.get("command-id"), str):
        # A command has no name of ours, so everybody's commands come here.
        return WorkEnded(f"{event.get('region')}/{detail['command-id']}", is_ours=False)
    return None


def _named(remote_id: object, name: object, stack: str) -> WorkEnded | None:
    if not isinstance(remote_id, str):
        return None
    return WorkEnded(remote_id, is_ours=str(name).startswith(f"{stack}_"))
