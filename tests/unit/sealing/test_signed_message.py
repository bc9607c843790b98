"""Who may make a dispatch message: certificates, signatures, and everything that is refused."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from carillon.domain.certificate import Certificate, certify, read_certificate
from carillon.domain.errors import SealError
from carillon.domain.signed_message import check_signer, check_time, sign_message, take_apart

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROOT, STRANGER = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
SESSION = Ed25519PrivateKey.generate()
SENDERS = frozenset({"tick", "worker", "api"})
ENVELOPE = b"sealed bytes, whatever they are"


def certificate(**changes):
    made = Certificate("tick", "carillon", SESSION.public_key().public_bytes_raw(), NOON, NOON + HOUR)
    return replace(made, **changes)


def signed_by(root, made=None):
    return certify(made or certificate(), lambda statement: root.sign(statement, ECDSA(SHA256())))


def accept(body, environment="carillon", root=ROOT):
    message = take_apart(body)
    check_signer(
        message,
        read_certificate(message.certified, root.public_key()),
        environment=environment,
        roles=SENDERS,
    )
    return message.envelope


def a_body(certified=None, session=SESSION):
    return sign_message(ENVELOPE, certified or signed_by(ROOT), session)


def test_a_message_of_a_certified_sender_is_accepted():
    assert accept(a_body()) == ENVELOPE


def test_a_certificate_comes_back_as_it_was_made():
    assert read_certificate(signed_by(ROOT), ROOT.public_key()) == certificate()


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: a_body(signed_by(STRANGER)), "signer is unknown"),
        (lambda: a_body(session=Ed25519PrivateKey.generate()), "signature is wrong"),
        (lambda: a_body(signed_by(ROOT, certificate(environment="other"))), "not in this one"),
        (lambda: a_body(signed_by(ROOT, certificate(role="follow"))), "may not send"),
    ],
    ids=["unknown root", "another session's key", "another stack", "a role that does not send"],
)
def test_a_message_of_anybody_else_is_refused(made, reason):
    with pytest.raises(SealError, match=reason):
        accept(made())


def test_no_single_byte_can_be_changed():
    raw = base64.b64decode(a_body())
    for index in range(len(raw)):
        altered = raw[:index] + bytes([raw[index] ^ 1]) + raw[index + 1 :]
        with pytest.raises(SealError):
            accept(base64.b64encode(altered).decode())


def test_no_cut_message_is_accepted():
    raw = base64.b64decode(a_body())
    for length in range(len(raw)):
        with pytest.raises(SealError):
            accept(base64.b64encode(raw[:length]).decode())


@pytest.mark.parametrize("version", [0, 1, 3, 255])
def test_a_message_that_says_another_version_is_refused(version):
    raw = base64.b64decode(a_body())
    with pytest.raises(SealError, match=f"has version {version}"):
        accept(base64.b64encode(bytes([version]) + raw[1:]).decode())


def test_the_parts_of_a_message_in_another_order_are_refused():
    raw, certified = base64.b64decode(a_body()), signed_by(ROOT)
    head, rest = raw[:3], raw[3:]
    parts = (rest[: -64 - len(ENVELOPE)], rest[-64 - len(ENVELOPE) : -len(ENVELOPE)], ENVELOPE)
    assert len(parts[0]) in range(len(certified) - 4, len(certified) + 5)
    for order in permutations(parts):
        if order != parts:
            with pytest.raises(SealError):
                accept(base64.b64encode(head + b"".join(order)).decode())


def test_an_envelope_cannot_be_put_under_another_messages_signature():
    one, two = take_apart(a_body()), take_apart(sign_message(b"another", signed_by(ROOT), SESSION))
    raw = base64.b64decode(a_body())
    mixed = raw[: -len(one.envelope)] + two.envelope
    with pytest.raises(SealError, match="signature is wrong"):
        accept(base64.b64encode(mixed).decode())


def test_what_the_root_signed_for_another_purpose_is_no_certificate():
    statement = b'{"environment":"carillon","from":0,"key":"","role":"tick","until":9,"v":1}'
    other = certify(certificate(), lambda _: ROOT.sign(statement, ECDSA(SHA256())))
    forged = len(statement).to_bytes(2) + statement + other[2 + int.from_bytes(other[:2]) :]
    with pytest.raises(SealError, match="not one of"):
        read_certificate(forged, ROOT.public_key())


@pytest.mark.parametrize(
    ("signed_at", "now", "holds"),
    [(NOON, NOON, True), (NOON, NOON + HOUR, True), (NOON + HOUR, NOON + 2 * HOUR, False)],
    ids=["at once", "to the last moment", "expired since"],
)
def test_a_certificate_that_has_run_out_since_is_told_from_one_that_holds(signed_at, now, holds):
    assert check_time(certificate(), signed_at, now) is holds


@pytest.mark.parametrize(
    "signed_at", [NOON - timedelta(milliseconds=1), NOON + HOUR + timedelta(milliseconds=1)]
)
def test_a_certificate_that_did_not_hold_when_it_signed_is_refused(signed_at):
    with pytest.raises(SealError, match="did not hold"):
        check_time(certificate(), signed_at, NOON)


@given(
    st.one_of(
        st.text(max_size=300), st.binary(max_size=400).map(lambda noise: base64.b64encode(noise).decode())
    )
)
def test_whatever_the_body_only_seal_error_is_raised(body):
    with pytest.raises(SealError):
        accept(body)


@given(st.binary(max_size=400))
def test_whatever_the_certificate_only_seal_error_is_raised(noise):
    for certified in (noise, signed_by(ROOT)[:60] + noise):
        with pytest.raises(SealError):
            read_certificate(certified, ROOT.public_key())
