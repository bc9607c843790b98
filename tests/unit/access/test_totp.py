"""Codes: RFC 6238's own vectors, which steps are good, and the lock."""

from datetime import timedelta

import pytest

from carillon.domain.moments import EPOCH
from carillon.domain.totp import (
    Standing,
    Verdict,
    judge,
    judge_recovery,
    matching_step,
    recovery_code,
    recovery_digest,
    without_code,
)

SEED = b"12345678901234567890"
# RFC 6238, appendix B, SHA-1: the last six of its eight digits.
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
}


def at(seconds):
    return EPOCH + timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", VECTORS)
def test_the_codes_are_those_of_the_standard(seconds):
    assert matching_step(SEED, VECTORS[seconds], at(seconds)) == seconds // 30


def test_a_code_is_good_in_its_step_and_the_next_and_never_before():
    code, begin = VECTORS[1111111111], 1111111111 // 30 * 30
    good = [seconds for seconds in range(-60, 120) if matching_step(SEED, code, at(begin + seconds))]
    assert (good[0], good[-1], len(good)) == (0, 59, 60)


@pytest.mark.parametrize("code", ["", "28708", "2870822", "28708\ud800", "None"])
def test_what_is_no_code_matches_no_step(code):
    assert matching_step(SEED, code, at(59)) is None


def test_a_step_is_good_once_and_an_older_one_never_again():
    verdict, standing = judge(Standing(), 7, at(0))
    assert (verdict, standing) == (Verdict.ACCEPTED, Standing(7))
    assert judge(standing, 7, at(0)) == (Verdict.REPEATED, standing)
    assert judge(standing, 6, at(0)) == (Verdict.REPEATED, standing)


def test_locks_come_with_each_fifth_miss_and_grow_to_a_day():
    standing, now, locks = Standing(), at(0), []
    for _ in range(30):
        verdict, standing = judge(standing, None, now)
        assert verdict is Verdict.WRONG
        if standing.locked_until:
            locks.append((standing.misses, (standing.locked_until - now).total_seconds() / 60))
            assert judge(standing, 99, now)[0] is Verdict.LOCKED
            now = standing.locked_until
    assert locks == [(5, 15), (10, 60), (15, 60), (20, 1440), (25, 1440), (30, 1440)]
    assert judge(standing, 99, now) == (Verdict.ACCEPTED, Standing(99))


def test_a_recovery_code_waits_for_the_lock_too_and_leaves_the_last_step():
    locked = Standing(7, 5, at(10))
    assert judge_recovery(locked, True, at(0))[0] is Verdict.LOCKED
    assert judge_recovery(locked, True, at(10)) == (Verdict.ACCEPTED, Standing(7))
    assert judge_recovery(Standing(7, 4), False, at(0))[1] == Standing(7, 5, at(900))


def test_a_recovery_code_is_known_however_it_is_spelled_and_used_up():
    codes = [recovery_code(str(number)) for number in range(3)]
    stored = tuple(map(recovery_digest, codes))
    assert without_code(stored, codes[1].upper().replace("-", "")) == (stored[0], stored[2])
    assert without_code(stored, "aaaa-aaaa-aaaa-aaaa") is None
