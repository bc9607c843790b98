"""Dispatch messages from one function's seals to another's: what is accepted, what is refused, and what it costs."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from carillon.adapters import keyring as keyrings
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import SealError, Throttled, Unavailable
from carillon.domain.run_id import RunId
from carillon.domain.signed_message import sign_message
from tests.fakes.clock import FakeClock
from tests.fakes.kms import FakeKms, kms_error
from tests.fakes.sealing import seals

SESSION = 3600


class Pair:
    """A tick that sends and a worker that reads, over one KMS."""

    def __init__(self, **sender):
        self.clock, self.kms = FakeClock(), FakeKms()
        self.tick = seals(self.clock, **{"role": "tick", "kms": self.kms, **sender})
        self.worker = seals(self.clock, role="worker", kms=self.kms)
        self.sender, self.reader = self.tick.signing_messages(), self.worker.verifying_messages()

    def message(self, attempt=1, min_revision=3):
        return Dispatch(RunId.of_fire_time("etl", self.clock.now()), attempt, self.clock.now(), min_revision)

    def body(self, among=1):
        """A message's body, sent by itself or among others."""
        return self.sender.seal([self.message()] * among)[-1]


@pytest.fixture
def pair():
    return Pair()


def test_a_message_arrives_as_it_was_sent_and_nobody_else_can_read_it(pair):
    body = pair.body()
    assert pair.reader.open(body) == pair.message()
    assert b"etl" not in base64.b64decode(body)


def test_messages_that_are_sent_together_are_read_in_any_order_and_without_each_other(pair):
    messages = [pair.message(attempt) for attempt in range(1, 11)]
    bodies = pair.sender.seal(messages)
    assert [pair.reader.open(body) for body in reversed(bodies)] == messages[::-1]
    other_worker = seals(pair.clock, role="worker", kms=pair.kms).verifying_messages()
    assert other_worker.open(bodies[3]) == messages[3]


def test_10_000_messages_cost_two_calls_of_kms_and_reading_them_two():
    pair = Pair()
    messages = [pair.message(attempt) for attempt in range(10_000)]
    bodies = [
        body for first in range(0, 10_000, 10) for body in pair.sender.seal(messages[first : first + 10])
    ]
    assert pair.kms.calls == {"Sign": 1, "GenerateDataKey": 1}
    pair.kms.calls.clear()
    assert [pair.reader.open(body) for body in bodies] == messages
    assert pair.kms.calls == {"GetPublicKey": 1, "Decrypt": 1}


def test_certificates_and_data_keys_roll_by_themselves_and_old_messages_stay_readable(pair):
    early = pair.body()
    pair.clock.advance(SESSION / 2)
    middle = pair.body()
    assert pair.kms.calls == {"Sign": 2, "GenerateDataKey": 1}
    pair.clock.advance(SESSION / 2)
    late = pair.body()
    assert pair.kms.calls == {"Sign": 3, "GenerateDataKey": 2}
    assert None not in [pair.reader.open(body) for body in (early, middle, late)]


def test_a_message_whose_certificate_has_run_out_since_is_dropped_quietly(pair):
    body = pair.body()
    pair.clock.advance(SESSION)
    assert pair.reader.open(body) is not None
    pair.clock.advance(1)
    assert pair.reader.open(body) is None


def test_a_message_signed_after_its_certificate_ran_out_is_refused(pair):
    session = pair.tick.signer.session()
    pair.clock.advance(SESSION + 1)
    signed_at = int(pair.clock.now().timestamp() * 1000).to_bytes(8)
    envelope = pair.tick.keyring.seal(signed_at + pair.message().encode().encode(), {"purpose": "dispatch"})
    with pytest.raises(SealError, match="did not hold when the message was signed"):
        pair.reader.open(sign_message(envelope, session.certified, session.key))


@pytest.mark.parametrize(
    ("sender", "reason"),
    [
        ({"kms": FakeKms()}, "signer is unknown"),
        ({"environment": "staging"}, "signed in the stack 'staging'"),
        ({"role": "archive"}, "role 'archive' may not send"),
    ],
    ids=["a root of somebody else's", "another stack", "a role that sends nothing"],
)
def test_a_message_of_somebody_else_is_refused(sender, reason):
    pair = Pair(**sender)
    with pytest.raises(SealError, match=reason):
        pair.reader.open(pair.body())


@pytest.mark.parametrize("among", [1, 3])
def test_every_altered_byte_is_refused(pair, among):
    raw = base64.b64decode(pair.body(among))
    for place in range(len(raw)):
        altered = bytearray(raw)
        altered[place] ^= 1
        with pytest.raises(SealError):
            pair.reader.open(base64.b64encode(altered).decode())


@pytest.mark.parametrize("among", [1, 3])
@pytest.mark.parametrize("change", ["truncated", "extended", "doubled"])
def test_a_message_of_another_length_is_refused(pair, change, among):
    raw = base64.b64decode(pair.body(among))
    changed = {"truncated": raw[:-1], "extended": raw + b"\0", "doubled": raw + raw}[change]
    with pytest.raises(SealError):
        pair.reader.open(base64.b64encode(changed).decode())


