"""What the rest of Carillon knows of a kind of target: how its specification is checked and what it reaches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from carillon.domain.allow_list import AllowList
from carillon.domain.errors import FieldError
from carillon.domain.scope import matches

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AwsAllow:
    """The stack's list of ARNs that jobs may use, `*` standing for any text, and the ARNs of the stack itself."""

    patterns: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    def refusal(self, arn: str) -> str | None:
        """Why jobs may not use this ARN; None when they may. The stack's own parts are never targets."""
        if any(matches(pattern, arn) for pattern in self.own):
            return "This belongs to Carillon itself, which no job may use."
        if any(matches(pattern, arn) for pattern in self.patterns):
            return None
        return f"{arn} is not on the stack's list of targets; add it to the parameter TargetArns."


@dataclass(frozen=True, slots=True)
class Reach:
    """What jobs of this stack may reach: private hosts, resources of AWS, and its tasks, None where nobody knows."""

    http: AllowList = field(default_factory=AllowList)
    aws: AwsAllow = field(default_factory=AwsAllow)
    tasks: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class TargetKind:
    """One kind. `check` finds every fault of a specification, `ids` names what it uses for permissions.

    A kind that `can_be_followed` starts work that goes on by itself and can be asked about.
    """

    check: Callable[[Spec, Reach], tuple[FieldError, ...]]
    ids: Callable[[Spec], tuple[str, ...]]
    can_be_followed: bool = False
