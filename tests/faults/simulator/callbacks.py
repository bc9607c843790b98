"""Targets that answer later: each call that was given a token is followed by words, at once, late, twice, or never."""

from dataclasses import dataclass, field
from datetime import timedelta

from carillon.domain.callback import CallbackVerb
from carillon.domain.errors import CarillonError
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId
from carillon.domain.waiting import Answer
from carillon.services.answer_callback import Caller
from tests.faults.simulator.stage import Died

BEAT, COMPLETE, FAIL, GIVE_UP = "heartbeat", "complete", "fail", "give up"
_PLANS = (
    *[(COMPLETE,)] * 4,
    (FAIL,),
    (GIVE_UP,),
    (BEAT, BEAT, COMPLETE),
    (BEAT, FAIL),
    (BEAT, BEAT, BEAT, BEAT),
    (),
)
_ANSWERS = {
    COMPLETE: Answer(CallbackVerb.COMPLETE, "done"),
    FAIL: Answer(CallbackVerb.FAIL, "not done"),
    GIVE_UP: Answer(CallbackVerb.FAIL, "never", is_retryable=False),
}
MOST_TRIES = 6


@dataclass
class Speaker:
    """The work that one attempt's target has taken on: what it will say, from when on."""

    run_id: RunId
    attempt: int
    token: str
    at: object
    words: list = field(default_factory=list)
    tries: int = 0


class Callbacks:
    """Everybody who still has something to say."""

    def __init__(self, stage, witness):
        self._stage, self._witness = stage, witness
        self.speakers = []

    def taken_on(self, call):
        """A target was called with a token, and means to answer."""
        random = self._stage.random
        words = [COMPLETE] if self._stage.is_healed else list(random.choice(_PLANS))
        if words:
            at = self._stage.now + timedelta(seconds=random.choice((0, 0.1, 4, 12, 25)))
            self.speakers.append(
                Speaker(RunId.parse(call.run_id), call.attempt, call.callback_token, at, words)
            )

    def due(self):
        """Those who could speak now."""
        return [speaker for speaker in self.speakers if speaker.at <= self._stage.now]

    def say(self, answer, speaker):
        """Says the next word through the service; what was taken must stand in the row."""
        word, caller = speaker.words[0], Caller(token=speaker.token)
        self._stage.note(f"{word} of {speaker.run_id} attempt {speaker.attempt}")
        if word == BEAT:
            answer.heartbeat(caller, str(speaker.run_id))
            return
        if word == COMPLETE:
            self._witness.completing.add((speaker.run_id, speaker.attempt))
        run = answer(caller, str(speaker.run_id), _ANSWERS[word])
        if word == COMPLETE:
            self._witness.must(
                run.state is RunState.SUCCEEDED, f"{speaker.run_id} took its completion and is {run.state}"
            )

    def said(self, speaker, error):
        """Goes on to the next word, says the same again, or falls silent when nobody listens."""
        random = self._stage.random
        if isinstance(error, Died) or (isinstance(error, CarillonError) and error.retryable):
            speaker.tries += 1
        elif error is not None:
            speaker.words.clear()
        elif not self._stage.chance(self._stage.odds.duplicate):
            del speaker.words[0]
        if speaker.words and speaker.tries < MOST_TRIES:
            speaker.at = self._stage.now + timedelta(seconds=random.choice((1, 5, 9, 13)))
            self.speakers.append(speaker)
