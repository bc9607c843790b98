"""A step that runs once per element of a list: which items start next, and how their results are gathered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carillon.domain.errors import InvalidPath
from carillon.domain.workflow.output import MAX_LIST_BYTES, size_of
from carillon.domain.workflow.rules import StepResult
from carillon.domain.workflow.step_key import MAX_ITEMS


@dataclass(frozen=True, slots=True)
class FanAdvance:
    """Items to start now, and how the whole has ended when it has.

    After an item has failed no further item begins; the whole ends when the running ones have.
    """

    ready: tuple[int, ...]
    end: StepResult | None
    failed: tuple[int, ...]


def advance_items(count: int, max_concurrent: int, items: Mapping[int, StepResult]) -> FanAdvance:
    """The next items within the bound, in the order of the list."""
    failed = tuple(sorted(item for item, result in items.items() if result is StepResult.FAILED))
    live = sum(result is StepResult.LIVE for result in items.values())
    if failed:
        return FanAdvance((), None if live else StepResult.FAILED, failed)
    waiting = (item for item in range(count) if item not in items)
    ready = tuple(item for item, _ in zip(waiting, range(max(0, max_concurrent - live)), strict=False))
    is_over = not ready and not live
    return FanAdvance(ready, StepResult.SUCCEEDED if is_over else None, ())


def check_elements(found: Any) -> list[Any]:
    """The list that a step runs over; InvalidPath when it is none, or too long or too large."""
    if not isinstance(found, list):
        raise InvalidPath(f"for_each needs a list, and its expression gave {_named(found)}.")
    if len(found) > MAX_ITEMS:
        raise InvalidPath(f"for_each was given {len(found)} elements; {MAX_ITEMS} are allowed.")
    size = size_of(found)
    if size is None or size > MAX_LIST_BYTES:
        raise InvalidPath(f"for_each was given a list of {size} bytes; {MAX_LIST_BYTES} are allowed.")
    return found


def _named(found: Any) -> str:
    return {type(None): "nothing", bool: "true or false", str: "a text", dict: "an object"}.get(
        type(found), "a number"
    )


def gathers_inline(sizes: Sequence[int], limit: int) -> bool:
    """Whether the items' outputs, of these sizes in bytes, fit into one list of at most `limit` bytes."""
    return sum(sizes) + len(sizes) + 1 <= limit


def references(run_ids: Sequence[str]) -> list[dict[str, str]]:
    """The gathered output as references, in the order of the list."""
    return [{"output_of": run_id} for run_id in run_ids]
