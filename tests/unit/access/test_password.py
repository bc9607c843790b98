"""Stored passwords."""

import pytest

from carillon.domain.password import COST, decoy, hash_password, verify_password


def test_only_the_same_password_fits():
    text = hash_password("correct horse", b"0123456789abcdef", cost=16)

    assert verify_password("correct horse", text)
    assert not verify_password("correct horse ", text)
    assert not verify_password("", text)


def test_the_text_names_its_own_cost_so_an_old_one_still_fits():
    assert hash_password("p", b"salt", cost=16).startswith("scrypt$16$8$3$")
    assert decoy().startswith(f"scrypt${COST}$8$3$")


@pytest.mark.parametrize(
    "text", ["", "scrypt$16$8$3$c2FsdA==", "md5$16$8$3$c2FsdA==$aGFzaA==", "scrypt$x$8$3$$"]
)
def test_nothing_fits_a_malformed_text(text):
    assert not verify_password("p", text)


def test_no_password_fits_the_decoy():
    assert not verify_password("", decoy(cost=16))


def test_an_endless_password_is_refused_without_hashing_it():
    assert not verify_password("x" * 1025, hash_password("x" * 1025, b"salt", cost=16))
