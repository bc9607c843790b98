"""Every kind of target that Carillon comes with: one line each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from carillon.domain.targets import ecs, eventbridge, http, lambda_, python, sns, sqs, ssm, stepfunctions
from carillon.domain.targets.kind import TargetKind

KINDS: Final[Mapping[str, TargetKind]] = MappingProxyType(
    {
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
)
