"""The certificate must be valid for the name in the URL, whatever address the name was pinned to."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from carillon.adapters.targets.http import HttpTarget
from carillon.domain.allow_list import AllowList
from carillon.domain.outcome import OutcomeKind
from tests.contract.targets.receiver import make_call, reply

NAME = "host.internal"


@pytest.fixture(scope="module")
def server_side(tmp_path_factory):
    """A self-made certificate for NAME: the server's context, and the file that a client may trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted = tmp_path_factory.mktemp("tls") / "certificate.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    chain = trusted.with_name("chain.pem")
    chain.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + trusted.read_bytes()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context, trusted


@pytest.fixture
def call_by_name(serve, server_side):
    """Calls a TLS receiver on loopback under a name: the outcome, the receiver, the names it was asked for."""
    context, trusted = server_side
    asked = []
    context.sni_callback = lambda connection, name, _: asked.append(name)

    def send(host, trust=True):
        receiver = serve(
            reply("HTTP/1.1 200 OK\nContent-Length: 0"),
            wrap=lambda connection: context.wrap_socket(connection, server_side=True),
        )
        client = ssl.create_default_context(cafile=str(trusted)) if trust else ssl.create_default_context()
        target = HttpTarget(
            AllowList.of(["127.0.0.1"]), resolve=lambda *_: ["127.0.0.1"], context=lambda: client
        )
        outcome = target.execute(make_call({"kind": "http", "url": f"https://{host}:{receiver.port}/"}))
        return outcome, receiver, asked

    return send


def test_the_name_is_asked_for_and_checked_though_the_connection_goes_to_the_address(call_by_name):
    outcome, receiver, asked = call_by_name(NAME)
    assert outcome.succeeded
    assert asked == [NAME]
    assert f"Host: {NAME}:{receiver.port}\r\n" in receiver.requests[0][0]


def test_a_certificate_for_another_name_is_refused_and_nothing_is_sent(call_by_name):
    outcome, receiver, _ = call_by_name("other.internal")
    assert (outcome.kind, outcome.error) == (OutcomeKind.PERMANENT, "certificate_refused")
    assert receiver.requests == []


def test_a_certificate_that_nobody_vouches_for_is_refused(call_by_name):
    outcome, receiver, _ = call_by_name(NAME, trust=False)
    assert outcome.error == "certificate_refused"
    assert receiver.requests == []


def test_a_server_that_speaks_no_tls_is_retryable_and_gets_no_request(serve):
    receiver = serve(reply("220 mail ready"), read=False)
    target = HttpTarget(AllowList.of(["127.0.0.1"]))
    outcome = target.execute(make_call({"kind": "http", "url": f"https://127.0.0.1:{receiver.port}/"}))
    assert (outcome.kind, outcome.error) == (OutcomeKind.RETRYABLE, "tls_failed")


def test_a_handshake_that_hangs_ends_at_the_deadline(serve):
    def say_nothing(connection):
        while connection.recv(65_536):
            pass

    receiver = serve(say_nothing, read=False)
    target = HttpTarget(AllowList.of(["127.0.0.1"]))
    spec = {"kind": "http", "url": f"https://127.0.0.1:{receiver.port}/"}
    assert target.execute(make_call(spec, seconds=0.3)).kind is OutcomeKind.TIMED_OUT
