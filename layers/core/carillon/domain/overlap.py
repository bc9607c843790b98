"""The overlap slot of a schedule: which runs hold it, which wait for it, and every decision on it.

A slot is held under the run's own key from before its first attempt until its row is terminal, and never expires.
Keys begin with the fire time, so that their order is the order of the fire times.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from carillon.domain.run import Origin, Run
from carillon.domain.schedule import Overlap, Policies

SKIPPED: Final = "overlap_skipped"
QUEUE_FULL: Final = "queue_full"
REPLACED: Final = "replaced"

_TAKERS: Final = frozenset({Origin.FIRE, Origin.CATCH_UP})


@dataclass(frozen=True, slots=True)
class Slot:
    """The row's whole value: the run keys of holders and of waiters, each in the order of their fire times."""

    holders: tuple[str, ...] = ()
    waiters: tuple[str, ...] = ()


EMPTY: Final = Slot()


class Answer(StrEnum):
    """What a run that asks for the slot is told."""

    TAKEN = "taken"
    WAIT = "wait"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, why, and the slot as it should then stand.

    `stop` names holders to be asked to stop, `wake` runs to be woken: they may take the slot, or have lost their turn.
    """

    answer: Answer
    slot: Slot
    reason: str = ""
    message: str = ""
    stop: tuple[str, ...] = ()
    wake: tuple[str, ...] = ()


def is_taker(run: Run) -> bool:
    """Whether the policy speaks of this run at all: manual runs and backfills stand outside, steps too."""
    return run.origin in _TAKERS


def may_hold(run: Run) -> bool:
    """Whether the slot may name this run; before its first start the row does not tell."""
    return is_taker(run) and (run.slotted or (run.attempt == 0 and run.reason not in (SKIPPED, QUEUE_FULL)))


def capacity(policies: Policies) -> int | None:
    """How many runs may be unfinished at once; None for any number."""
    if policies.max_concurrent is None:
        return None if policies.overlap is Overlap.ALLOW else 1
    return policies.max_concurrent


def take(slot: Slot, key: str, policies: Policies) -> Decision:
    """The answer to a run that wants to start; asking again gives a holder its slot again."""
    room = capacity(policies)
    if key in slot.holders:
        return Decision(Answer.TAKEN, _without_waiter(slot, key))
    if room is None:
        return Decision(Answer.TAKEN, _taken(slot, key))
    if policies.overlap is Overlap.QUEUE:
        return _queue(slot, key, room, policies.max_queued)
    if policies.overlap is Overlap.REPLACE:
        return _replace(slot, key, room)
    if len(slot.holders) < room:
        return Decision(Answer.TAKEN, _taken(slot, key))
    return Decision(Answer.SKIP, _without_waiter(slot, key), SKIPPED, _unfinished(slot))


def adopt(slot: Slot, keys: Collection[str]) -> Decision:
    """The slot with runs that began without it among its holders, however many it then has."""
    holders = tuple(sorted({*slot.holders, *keys}))
    return Decision(Answer.TAKEN, Slot(holders, tuple(key for key in slot.waiters if key not in keys)))


def evict(slot: Slot, ended: Collection[str]) -> Slot:
    """The slot without runs whose rows are terminal; nobody else may be put out."""
    return Slot(
        tuple(key for key in slot.holders if key not in ended),
        tuple(key for key in slot.waiters if key not in ended),
    )


def blockers(decision: Decision, slot: Slot, policies: Policies) -> tuple[str, ...]:
    """The runs in the way of one that may not start now, whose rows are worth a look."""
    room = capacity(policies)
    is_full = room is not None and len(slot.holders) >= room
    if is_full and decision.reason not in (QUEUE_FULL, REPLACED):
        return slot.holders
    return (*slot.holders, *slot.waiters)


def release(slot: Slot, key: str) -> Decision:
    """The slot without an ended run, and the oldest waiter, whose turn it may be."""
    left = evict(slot, (key,))
    return Decision(Answer.TAKEN, left, wake=left.waiters[:1])


def _queue(slot: Slot, key: str, room: int, max_queued: int) -> Decision:
    others = tuple(waiter for waiter in slot.waiters if waiter != key)
    free = room - len(slot.holders)
    ahead = sum(waiter < key for waiter in others)
    if free > ahead:
        return Decision(Answer.TAKEN, _taken(slot, key), wake=others[: free - 1])
    first = others[: max(free, 0)]
    if key not in slot.waiters and len(others) >= max_queued:
        message = f"{len(others)} runs wait already, as many as max_queued allows"
        return Decision(Answer.SKIP, slot, QUEUE_FULL, message, wake=first)
    waiting = replace(slot, waiters=tuple(sorted((*others, key))))
    return Decision(Answer.WAIT, waiting, "waits", f"waits its turn: {_unfinished(slot)}", wake=first)


def _replace(slot: Slot, key: str, room: int) -> Decision:
    others = tuple(waiter for waiter in slot.waiters if waiter != key)
    newer = sum(other > key for other in (*slot.holders, *others))
    if newer >= room:
        left = replace(slot, waiters=others)
        return Decision(Answer.SKIP, left, REPLACED, "a newer fire time takes this one's place")
    kept = tuple(sorted((*others, key))[-(room - sum(holder > key for holder in slot.holders)) :])
    outrun = tuple(waiter for waiter in others if waiter not in kept)
    free = room - len(slot.holders)
    if free > sum(waiter > key for waiter in kept):
        held = tuple(sorted((*slot.holders, key)))
        return Decision(Answer.TAKEN, Slot(held, tuple(k for k in kept if k != key)), wake=outrun)
    stop = tuple(holder for holder in slot.holders if holder < key)[: max(len(kept) - free, 0)]
    return Decision(
        Answer.WAIT,
        replace(slot, waiters=kept),
        "waits",
        f"waits for the end of {', '.join(stop) or 'a holder'}, which it replaces",
        stop,
        (*outrun, *kept[len(kept) - free :]) if free > 0 else outrun,
    )


def _taken(slot: Slot, key: str) -> Slot:
    return replace(_without_waiter(slot, key), holders=tuple(sorted((*slot.holders, key))))


def _without_waiter(slot: Slot, key: str) -> Slot:
    return replace(slot, waiters=tuple(waiter for waiter in slot.waiters if waiter != key))


def _unfinished(slot: Slot) -> str:
    keys = slot.holders or slot.waiters
    named = ", ".join(keys[:3]) + (f" and {len(keys) - 3} others" if len(keys) > 3 else "")
    return f"{named} {'are' if len(keys) > 1 else 'is'} unfinished"
