"""The envelope: what it keeps, what it refuses, and the vectors that hold for ever."""

import json
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carillon.domain.errors import SealError, Unavailable
from carillon.domain.seal import (
    MAX_PLAINTEXT_BYTES,
    MAX_WRAPPED_BYTES,
    DataKey,
    Envelope,
    canonical,
    seal,
    unseal,
)

KEY = DataKey(bytes(range(32)), b"wrapped-by-kms")
SALT = bytes(reversed(range(32)))
CONTEXT = {"purpose": "secret", "environment": "carillon", "schedule": "nightly-etl"}
VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())


def unwrap(wrapped, context):
    if wrapped != KEY.wrapped:
        raise SealError("KMS does not know this key.")
    return KEY.plain


@given(
    st.binary(max_size=500),
    st.binary(min_size=32, max_size=32),
    st.dictionaries(st.text(), st.text(), max_size=4),
)
def test_what_was_sealed_is_opened_in_the_same_context(plaintext, salt, context):
    assert unseal(seal(plaintext, KEY, context, salt), context, unwrap) == plaintext


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_vector_is_opened_and_made_again_for_ever(vector):
    key = DataKey(bytes.fromhex(vector["key"]), bytes.fromhex(vector["wrapped"]))
    plaintext, sealed = bytes.fromhex(vector["plaintext"]), bytes.fromhex(vector["sealed"])
    assert unseal(sealed, vector["context"], lambda wrapped, context: key.plain) == plaintext
    assert seal(plaintext, key, vector["context"], bytes.fromhex(vector["salt"])) == sealed


@pytest.mark.parametrize("bit", range(0, 8 * len(seal(b"text", KEY, CONTEXT, SALT)), 3))
def test_no_single_bit_can_be_changed(bit):
    sealed = bytearray(seal(b"text", KEY, CONTEXT, SALT))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealError):
        unseal(bytes(sealed), CONTEXT, unwrap)


@pytest.mark.parametrize("length", range(len(seal(b"text", KEY, CONTEXT, SALT))))
def test_no_cut_envelope_is_opened(length):
    with pytest.raises(SealError):
        unseal(seal(b"text", KEY, CONTEXT, SALT)[:length], CONTEXT, unwrap)


def test_no_extended_envelope_is_opened():
    with pytest.raises(SealError):
        unseal(seal(b"text", KEY, CONTEXT, SALT) + b"\0", CONTEXT, unwrap)


@pytest.mark.parametrize(
    "other",
    [
        {**CONTEXT, "purpose": "dispatch"},
        {**CONTEXT, "schedule": "nightly-etl2"},
        {**CONTEXT, "more": ""},
        {"purpose": "secret", "environment": "carillon"},
        {},
    ],
    ids=["purpose", "schedule", "one more", "one less", "none"],
)
def test_an_envelope_is_opened_in_no_other_context(other):
    with pytest.raises(SealError, match="not sealed for this context"):
        unseal(seal(b"text", KEY, CONTEXT, SALT), other, unwrap)


@pytest.mark.parametrize("version", [0, 2, 127, 255])
def test_an_envelope_that_says_another_version_is_refused(version):
    with pytest.raises(SealError, match=f"has version {version}"):
        unseal(bytes([version]) + seal(b"text", KEY, CONTEXT, SALT)[1:], CONTEXT, unwrap)


def test_the_parts_of_an_envelope_in_another_order_are_refused():
    whole = Envelope.parse(seal(b"text", KEY, CONTEXT, SALT))
    length = len(whole.wrapped).to_bytes(2)
    parts = (whole.salt, whole.commitment, length, whole.wrapped, whole.ciphertext)
    in_order = b"\1" + b"".join(parts)
    assert unseal(in_order, CONTEXT, unwrap) == b"text"
    for order in permutations(parts):
        if b"\1" + b"".join(order) != in_order:
            with pytest.raises(SealError):
                unseal(b"\1" + b"".join(order), CONTEXT, unwrap)


def test_parts_of_two_envelopes_make_no_third():
    one = Envelope.parse(seal(b"one", KEY, CONTEXT, SALT))
    two = Envelope.parse(seal(b"two", KEY, CONTEXT, bytes(32)))
    for header, text in ((one, two), (two, one)):
        with pytest.raises(SealError):
            unseal(header.header + text.ciphertext, CONTEXT, unwrap)


def test_two_keys_cannot_both_open_one_envelope():
    sealed = seal(b"text", KEY, CONTEXT, SALT)
    with pytest.raises(SealError, match="not under this key"):
        unseal(sealed, CONTEXT, lambda wrapped, context: bytes(32))


@given(st.binary(max_size=400))
def test_whatever_the_bytes_only_seal_error_is_raised(noise):
    for sealed in (noise, seal(b"text", KEY, CONTEXT, SALT)[:67] + noise, bytes([1]) + noise):
        with pytest.raises(SealError):
            unseal(sealed, CONTEXT, unwrap)


def test_an_outage_of_the_key_service_is_not_called_tampering():
    def outage(wrapped, context):
        raise Unavailable("KMS did not answer.")

    with pytest.raises(Unavailable):
        unseal(seal(b"text", KEY, CONTEXT, SALT), CONTEXT, outage)


@pytest.mark.parametrize(
    ("plaintext", "key", "salt"),
    [
        (bytes(MAX_PLAINTEXT_BYTES + 1), KEY, SALT),
        (b"", KEY, SALT[:31]),
        (b"", DataKey(bytes(16), b"w"), SALT),
        (b"", DataKey(bytes(32), b""), SALT),
        (b"", DataKey(bytes(32), bytes(MAX_WRAPPED_BYTES + 1)), SALT),
    ],
    ids=["text too long", "salt too short", "key too short", "no wrapped key", "wrapped key too long"],
)
def test_sizes_out_of_bounds_are_refused(plaintext, key, salt):
    with pytest.raises(SealError):
        seal(plaintext, key, CONTEXT, salt)


def test_a_context_has_one_form_whatever_its_order():
    assert canonical({"b": "ü", "a": "1"}) == canonical({"a": "1", "b": "ü"}) == b'{"a":"1","b":"\\u00fc"}'


def test_a_data_key_does_not_show_itself():
    assert "***" in repr(KEY)
    assert repr(bytes(range(32)))[2:10] not in repr(KEY)
