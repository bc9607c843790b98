"""The workflow model: a diamond of four steps, its parent, compensation in reverse, and whoever nudges it on.

Steps: 0, then 1 and 2, then 3. Rows retry for ever here, so that only the order of things is searched.
"""

from dataclasses import dataclass
from typing import NamedTuple

from tests.faults.model.state import put, sent, taken

NEEDS = ((), (0,), (0,), (1, 2))
COMPENSATION = 10
LIVE = ("QUEUED", "RUNNING")
SAFEGUARDS = frozenset(
    [
        "straight_to_compensating",
        "parent_read",
        "put_if_absent",
        "consistent_siblings",
        "nudge",
        "parent_wake",
        "redelivery_nudges",
        "finished_after_needed",
        "first_compensation_at_once",
    ]
)


class State(NamedTuple):
    """`rows` holds four steps and their four compensations; `before` what each row was until its last write."""

    parent: str
    rows: tuple
    before: tuple
    finished: tuple
    queue: tuple
    actors: tuple
    crashes: int
    failures: int
    cancels: int
    drops: int
    wrong: str


@dataclass(frozen=True, kw_only=True)
class Config:
    """Who takes part and what may go wrong; the last actor is the sweep."""

    workers: int = 1
    crashes: int = 0
    failures: int = 0
    cancels: int = 0
    drops: int = 0
    skew: bool = False
    without: frozenset = frozenset()


class Workflow:
    """The model that `search` explores."""

    def __init__(self, config):
        unknown = config.without - SAFEGUARDS
        if unknown:
            raise ValueError(f"no safeguards of these names: {sorted(unknown)}")
        self.config = config

    def on(self, safeguard):
        """Whether a safeguard is in place."""
        return safeguard not in self.config.without

    def initial(self):
        """The parent runs and its first step is queued."""
        config, rows = self.config, ("QUEUED", *[""] * 7)
        return State(
            "RUNNING", rows, rows, (0, 0, 0, 0), (0,), ((),) * (config.workers + 1),
            config.crashes, config.failures, config.cancels, config.drops, "",
        )  # fmt: skip

    def wrong(self, state):
        """What must hold in every state."""
        if state.wrong:
            return state.wrong
        if state.parent not in ("RUNNING", "CANCELLED") and any(row in LIVE for row in state.rows[:4]):
            return f"the parent became {state.parent} before its steps had ended"
        return ""

    def is_done(self, state):
        """The parent has ended as its steps say, and nobody is in the middle of anything."""
        if any(state.actors) or any(row in LIVE for row in state.rows):
            return False
        if state.parent == "RUNNING":
            return False
        to_undo = "FAILED" in state.rows[:4] and "SUCCEEDED" in state.rows[:4]
        return state.parent in ("CANCELLED", "COMPENSATED" if to_undo else state.parent) and (
            state.parent != "COMPENSATING"
        )

    def steps(self, state):
        """Every next step of every actor."""
        for place, local in enumerate(state.actors):
            is_sweep = place == self.config.workers
            if local:
                yield from _PHASES[local[0]](self, state, place, local)
                if state.crashes:
                    yield ("actor", place, "dies"), self._died(state, place, local), False
            elif is_sweep:
                yield from _sweeps(self, state, place)
            else:
                yield from _receives(state, place)
        yield from self._faults(state)

    def _died(self, state, place, local):
        queue = sent(state.queue, local[1]) if local[0] in _HOLDING else state.queue
        return acting(state, place, ())._replace(crashes=state.crashes - 1, queue=queue)

    def _faults(self, state):
        for message in dict.fromkeys(state.queue):
            if state.drops:
                queue = taken(state.queue, message)
                yield ("queue", "drops", message), state._replace(queue=queue, drops=state.drops - 1), False
        if state.cancels and state.parent == "RUNNING":
            rows = tuple("CANCELLED" if row == "QUEUED" else row for row in state.rows)
            after = state._replace(parent="CANCELLED", rows=rows, cancels=state.cancels - 1)
            yield ("operator", "cancels"), after, False


