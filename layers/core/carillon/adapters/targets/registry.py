"""How each kind is called: the built-in targets of AWS, and those whose modules a stack has put into `added`."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final, cast

from carillon.adapters.targets import added
from carillon.domain.targets.kind import Reach, TargetKind
from carillon.domain.targets.registry import BUILT_IN
from carillon.ports.targets import Target

_AWS: Final[Mapping[str, tuple[str, str]]] = {
    "lambda": ("lambda_", "LambdaTarget"),
    "sqs": ("sqs", "SqsTarget"),
    "sns": ("sns", "SnsTarget"),
    "eventbridge": ("eventbridge", "EventBridgeTarget"),
    "stepfunctions": ("stepfunctions", "StepFunctionsTarget"),
    "ecs": ("ecs", "EcsTarget"),
    "ssm": ("ssm", "SsmTarget"),
}


def added_modules() -> dict[str, str]:
    """The modules in the folder `added` by the kinds that they hold; ValueError for the name of a built-in kind."""
    found = {each.name: f"{added.__name__}.{each.name}" for each in iter_modules(added.__path__)}
    taken = sorted(BUILT_IN & set(found))
    if taken:
        raise ValueError(f"The kind {taken[0]} is built in; give the module {found[taken[0]]} another name.")
    return found


def added_kinds() -> dict[str, TargetKind]:
    """The checks of the added kinds: each module's KIND."""
    return {name: import_module(module).KIND for name, module in added_modules().items()}


class Targets(dict[str, Target]):
    """Targets by kind, each made when a run first needs it, so that a cold start loads none of them."""

    def __init__(
        self,
        made: Mapping[str, Target],
        reach: Reach,
        stack: str,
        **how: Any,
    ) -> None:
        super().__init__(made)
        self._reach = reach
        self._stack = stack
        self._added = added_modules()
        self._how = how

    def get(self, kind: str, default: Any = None) -> Any:
        """The target of a kind, None where there is no such kind."""
        if kind not in self:
            target = self._make(kind)
            if target is None:
                return default
            self[kind] = target
        return self[kind]

    def _make(self, kind: str) -> Target | None:
        if kind in self._added:
            return cast(Target, import_module(self._added[kind]).build(self._reach))
        if kind not in _AWS:
            return None
        module, name = _AWS[kind]
        make = getattr(import_module(f"carillon.adapters.targets.{module}"), name)
        return cast(Target, make(self._reach, self._stack, **self._how))
