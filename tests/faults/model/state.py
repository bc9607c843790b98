"""The protocol's world as small immutable tuples: a clock, one schedule's head, its rows, the queue, the actors.

Timers are not numbers: whatever waits for a moment after a fire time (a lease, a retry's delay, the sweep's look)
may find it come at any step. That covers every speed and every clock of the actors with few states.
"""

from typing import NamedTuple

NEVER = 9
"""No further fire time."""


class Head(NamedTuple):
    """The schedule's head; `fires` is its timetable, `since` active_since and `until` claimed_until."""

    state: str
    generation: int
    version: int
    revision: int
    fires: tuple
    next: int
    since: int
    until: int


class Row(NamedTuple):
    """A run's row; `lease` and `early` say that the lease and the retry's delay are not over."""

    state: str
    generation: int
    attempt: int
    claim: int
    lease: int
    early: int
    wake: int
    revision: int


class Left(NamedTuple):
    """How many faults and operator's acts may still happen."""

    crashes: int
    lost: int
    drops: int
    duplicates: int
    poison: int
    failures: int
    acts: int


class State(NamedTuple):
    """Everything. Per fire time: `calls` (a bit per attempt), `owed` (the generation that must have a row for it),
    `asleep` (it came while the schedule was paused). `wrong` is a verdict."""

    now: int
    head: Head
    lagging: Head
    rows: tuple
    queue: tuple
    dead: tuple
    ticks: tuple
    workers: tuple
    sweep: tuple
    undertaker: tuple
    operator: tuple
    acked: int
    calls: tuple
    owed: tuple
    asleep: tuple
    warm: tuple
    left: Left
    wrong: str


UNFINISHED = ("QUEUED", "RUNNING", "RETRYING")
QUEUED = Row("QUEUED", 1, 0, 0, 0, 0, 1, 0)
SKIPPED = Row("SKIPPED", 1, 0, 0, 0, 0, 0, 0)
EXPIRED, ENDED_BY_OPERATOR = 90, 91
"""claim_ids of writers that are no attempt."""


def put(items, place, item):
    """The tuple with one item replaced."""
    return (*items[:place], item, *items[place + 1 :])


def next_fire(fires, after):
    """The first fire time after a moment, or NEVER."""
    return next((fire for fire in fires if fire > after), NEVER)


def sent(queue, message):
    """The queue with one more message; a third equal copy would show nothing new."""
    return queue if queue.count(message) >= 2 else tuple(sorted((*queue, message)))


def taken(queue, message):
    """The queue with one copy fewer."""
    place = queue.index(message)
    return (*queue[:place], *queue[place + 1 :])


def ended(row, state, claim):
    """A row in a terminal state; leaving a terminal state is noticed by `transition`."""
    return row._replace(state=state, claim=claim, lease=0, early=0, wake=0)


def transition(state, fire, after, allowed=True):
    """The state with a row rewritten; wrong when the row had ended, or when an attempt is counted back."""
    before = state.rows[fire]
    wrong = state.wrong
    if before is not None and before.state not in UNFINISHED and allowed:
        wrong = wrong or f"a {before.state} row became {after.state}"
    if before is not None and after.attempt < before.attempt:
        wrong = wrong or "an attempt was counted back"
    return state._replace(rows=put(state.rows, fire, after), wrong=wrong)


def same(row, snapshot):
    """The condition of every transition: state, claim_id and attempt as read."""
    return row is not None and row[0] == snapshot[0] and row[2:4] == snapshot[2:4]