def acting(state, place, local):
    """The state with one actor's local part replaced."""
    return state._replace(actors=put(state.actors, place, local))


def _write(state, number, row):
    return state._replace(
        rows=put(state.rows, number, row), before=put(state.before, number, state.rows[number])
    )


def _receives(state, place):
    for message in dict.fromkeys(state.queue):
        is_late = state.parent != "RUNNING" and message < 4
        after = acting(state, place, ("ask", message, is_late))
        yield ("worker", place, "receives", message), after._replace(queue=taken(state.queue, message)), True


def _row_of(message):
    return message if message < 4 else message - COMPENSATION + 4


def _ask(model, state, place, local):
    _, message, is_late = local
    row = state.rows[_row_of(message)]
    if row != "QUEUED":
        nudges = row not in ("", "RUNNING") and model.on("redelivery_nudges") and model.on("nudge")
        yield ("worker", place, "acks", message), acting(state, place, ("read",) if nudges else ()), True
        return
    wanted = "RUNNING" if message < 4 else "COMPENSATING"
    go = state.parent == wanted or not model.on("parent_read")
    yield (
        ("worker", place, "reads parent", state.parent),
        acting(state, place, ("start", message, is_late, go)),
        True,
    )


def _start(model, state, place, local):
    _, message, is_late, go = local
    number = _row_of(message)
    if state.rows[number] != "QUEUED":
        yield ("worker", place, "acks", message), acting(state, place, ()), True
        return
    if not go:
        after = acting(_write(state, number, "CANCELLED"), place, ("read",) if model.on("nudge") else ())
        yield ("worker", place, "cancels", message), after, True
        return
    wrong = "a step started although its message came after the cancel" if is_late else ""
    if message >= COMPENSATION:
        wrong = _misordered(state, number - 4)
    after = acting(_write(state, number, "RUNNING"), place, ("work", message))
    yield ("worker", place, "starts", message), after._replace(wrong=wrong), True


def _misordered(state, step):
    if state.rows[step] != "SUCCEEDED":
        return f"step {step} did not complete and is compensated"
    later = [other for other in range(4) if step in NEEDS[other] and state.rows[other] == "SUCCEEDED"]
    if any(state.rows[other + 4] != "SUCCEEDED" for other in later):
        return f"step {step} is compensated before a step that needed it"
    return ""


def _work(model, state, place, local):
    message = local[1]
    number = _row_of(message)
    nudge = ("read",) if model.on("nudge") else ()
    for stamp in (1, max(state.finished) + 2) if model.config.skew else (max(state.finished) + 1,):
        after = _write(state, number, "SUCCEEDED")
        if number < 4:
            if model.on("finished_after_needed"):
                stamps = [stamp, *(state.finished[need] + 1 for need in NEEDS[number])]
            else:
                stamps = [stamp]
            after = after._replace(finished=put(state.finished, number, max(stamps)))
        yield ("worker", place, "finishes", message, "at", stamp), acting(after, place, nudge), True
    if state.failures and number < 4:
        after = acting(_write(state, number, "FAILED"), place, nudge)
        yield ("worker", place, "fails", message), after._replace(failures=state.failures - 1), False


def _read(model, state, place, _local):
    """Reads the siblings: as they are, or, without a consistent read, with one row as it was."""
    views = [state.rows]
    if not model.on("consistent_siblings"):
        views += [
            put(state.rows, number, old)
            for number, old in enumerate(state.before)
            if old != state.rows[number]
        ]
    for view in views:
        todo = advance(view, state.finished) if state.parent == "RUNNING" else undo(view, state.finished)
        if state.parent not in ("RUNNING", "COMPENSATING"):
            todo = ()
        yield (
            ("actor", place, "reads siblings", *todo),
            acting(state, place, ("do", *todo) if todo else ()),
            True,
        )


