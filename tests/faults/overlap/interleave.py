"""Every interleaving of a few actors over the stores in memory, each store call one step, one crash anywhere.

An actor is the real service. It is stepped by running it again from its start: the answers of its earlier calls come
from its tape, one more call is carried out, and the next one pauses it. So a state is the rows and the tapes; states
met before are not explored again, yet every path through them is counted.
"""

from dataclasses import dataclass, replace


class Paused(BaseException):
    """The actor stands before its next store call."""


@dataclass(frozen=True)
class Tables:
    """All that the actors share, as immutable values."""

    runs: tuple
    slots: tuple
    sent: tuple


@dataclass(frozen=True)
class Actor:
    """How far one actor has come: its calls' answers, a number that stands for them, and whether it is done or dead."""

    tape: tuple = ()
    mark: int = 0
    over: bool = False


@dataclass(frozen=True)
class State:
    """One moment of all."""

    tables: Tables
    actors: tuple
    crashed: int | None = None


class Tape:
    """Answers the calls of one actor: first from the tape, then one for real, then it pauses."""

    def __init__(self, answers=()):
        self.answers = list(answers)
        self._played = 0
        self._is_fresh = False

    def call(self, work):
        if self._played < len(self.answers):
            failed, answer = self.answers[self._played]
            self._played += 1
        elif self._is_fresh:
            raise Paused
        else:
            failed, answer = _outcome(work)
            self.answers.append((failed, answer))
            self._played += 1
            self._is_fresh = True
        if failed:
            raise answer
        return answer


def _outcome(work):
    try:
        return False, work()
    except Exception as error:  # noqa: BLE001 - whatever a store raises is played again
        return True, error


class Stepped:
    """A store whose every call is one step."""

    def __init__(self, store, tape):
        self._store = store
        self._tape = tape

    def __getattr__(self, name):
        method = getattr(self._store, name)

        def call(*arguments, **options):
            if name == "send" and not arguments[0]:
                return []
            return self._tape.call(lambda: method(*arguments, **options))

        return call


class Explorer:
    """Walks all states from one stage; `check(tables)` after each step, `settle(tables)` at each end."""

    def __init__(self, stage, scripts, check, settle):
        self._stage = stage
        self._scripts = scripts
        self._check = check
        self._settle = settle
        self._paths = {}
        self._ends = set()
        self._numbers = {}
        self._moves = {}
        self.steps = 0

    @property
    def states(self):
        return len(self._paths)

    @property
    def ends(self):
        return len(self._ends)

    def explore(self, tables):
        """How many interleavings there are."""
        return self._from(State(tables, tuple(Actor() for _ in self._scripts)))

    def _from(self, state):
        marks = tuple((actor.mark, actor.over) for actor in state.actors)
        key = self._number(state.tables), marks, state.crashed
        if key not in self._paths:
            self._paths[key] = self._explore(state)
        return self._paths[key]

    def _explore(self, state):
        following = list(self._following(state))
        if following:
            return sum(self._from(each) for each in following)
        if state.tables not in self._ends:
            self._ends.add(state.tables)
            self._settle(state.tables)
        return 1

    def _following(self, state):
        for number, actor in enumerate(state.actors):
            if actor.over:
                continue
            yield self._stepped(state, number)
            if state.crashed is None and actor.tape:
                dead = replace(actor, over=True)
                yield replace(state, actors=_with(state.actors, number, dead), crashed=number)

    def _number(self, value):
        """A small number for a value, the same for equal ones."""
        return self._numbers.setdefault(value, len(self._numbers))

    def _stepped(self, state, number):
        """An actor's step: the same wherever the others stand, if it and the tables are the same."""
        self.steps += 1
        key = self._number(state.tables), number, state.actors[number].mark
        if key not in self._moves:
            self._moves[key] = self._move(state.tables, state.actors[number], number)
        tables, moved = self._moves[key]
        return replace(state, tables=tables, actors=_with(state.actors, number, moved))

    def _move(self, before, actor, number):
        self._stage.put(before)
        tape = Tape(actor.tape)
        over = True
        try:
            self._scripts[number](self._stage.cast(tape, number))
        except Paused:
            over = False
        tables = self._stage.tables()
        self._check(tables)
        mark = actor.mark
        if len(tape.answers) > len(actor.tape):
            mark = self._number((mark, _frozen(tape.answers[-1])))
        return tables, Actor(tuple(tape.answers), mark, over)


def _with(actors, number, actor):
    return (*actors[:number], actor, *actors[number + 1 :])


def _frozen(answered):
    failed, answer = answered
    return failed, repr(answer) if failed else tuple(answer) if isinstance(answer, list) else answer
