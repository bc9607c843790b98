"""Searches a model's states breadth-first: every state, the shortest way to a wrong one, and states that get stuck.

A model has `initial()`, `steps(state)` giving (label, next state, helps), `wrong(state)` giving a sentence or "",
and `is_done(state)`. `helps` marks what happens without faults and without people: from every state such steps
alone must be able to reach a done one.
"""

from array import array
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter


@dataclass(frozen=True)
class Found:
    """What a search came to; `complaint` is empty when every reachable state is right."""

    states: int
    transitions: int
    seconds: float
    complete: bool
    complaint: str = ""
    trace: tuple = ()

    @property
    def is_clean(self):
        return self.complete and not self.complaint

    def told(self):
        """The shortest trace, one step a line."""
        steps = [f"  {number:2}. {' '.join(map(str, label))}" for number, label in enumerate(self.trace, 1)]
        return "\n".join([self.complaint or "no violation", *steps])


class Search:
    """One breadth-first search; `limit` bounds the states held."""

    def __init__(self, model, limit=None):
        self._model = model
        self._limit = limit
        self._states = [model.initial()]
        self._index = {self._states[0]: 0}
        self._parents = array("l", [-1])
        self._sources, self._targets = array("l"), array("l")
        self._transitions = 0

    def run(self):
        """Explores until a state is wrong, nothing is new, or the limit is reached."""
        began = perf_counter()
        complaint, place = self._model.wrong(self._states[0]), 0
        if not complaint:
            complaint, place = self._walk()
        complete = bool(complaint) or self._limit is None or len(self._states) < self._limit
        if not complaint and complete:
            complaint, place = self._stuck()
        trace = self._trace(place) if complaint else ()
        seconds = perf_counter() - began
        return Found(len(self._states), self._transitions, seconds, complete, complaint, trace)

    def _walk(self):
        states, index, parents = self._states, self._index, self._parents
        steps, wrong = self._model.steps, self._model.wrong
        for place, state in enumerate(states):
            for _, after, helps in steps(state):
                self._transitions += 1
                known = index.get(after)
                if known is None:
                    known = index[after] = len(states)
                    states.append(after)
                    parents.append(place)
                    complaint = wrong(after)
                    if complaint:
                        return complaint, known
                if helps:
                    self._sources.append(place)
                    self._targets.append(known)
            if self._limit is not None and len(states) >= self._limit:
                break
        return "", 0

    def _stuck(self):
        """The first state from which no done state can be reached by helping steps."""
        before = [[] for _ in self._states]
        for source, target in zip(self._sources, self._targets, strict=True):
            before[target].append(source)
        hopeful = [place for place, state in enumerate(self._states) if self._model.is_done(state)]
        reached = bytearray(len(self._states))
        for place in hopeful:
            reached[place] = 1
        for place in hopeful:
            for source in before[place]:
                if not reached[source]:
                    reached[source] = 1
                    hopeful.append(source)
        first = reached.find(0)
        return ("", 0) if first < 0 else ("stuck: no way on without help from people", first)

    def _trace(self, place):
        places = [place]
        while self._parents[places[-1]] >= 0:
            places.append(self._parents[places[-1]])
        places.reverse()
        return tuple(self._label(self._states[early], self._states[late]) for early, late in pairwise(places))

    def _label(self, early, late):
        return next(label for label, after, _ in self._model.steps(early) if after == late)


def search(model, limit=None):
    """Explores a model."""
    return Search(model, limit).run()
