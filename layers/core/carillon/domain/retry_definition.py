"""The parts of a job's document that say what follows an attempt: its retries, and its wait for a callback."""

import re
from difflib import get_close_matches
from typing import Final

from carillon.domain.job import Backoff, Retry, Wait
from carillon.domain.reading import Section
from carillon.domain.retry_words import CLASSES, ERRORS, HTTP_CLASSES, HTTP_STATUS

MAX_ATTEMPTS: Final = 100
MAX_WORDS: Final = 50
LONGEST_BACKOFF_SECONDS: Final = 86_400
LONGEST_DEADLINE_SECONDS: Final = 30 * 86_400
LONGEST_WAIT_SECONDS: Final = 30 * 86_400
SHORTEST_HEARTBEAT_SECONDS: Final = 60
RETRY_FIELDS: Final = (
    "max_attempts", "backoff", "base_seconds", "cap_seconds", "retry_on", "never_on", "deadline_seconds",
)  # fmt: skip
WAIT_FIELDS: Final = ("wait", "wait_timeout_seconds", "heartbeat_seconds")
_NO_FAILURE: Final = re.compile(r"http_[12]\d\d")
_WORDS: Final = (*CLASSES, *HTTP_CLASSES, *sorted(ERRORS))


def read_retry(section: Section) -> Retry:
    """The retry policy; faults are noted in the document's list."""
    default = Retry()
    deadline = section.number("deadline_seconds", 0.0, 1, LONGEST_DEADLINE_SECONDS)
    retry = Retry(
        max_attempts=section.whole("max_attempts", default.max_attempts, 1, MAX_ATTEMPTS),
        backoff=section.choice("backoff", Backoff.EXPONENTIAL),
        base_seconds=section.number("base_seconds", default.base_seconds, 0, LONGEST_BACKOFF_SECONDS),
        cap_seconds=section.number("cap_seconds", default.cap_seconds, 0, LONGEST_BACKOFF_SECONDS),
        retry_on=_words(section, "retry_on"),
        never_on=_words(section, "never_on"),
        deadline_seconds=deadline or None,
    )
    for word in retry.retry_on:
        if word in retry.never_on:
            section.fault("never_on", f"{word} stands in retry_on too; keep it in one of the two.")
    return retry


def read_wait(section: Section, *, can_be_followed: bool = False) -> Wait | None:
    """What a job waits for, None for a job that is done when its target answers."""
    wait = section.get("wait")
    if wait is None:
        for name in WAIT_FIELDS[1:]:
            if section.get(name) is not None:
                section.fault(
                    name,
                    'This only counts beside "wait": "callback" or "completion"; add that or leave this out.',
                )
        return None
    if wait not in ("callback", "completion"):
        section.fault(
            "wait",
            'Use "callback" or "completion", or leave wait out: the run then ends when its target answers.',
        )
    elif wait == "completion" and not can_be_followed:
        section.fault(
            "wait", "Only stepfunctions, ecs and ssm targets can be followed; use callback for others."
        )
    default = Wait()
    seconds = section.whole("wait_timeout_seconds", default.timeout_seconds, 1, LONGEST_WAIT_SECONDS)
    return Wait(seconds, _heartbeat(section, seconds), for_completion=wait == "completion")


def _heartbeat(section: Section, wait_seconds: int) -> int | None:
    if section.get("heartbeat_seconds") is None:
        return None
    # The sweep looks once a minute, so a shorter silence could not be told from none.
    heartbeat = section.whole(
        "heartbeat_seconds", SHORTEST_HEARTBEAT_SECONDS, SHORTEST_HEARTBEAT_SECONDS, LONGEST_WAIT_SECONDS
    )
    if heartbeat > wait_seconds:
        section.fault("heartbeat_seconds", "A heartbeat must be shorter than wait_timeout_seconds.")
    return heartbeat


def _words(section: Section, name: str) -> tuple[str, ...]:
    given = section.get(name)
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > MAX_WORDS:
        section.fault(
            name, f'This must be a list of at most {MAX_WORDS} words, such as ["http_5xx", "timeout"].'
        )
        return ()
    for position, word in enumerate(given):
        if isinstance(word, str) and _NO_FAILURE.fullmatch(word):
            section.fault(f"{name}.{position}", f"{word} is no failure, so it never counts; leave it out.")
        elif not (isinstance(word, str) and (word in _WORDS or HTTP_STATUS.fullmatch(word))):
            section.fault(f"{name}.{position}", _unknown(word))
    return tuple(dict.fromkeys(word for word in given if isinstance(word, str)))


def _unknown(word: object) -> str:
    near = get_close_matches(str(word)[:64], _WORDS, n=1)
    if near:
        return f"There is no such error; did you mean {near[0]}?"
    classes = ", ".join((*CLASSES, *HTTP_CLASSES))
    return f"There is no such error. Name a status as http_503, a class ({classes}), or an error's own word."
