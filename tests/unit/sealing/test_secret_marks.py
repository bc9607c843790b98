"""Marks of secrets: a callback loses what it was told, and the marks tell nobody what that was."""

import time

import pytest

from carillon.domain.secret_marks import MarkMask, marks_of
from carillon.domain.secret_mask import MASK, SecretMask

TOKEN = "0" * 32
SECRETS = ("Zürich & co/ü", "s3cr3t-value", "4711")


def mask(token=TOKEN, secrets=SECRETS):
    return MarkMask(marks_of(SecretMask(secrets), TOKEN), token)


@pytest.mark.parametrize("form", SecretMask(SECRETS).forms)
def test_every_form_that_a_worker_masks_is_masked_in_a_callback(form):
    assert mask().text(f"before {form} after {form}") == f"before {MASK} after {MASK}"


def test_values_lose_secrets_in_keys_texts_and_numbers():
    said = {"s3cr3t-value": ["a s3cr3t-value b", 4711, 47110, None, True]}
    assert mask().value(said) == {MASK: [f"a {MASK} b", MASK, 47110, None, True]}


def test_the_longest_of_two_secrets_that_begin_alike_goes():
    assert mask(secrets=("abcd", "abcdefgh")).text("abcdefgh abcdef") == f"{MASK} {MASK}ef"


@pytest.mark.parametrize("text", ["", "s3c", "s3cr", "s3cr3t-valuf", "\ud800s3cr", "ordinary words"])
def test_what_is_no_secret_stays(text):
    assert mask().text(text) == text


def test_with_another_token_the_marks_tell_nothing():
    assert mask(token="1" * 32).text("s3cr3t-value") == "s3cr3t-value"
    assert not any(word in str(marks_of(SecretMask(SECRETS), TOKEN)) for word in ("s3cr", "4711"))


def test_a_callback_without_marks_is_left_alone():
    assert MarkMask((), TOKEN).hides_nothing
    assert MarkMask((), TOKEN).value({"a": 1}) == {"a": 1}


def test_the_largest_output_is_looked_through_in_a_moment():
    secrets = [f"secret number {number:02}" for number in range(32)]
    began = time.process_time()
    mask(secrets=secrets).text("secret number 99, " * 2000)
    assert time.process_time() - began < 5
