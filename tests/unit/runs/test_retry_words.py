"""The words of `retry_on` and `never_on`: those that attempts really end with, and no others."""

import ast
from pathlib import Path

import pytest

from carillon.domain.job import Retry
from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable
from carillon.domain.retry_words import CLASSES, ERRORS, HTTP_STATUS, may_try_again, names

PACKAGE = Path(__file__).parents[3] / "layers" / "core" / "carillon"
NEVER_ASKED = {"cancelled"}
"""Ends a run that somebody wants stopped: no rule is asked."""


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", "")), node


def texts(nodes):
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def words_of(path):
    """The words that a module gives to failed outcomes."""
    for name, node in calls(ast.parse(path.read_text())):
        if name in ("permanent", "retryable", "_failure"):
            yield from texts(node.args[:2])[:1]
        if name == "Outcome":
            yield from texts(keyword.value for keyword in node.keywords if keyword.arg == "error")


def test_every_word_that_an_attempt_can_end_with_can_be_named_in_a_policy():
    used = {word for path in PACKAGE.rglob("*.py") for word in words_of(path)}
    assert len(used) > 15
    assert used - ERRORS - NEVER_ASKED == set()


def test_every_word_that_can_be_named_is_used_somewhere():
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "retry_words.py")
    assert {word for word in ERRORS if f'"{word}"' not in source} == set()


def test_classes_hold_known_errors_only():
    members = {word for members in CLASSES.values() for word in members}
    assert {word for word in members if word not in ERRORS and not HTTP_STATUS.fullmatch(word)} == set()


@pytest.mark.parametrize(
    ("words", "error", "is_named"),
    [
        (("http_503",), "http_503", True),
        (("http_5xx",), "http_503", True),
        (("http_5xx",), "http_404", False),
        (("timeout",), "timed_out", True),
        (("timeout",), "http_504", True),
        (("connection",), "connection_refused", True),
        (("task",), "task_crashed", True),
        (("http_4xx", "task_raised"), "http_429", True),
        (("http_5xx",), "http_5xxx", False),
        (("http_5xx",), "disk_full", False),
        ((), "http_503", False),
    ],
)
def test_a_word_names_an_error_by_itself_or_by_its_class(words, error, is_named):
    assert names(words, error) is is_named


def test_without_rules_the_outcome_decides():
    assert may_try_again(Retry(), retryable("http_503", "503"))
    assert may_try_again(Retry(), Outcome(OutcomeKind.UNKNOWN, "lost", error="attempt_lost"))
    assert not may_try_again(Retry(), permanent("http_404", "404"))


def test_never_on_is_stronger_than_the_class_in_retry_on():
    rules = Retry(retry_on=("http_5xx",), never_on=("http_501",))
    assert may_try_again(rules, retryable("http_503", "503"))
    assert not may_try_again(rules, retryable("http_501", "501"))
