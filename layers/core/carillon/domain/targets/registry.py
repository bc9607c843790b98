"""Every kind of target that Carillon comes with: one line each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from carillon.domain.targets import ecs, eventbridge, http, lambda_, python, sns, sqs, ssm, stepfunctions
from carillon.domain.targets.kind import Spec, TargetKind

_KINDS: Final[dict[str, TargetKind]] = {
    "http": http.KIND,
    "python": python.KIND,
    "lambda": lambda_.KIND,
    "sqs": sqs.KIND,
    "sns": sns.KIND,
    "eventbridge": eventbridge.KIND,
    "stepfunctions": stepfunctions.KIND,
    "ecs": ecs.KIND,
    "ssm": ssm.KIND,
}
BUILT_IN: Final = frozenset(_KINDS)
KINDS: Final[Mapping[str, TargetKind]] = MappingProxyType(_KINDS)


def add_kinds(kinds: Mapping[str, TargetKind]) -> None:
    """Adds a stack's own kinds, once and before anything is read."""
    _KINDS.update(kinds)


def ids_of(target: Spec) -> tuple[str, ...]:
    """What a target uses, as permissions name it; empty where that cannot be told."""
    kind = KINDS.get(str(target.get("kind")))
    return () if kind is None else kind.ids(target)