def test_an_envelope_of_another_purpose_is_no_message_even_if_it_is_signed(pair):
    session = pair.tick.signer.session()
    text = (0).to_bytes(8) + pair.message().encode().encode()
    secret = pair.tick.keyring.seal(text, {"purpose": "secret"})
    with pytest.raises(SealError):
        pair.reader.open(sign_message(secret, session.certified, session.key))


def test_the_envelope_of_one_message_under_the_signature_of_another_is_refused(pair):
    first, second = (
        base64.b64decode(*pair.sender.seal([replace(pair.message(), attempt=attempt)])) for attempt in (1, 2)
    )
    swapped = first[:-100] + second[-100:]
    with pytest.raises(SealError, match="signature is wrong"):
        pair.reader.open(base64.b64encode(swapped).decode())


@pytest.mark.parametrize("body", ["", "{}", '{"v":1,"schedule_id":"etl"}', "AA==", "AgAA", "\N{SNOWMAN}"])
def test_a_body_in_clear_is_refused(pair, body):
    with pytest.raises(SealError):
        pair.reader.open(body)


FAULTS = {
    "an outage": (kms_error("KMSInternalException", "Sign", 500), Unavailable),
    "throttling": (kms_error("ThrottlingException", "Sign"), Throttled),
    "a disabled key": (kms_error("DisabledException", "GenerateDataKey"), Unavailable),
}


@pytest.mark.parametrize("case", ["an outage", "throttling"])
def test_while_kms_does_not_answer_nothing_is_sent_or_read(pair, case):
    fault, error = FAULTS[case]
    body = pair.body()
    pair.clock.advance(SESSION / 2)
    pair.kms.fault = fault
    with pytest.raises(error):
        pair.body()
    with pytest.raises(error):
        pair.reader.open(body)
    pair.kms.fault = None
    assert pair.reader.open(body) is not None


@pytest.mark.parametrize("case", FAULTS)
def test_without_a_data_key_nothing_is_sealed_and_the_fault_can_pass(pair, case):
    fault, error = FAULTS[case]
    pair.kms.fault = fault
    with pytest.raises(error) as raised:
        pair.tick.keyring.seal(b"text", {"purpose": "secret"})
    assert raised.value.retryable
    pair.kms.fault = None
    assert pair.tick.keyring.seal(b"text", {"purpose": "secret"})


def test_a_data_key_is_renewed_by_age_and_every_purpose_has_its_own(pair):
    keyring = pair.tick.keyring
    for _ in range(3):
        keyring.seal(b"text", {"purpose": "secret"})
        keyring.seal(b"text", {"purpose": "output"})
    assert pair.kms.calls["GenerateDataKey"] == 2
    pair.clock.set(pair.clock.now() + timedelta(hours=1))
    keyring.seal(b"text", {"purpose": "secret"})
    assert pair.kms.calls["GenerateDataKey"] == 3


@pytest.mark.parametrize(("bound", "most"), [("MAX_MESSAGES", 3), ("MAX_BYTES", 12)])
def test_a_data_key_is_renewed_by_the_count_and_the_bytes_that_it_has_sealed(pair, bound, most, monkeypatch):
    monkeypatch.setattr(keyrings, bound, most)
    sealed = [pair.tick.keyring.seal(b"text", {"purpose": "secret"}) for _ in range(7)]
    assert pair.kms.calls["GenerateDataKey"] == 3
    assert {pair.worker.keyring.open(each, {"purpose": "secret"}) for each in sealed} == {b"text"}


def test_the_opened_data_keys_that_are_remembered_are_bounded(pair, monkeypatch):
    monkeypatch.setattr(keyrings, "MAX_OPENED", 2)
    sealed = []
    for _ in range(3):
        sealed.append(pair.tick.keyring.seal(b"text", {"purpose": "secret"}))
        pair.clock.advance(3600)
    for each in (*sealed, *sealed):
        pair.worker.keyring.open(each, {"purpose": "secret"})
    assert pair.kms.calls["Decrypt"] == 6


def test_an_opened_data_key_is_forgotten_after_an_hour(pair):
    sealed = pair.tick.keyring.seal(b"text", {"purpose": "secret"})
    for _ in range(3):
        assert pair.worker.keyring.open(sealed, {"purpose": "secret"}) == b"text"
    assert pair.kms.calls["Decrypt"] == 1
    pair.clock.advance(3600)
    pair.worker.keyring.open(sealed, {"purpose": "secret"})
    assert pair.kms.calls["Decrypt"] == 2


def test_a_text_of_another_stack_or_purpose_does_not_open(pair):
    other = seals(pair.clock, kms=pair.kms, environment="staging")
    sealed = pair.tick.keyring.seal(b"text", {"purpose": "secret"})
    for keyring, purpose in ((other.keyring, "secret"), (pair.worker.keyring, "output")):
        with pytest.raises(SealError):
            keyring.open(sealed, {"purpose": purpose})


def test_a_text_sealed_under_a_key_that_is_not_the_stacks_does_not_open(pair):
    strange = seals(pair.clock, kms=pair.kms, keys=("mine",))
    sealed = strange.keyring.seal(b"text", {"purpose": "secret"})
    with pytest.raises(SealError, match="not this stack's"):
        pair.worker.keyring.open(sealed, {"purpose": "secret"})
    both = seals(pair.clock, kms=pair.kms, keys=("data", "mine"))
    assert both.keyring.open(sealed, {"purpose": "secret"}) == b"text"
