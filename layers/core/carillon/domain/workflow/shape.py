"""A workflow's shape: which steps there are, what each needs, and the order and layers that follow from it.

What a step executes is a Job of its own, kept beside the shape. Every function here is iterative and linear in
steps and needs, because a workflow may have a thousand steps in one chain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from carillon.domain.workflow.rules import TriggerRule


@dataclass(frozen=True, slots=True)
class ForEach:
    """A step that runs once per element of a list; `over` is the JMESPath of the list."""

    over: str
    max_concurrent: int = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One step without its task; a step that may fail does not fail the workflow."""

    name: str
    needs: tuple[str, ...] = ()
    rule: TriggerRule = TriggerRule.ALL_SUCCESS
    when: str | None = None
    for_each: ForEach | None = None
    may_fail: bool = False
    compensate_on_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Workflow:
    """Steps in an order in which each stands behind all it needs."""

    steps: tuple[Step, ...]

    @classmethod
    def of(cls, steps: Sequence[Step]) -> "Workflow":
        """The workflow of steps in any order; every need must exist, and no step may need itself (ValueError)."""
        found = order({step.name: step.needs for step in steps})
        if found.cycle:
            raise ValueError(f"the steps go round in a circle: {' -> '.join(found.cycle)}")
        by_name = {step.name: step for step in steps}
        return cls(tuple(by_name[name] for name in found.names))

    def layers(self) -> tuple[tuple[str, ...], ...]:
        """The steps' names by their distance from the start, for drawing."""
        depth: dict[str, int] = {}
        rows: list[list[str]] = []
        for step in self.steps:
            depth[step.name] = 1 + max((depth[need] for need in step.needs), default=-1)
            if depth[step.name] == len(rows):
                rows.append([])
            rows[depth[step.name]].append(step.name)
        return tuple(map(tuple, rows))


@dataclass(frozen=True, slots=True)
class Order:
    """A topological order, or one cycle as a path that ends where it begins; `operations` counts the work."""

    names: tuple[str, ...]
    cycle: tuple[str, ...]
    operations: int


def order(needs: Mapping[str, Sequence[str]]) -> Order:
    """The steps, each behind all it needs, otherwise as they are given (Kahn's algorithm)."""
    operations = 0
    missing = {name: len(needed) for name, needed in needs.items()}
    followers: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        operations += 1
        for need in needed:
            followers[need].append(name)
            operations += 1
    ordered = [name for name, count in missing.items() if count == 0]
    for name in ordered:
        for follower in followers[name]:
            operations += 1
            missing[follower] -= 1
            if missing[follower] == 0:
                # The list grows while it is read: it is the queue and the answer in one.
                ordered.append(follower)
    if len(ordered) == len(needs):
        return Order(tuple(ordered), (), operations)
    stuck = {name for name, count in missing.items() if count > 0}
    return Order(tuple(ordered), _cycle_among(needs, stuck), operations)


def _cycle_among(needs: Mapping[str, Sequence[str]], stuck: set[str]) -> tuple[str, ...]:
    """Walks from need to need until a step comes again; each stuck step needs another stuck one."""
    name = min(stuck)
    path: dict[str, None] = {}
    while name not in path:
        path[name] = None
        name = next(need for need in needs[name] if need in stuck)
    names = list(path)
    circle = names[names.index(name) :]
    # Told in the order of execution, which is the other way round than needs point.
    circle.reverse()
    return (circle[-1], *circle)


def ancestors(
    workflow_needs: Mapping[str, Sequence[str]], ordered: Sequence[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """Every step's bit, and the set of all steps before it as the sum of their bits."""
    bits = {name: 1 << place for place, name in enumerate(ordered)}
    before: dict[str, int] = {}
    for name in ordered:
        found = 0
        for need in workflow_needs[name]:
            found |= before[need] | bits[need]
        before[name] = found
    return bits, before
