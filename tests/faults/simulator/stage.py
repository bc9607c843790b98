"""The stage: actors on threads of their own, of which one moves at a time, and every move is drawn from the seed.

An actor runs real service code until it calls a port; there it may hand the baton back, be frozen for a while, or
die. All interleavings of port calls can happen, and the same seed gives the same ones.
"""

import random
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from tests.faults.simulator.weakness import Weakness

BEGIN = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


class Died(BaseException):
    """The process ended here, as by a signal: nothing of the service's own code can catch it."""


@dataclass(frozen=True)
class Odds:
    """How likely each fault is at a port call; `skew_seconds` bounds each actor's clock error."""

    die: float = 0.0
    freeze: float = 0.0
    throttle: float = 0.0
    unavailable: float = 0.0
    lost: float = 0.0
    repeat: float = 0.0
    conflict: float = 0.0
    split: float = 0.0
    lag: float = 0.0
    drop: float = 0.0
    duplicate: float = 0.0
    switch: float = 0.3
    missed_tick: float = 0.0
    skew_seconds: float = 0.0


class Actor:
    """One invocation under way: its clock's error, until when it stands still, and when its host kills it."""

    def __init__(self, name, work, skew, began, dies_at):
        self.name, self.work, self.skew, self.began, self.dies_at = name, work, skew, began, dies_at
        self.until = BEGIN
        self.ended = False
        self.result = self.error = None
        self.baton = threading.Lock()
        self.baton.acquire()


class Hand(threading.Thread):
    """A thread that plays one actor after another."""

    idle: ClassVar = []

    def __init__(self):
        super().__init__(daemon=True)
        self._part = threading.Lock()
        self._part.acquire()
        self._play = None
        self.start()

    @classmethod
    def free(cls):
        """A thread that has nothing to do."""
        return cls.idle.pop() if cls.idle else cls()

    def play(self, work):
        """Begins a part; it runs when it first gets the baton."""
        self._play = work
        self._part.release()

    def run(self):
        while True:
            self._part.acquire()
            self._play()


class Stage:
    """Who moves, what time it is, and what goes wrong."""

    def __init__(self, seed, odds, missing=()):
        self.weakness = Weakness(self, missing)
        self.random = random.Random(seed)
        self.odds = odds
        self.now = BEGIN
        self.actors = []
        self.current = None
        self.steps = 0
        self.calls = 0
        self.is_healed = False
        self.trace = []
        self._director = threading.Lock()
        self._director.acquire()

    def begin(self, name, work, skew=0.0, dies_at=None):
        """A new actor, which waits for its first turn."""
        actor = Actor(name, work, timedelta(seconds=skew), self.now, dies_at)
        self.actors.append(actor)
        hand = Hand.free()
        hand.play(lambda: self._act(hand, actor))
        return actor

    def turn(self, actor):
        """Hands the baton over until the actor gives it back or ends."""
        self.steps += 1
        self.current = actor
        actor.baton.release()
        self._director.acquire()
        self.current = None
        if actor.ended:
            self.actors.remove(actor)

    def ready(self):
        """The actors that could move now."""
        return [actor for actor in self.actors if actor.until <= self.now]

    def pause(self, until=None):
        """The current actor stands still, until a moment or just for others to move."""
        actor = self.current
        if until is not None:
            actor.until = until
        self._director.release()
        actor.baton.acquire()
        if actor.dies_at is not None and self.now > actor.dies_at:
            raise Died

    def at_call(self, what):
        """A port is called: the current actor may die, stand still, or let others move first."""
        self.calls += 1
        actor = self.current
        if actor is None:
            return
        self.note(what)
        odds, drawn = self.odds, self.random.random()
        if drawn < odds.die:
            raise Died
        drawn -= odds.die
        if drawn < odds.freeze:
            self.note("stands still")
            self.pause(self.now + timedelta(seconds=self.random.choice((1, 10, 30, 120))))
        elif drawn - odds.freeze < odds.switch:
            self.pause()

    def note(self, what):
        """One line of the story of this seed."""
        self.trace.append((self.now, self.current.name if self.current else "world", what))

    def chance(self, odds):
        """Whether something of these odds happens now."""
        return odds > 0 and self.random.random() < odds

    def _act(self, hand, actor):
        actor.baton.acquire()
        try:
            actor.result = actor.work()
        except BaseException as error:  # noqa: BLE001 - the edge of one actor: the director judges what ended it
            actor.error = error
        actor.ended = True
        Hand.idle.append(hand)
        self._director.release()


class ActorClock:
    """The clock of whoever moves: the true time and that actor's error."""

    def __init__(self, stage):
        self._stage = stage

    def now(self):
        skew = self._stage.current.skew if self._stage.current else timedelta()
        return self._stage.now + skew

    def sleep(self, seconds):
        if seconds > 0 and self._stage.current:
            self._stage.pause(self._stage.now + timedelta(seconds=seconds))
