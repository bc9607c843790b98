"""`max_attempts: 1` is at-most-once, crash included: the worker dies at each of its calls in turn, before and after.

Each run of the story is a stack of its own. The first counts the calls that the worker makes of its ports; then one
dies at each of them. Ticks and a redelivered message must bring every run to an end, with one call of its target or
none.
"""

import contextlib

import pytest

from carillon.domain.job import Retry, Wait
from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable, timed_out
from carillon.domain.run import RunState
from tests.fakes.life import Life

ANSWERS = {
    "success": Outcome(OutcomeKind.SUCCESS, "done"),
    "retryable": retryable("http_503", "503"),
    "permanent": permanent("http_404", "404"),
    "timed out": timed_out("too slow"),
}
ENDS = {
    "success": RunState.SUCCEEDED,
    "retryable": RunState.FAILED,
    "permanent": RunState.FAILED,
    "timed out": RunState.TIMED_OUT,
}


class Died(BaseException):
    """The process is gone: nothing catches this."""


class Mortal:
    """Counts the calls of every port it wraps, and dies at one of them."""

    def __init__(self, at=None, *, after=False):
        self.at, self.after, self.count, self.armed, self.names = at, after, 0, False, []

    def wrap(self, port, *names):
        for name in names:
            setattr(port, name, self._mortal(getattr(port, name), name))

    def _mortal(self, call, name):
        def called(*arguments, **options):
            if not self.armed:
                return call(*arguments, **options)
            number, self.count = self.count, self.count + 1
            self.names.append(name)
            if number == self.at and not self.after:
                self._die()
            answer = call(*arguments, **options)
            if number == self.at:
                self._die()
            return answer

        return called

    def _die(self):
        self.armed = False
        raise Died


def stack(mortal, answer, wait=None):
    """A stack whose worker makes mortal calls; the clock, chance and log cannot fail."""
    life = Life(Retry(max_attempts=1), wait=wait)
    life.target.answers = [answer] * 5
    mortal.wrap(life.runs, "get", "transition", "put_if_absent", "get_many")
    mortal.wrap(life.schedules, "head", "revision")
    mortal.wrap(life.queue, "send")
    mortal.wrap(life.slots, "read", "swap")
    mortal.wrap(life.target, "execute")
    life.tick_once()
    return life


def live(mortal, answer, wait=None, *, redelivered=False):
    """One worker, which may die; then ticks, and workers that do not, until nothing is left to do."""
    life = stack(mortal, answer, wait)
    message = life.queue.sent.pop(0)
    mortal.armed = True
    with contextlib.suppress(Died):
        life.work(message)
    mortal.armed = False
    if redelivered:
        life.work(message)
    for _ in range(6):
        life.clock.advance(61)
        life.tick_once()
        while life.queue.sent:
            life.work()
    return life


def points(answer, wait=None):
    """How many calls the worker makes in a life without death."""
    mortal = Mortal()
    live(mortal, answer, wait)
    return mortal.count


@pytest.mark.parametrize("redelivered", [False, True], ids=["not redelivered", "redelivered"])
@pytest.mark.parametrize("name", ANSWERS)
def test_a_worker_that_dies_at_any_call_leaves_at_most_one_call_and_an_end(name, redelivered):
    answer, ends = ANSWERS[name], set()
    count = points(answer)
    assert count >= 6
    for at in range(count):
        for after in (False, True):
            mortal = Mortal(at, after=after)
            life = live(mortal, answer, redelivered=redelivered)
            told = f"{mortal.names[at]} number {at}, {'after' if after else 'before'}"
            assert len(life.target.calls) <= 1, told
            assert life.row.attempt <= 1, told
            assert life.row.state in {ENDS[name], RunState.UNKNOWN}, told
            # What is not UNKNOWN tells the truth about the one call there was.
            assert (life.row.state is RunState.UNKNOWN) or len(life.target.calls) == 1, told
            ends.add(life.row.state)
    assert ends == {ENDS[name], RunState.UNKNOWN}


def test_a_worker_that_dies_at_any_call_of_a_waiting_job_leaves_at_most_one_call_and_an_end():
    answer, ends = ANSWERS["success"], set()
    count = points(answer, Wait(120))
    for at in range(count):
        for after in (False, True):
            life = live(Mortal(at, after=after), answer, Wait(120))
            assert len(life.target.calls) <= 1
            assert life.row.state in {RunState.TIMED_OUT, RunState.UNKNOWN}, (at, after)
            ends.add(life.row.state)
    assert ends == {RunState.TIMED_OUT, RunState.UNKNOWN}


def test_nothing_is_wrong_with_the_story_when_nobody_dies():
    life = live(Mortal(), ANSWERS["success"])
    assert (life.row.state, len(life.target.calls)) == (RunState.SUCCEEDED, 1)