def advance(rows, finished):
    """What a running workflow needs next: rows to put, or the parent's end."""
    ready = tuple(
        step for step in range(4) if not rows[step] and all(rows[need] == "SUCCEEDED" for need in NEEDS[step])
    )
    if ready:
        return ("put", *ready)
    if any(row in LIVE for row in rows[:4]):
        return ()
    if all(row == "SUCCEEDED" for row in rows[:4]):
        return ("end", "SUCCEEDED")
    return ("undo",) if "SUCCEEDED" in rows[:4] else ("end", "FAILED")


def undo(rows, finished):
    """What a compensating workflow needs next: the compensation of the step that completed last."""
    done = [step for step in range(4) if rows[step] == "SUCCEEDED" and rows[step + 4] != "SUCCEEDED"]
    if not done:
        return ("end", "COMPENSATED")
    last = max(done, key=lambda step: (finished[step], step))
    return ("put", last + 4)


def _do(model, state, place, local):
    kind, *todo = local[1:]
    if kind == "put":
        yield from _puts(model, state, place, *todo)
    elif kind == "end":
        yield from _ends(state, place, todo[0])
    else:
        yield from _compensates(model, state, place)


def _puts(model, state, place, number, *others):
    message = number if number < 4 else number - 4 + COMPENSATION
    rest = ("do", "put", *others) if others else ()
    if state.rows[number] and model.on("put_if_absent"):
        yield ("actor", place, "finds row", message), acting(state, place, rest), True
        return
    wrong = f"the row of {message} was overwritten" if state.rows[number] not in ("", "QUEUED") else ""
    after = _write(state, number, "QUEUED")._replace(wrong=wrong)
    yield ("actor", place, "puts", message), acting(after, place, ("send", message, rest)), True


def _send(model, state, place, local):
    _, message, rest = local
    after = acting(state, place, rest)
    yield ("actor", place, "sends", message), after._replace(queue=sent(state.queue, message)), True


def _ends(state, place, verdict):
    expected = "COMPENSATING" if verdict == "COMPENSATED" else "RUNNING"
    after = acting(state, place, ())
    if state.parent == expected:
        after = after._replace(parent=verdict)
    yield ("actor", place, "ends parent", verdict), after, True


def _compensates(model, state, place):
    if state.parent == "RUNNING" and model.on("straight_to_compensating"):
        local = ("read",) if model.on("first_compensation_at_once") else ()
        yield (
            ("actor", place, "begins compensation"),
            acting(state, place, local)._replace(parent="COMPENSATING"),
            True,
        )
    elif state.parent == "RUNNING":
        yield ("actor", place, "ends parent", "FAILED"), state._replace(parent="FAILED"), True
    elif state.parent == "FAILED":
        yield (
            ("actor", place, "begins compensation"),
            acting(state, place, ("read",))._replace(parent="COMPENSATING"),
            True,
        )
    else:
        yield ("actor", place, "finds parent", state.parent), acting(state, place, ()), True


def _sweeps(model, state, place):
    """Rows that wait are sent again, rows that nobody works on are queued again, the parent is derived anew."""
    held = [local[1] for local in state.actors if local and local[0] == "work"]
    for number, row in enumerate(state.rows):
        message = number if number < 4 else number - 4 + COMPENSATION
        if row == "QUEUED" and message not in state.queue:
            yield ("sweep", "sends", message), state._replace(queue=sent(state.queue, message)), True
        elif row == "RUNNING" and message not in held:
            yield ("sweep", "expires", message), _write(state, number, "QUEUED"), True
    if model.on("parent_wake") and state.parent in ("RUNNING", "COMPENSATING"):
        yield ("sweep", "looks at the parent"), acting(state, place, ("read",)), True


_PHASES = {"ask": _ask, "start": _start, "work": _work, "read": _read, "do": _do, "send": _send}
_HOLDING = ("ask", "start", "work")
