"""Who may make a dispatch message: certificates, signatures, and everything that is refused."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import permutations
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given
from hypothesis import strategies as st

from carillon.domain.certificate import Certificate, certify, read_certificate
from carillon.domain.errors import SealError
from carillon.domain.seal import DataKey, seal, unseal
from carillon.domain.signed_message import check_signer, check_time, sign_message, sign_messages, take_apart

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROOT, STRANGER = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
SESSION = Ed25519PrivateKey.generate()
SENDERS = frozenset({"tick", "worker", "api"})
ENVELOPE = b"sealed bytes, whatever they are"
MESSAGES = json.loads((Path(__file__).parent / "message_vectors.json").read_text())


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


def among_others(certified=None, session=SESSION):
    return sign_messages([b"another", ENVELOPE, b"a third"], certified or signed_by(ROOT), session)[1]


both_ways = pytest.mark.parametrize("make", [a_body, among_others])


def of_hex(name):
    found = MESSAGES[name]
    return bytes.fromhex(found) if isinstance(found, str) else [bytes.fromhex(each) for each in found]


@pytest.mark.parametrize("version", ["alone", "together"])
def test_the_messages_of_both_versions_are_read_for_ever(version):
    root, opened = load_der_public_key(of_hex("root")), []
    for body in MESSAGES[version]:
        message = take_apart(body)
        signer = read_certificate(message.certified, root)
        check_signer(message, signer, environment="carillon", roles=SENDERS)
        opened.append(unseal(message.envelope, MESSAGES["context"], lambda wrapped, context: of_hex("key")))
    assert opened == of_hex("plaintexts")[: len(opened)]


@pytest.mark.parametrize("version", ["alone", "together"])
def test_the_messages_of_both_versions_are_made_again_for_ever(version):
    key, session = (
        DataKey(of_hex("key"), of_hex("wrapped")),
        Ed25519PrivateKey.from_private_bytes(of_hex("session")),
    )
    parts = list(zip(of_hex("plaintexts"), of_hex("salts"), strict=True))[: len(MESSAGES[version])]
    envelopes = [seal(text, key, MESSAGES["context"], salt) for text, salt in parts]
    assert sign_messages(envelopes, of_hex("certificate"), session) == MESSAGES[version]


@both_ways
def test_a_message_of_a_certified_sender_is_accepted(make):
    assert accept(make()) == ENVELOPE


def test_a_certificate_comes_back_as_it_was_made():
    assert read_certificate(signed_by(ROOT), ROOT.public_key()) == certificate()


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: {"certified": signed_by(STRANGER)}, "signer is unknown"),
        (lambda: {"session": Ed25519PrivateKey.generate()}, "signature is wrong"),
        (lambda: {"certified": signed_by(ROOT, certificate(environment="other"))}, "not in this one"),
        (lambda: {"certified": signed_by(ROOT, certificate(role="follow"))}, "may not send"),
    ],
    ids=["unknown root", "another session's key", "another stack", "a role that does not send"],
)
@both_ways
def test_a_message_of_anybody_else_is_refused(made, reason, make):
    with pytest.raises(SealError, match=reason):
        accept(make(**made()))


@both_ways
def test_no_single_byte_can_be_changed(make):
    raw = base64.b64decode(make())
    for index in range(len(raw)):
        altered = raw[:index] + bytes([raw[index] ^ 1]) + raw[index + 1 :]
        with pytest.raises(SealError):
            accept(base64.b64encode(altered).decode())


@both_ways
def test_no_cut_message_is_accepted(make):
    raw = base64.b64decode(make())
    for length in range(len(raw)):
        with pytest.raises(SealError):
            accept(base64.b64encode(raw[:length]).decode())


@both_ways
@pytest.mark.parametrize("version", [0, 1, 4, 255])
def test_a_message_that_says_another_version_is_refused(version, make):
    raw = base64.b64decode(make())
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


def test_a_message_by_itself_is_none_among_others_nor_the_other_way_round():
    for make, version in ((a_body, 3), (among_others, 2)):
        with pytest.raises(SealError):
            accept(base64.b64encode(bytes([version]) + base64.b64decode(make())[1:]).decode())


def test_each_of_the_messages_that_share_a_signature_is_accepted_by_itself():
    envelopes = [bytes([number]) * number for number in range(1, 11)]
    assert [accept(body) for body in sign_messages(envelopes, signed_by(ROOT), SESSION)] == envelopes


def test_an_envelope_that_is_not_among_the_signed_is_refused():
    raw = base64.b64decode(among_others())
    with pytest.raises(SealError, match="signature is wrong"):
        accept(base64.b64encode(raw.replace(ENVELOPE, b"one of another ten")).decode())


def test_an_envelope_whose_digest_was_added_is_refused():
    envelope = b"one of another ten"
    raw = base64.b64decode(among_others())
    digests = 3 + int.from_bytes(raw[1:3]) + 64
    longer = raw[:digests] + b"\4" + raw[digests + 1 : -len(ENVELOPE)] + sha256(envelope).digest() + envelope
    with pytest.raises(SealError, match="signature is wrong"):
        accept(base64.b64encode(longer).decode())


@pytest.mark.parametrize("count", [0, 11, 255])
def test_a_message_among_none_or_too_many_is_refused(count):
    raw = base64.b64decode(among_others())
    place = 3 + int.from_bytes(raw[1:3]) + 64
    noise = raw[:place] + bytes([count]) + raw[place + 1 :] + bytes(400)
    with pytest.raises(SealError, match="digests do not fit"):
        accept(base64.b64encode(noise).decode())


@pytest.mark.parametrize("count", [0, 11])
def test_more_than_ten_messages_or_none_are_not_signed_together(count):
    with pytest.raises(SealError, match="at most 10"):
        sign_messages([ENVELOPE] * count, signed_by(ROOT), SESSION)


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
