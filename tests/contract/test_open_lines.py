"""What a light client does with a real connection: it keeps it, and a fault costs what it costs with botocore's own."""

import json
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from types import SimpleNamespace

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.credentials import Credentials
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError, SSLError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from carillon.adapters import aws
from carillon.adapters.dynamo.database import Cancelled, ConditionFailed, Database
from carillon.adapters.open_lines import OpenLines
from carillon.adapters.pace import Pace
from carillon.domain.errors import CarillonError, Throttled, Unavailable
from tests.contract.aws_server import AwsServer, Hangup, error, ok
from tests.fakes.clock import FakeChance, FakeClock

URL = "http://127.0.0.1/"


@pytest.fixture
def pauses(monkeypatch):
    """How long botocore would have waited between tries."""
    waited = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=waited.append))
    return waited


@pytest.fixture
def serve(monkeypatch):
    """Starts a server with these answers."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    servers = []

    def start(*answers, scheme="http", **options):
        servers.append(AwsServer(*answers, **options))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"{scheme}://127.0.0.1:{servers[-1].port}")
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def connect(serve):
    """Makes clients of the server that was started last."""
    with ExitStack() as made:

        def client(service):
            return made.enter_context(closing(aws.client(service, read_timeout_seconds=60)))

        yield client


@pytest.fixture
def database(serve, connect, pauses):
    """A database over a server with these answers, after one that opens the connection."""

    def over(*answers):
        server = serve(ok(Item={}), *answers)
        clock = FakeClock()
        made = Database(client=connect("dynamodb"), pace=Pace(clock, FakeChance()), runs_table="r")
        made.get("r", {})
        server.requests.clear()
        aws.CALLS.take()
        return made, server

    return over


def tries(server):
    return [heard["amz-sdk-request"] for heard, _ in server.requests]


def test_calls_go_over_one_connection(database):
    rows, server = database(ok(Item={"a": {"S": "1"}}), ok(Item={"a": {"S": "2"}}))
    assert [rows.get("r", {}) for _ in range(2)] == [{"a": {"S": "1"}}, {"a": {"S": "2"}}]
    assert server.connections == 1
    assert tries(server) == ["attempt=1; max=3"] * 2


def test_each_of_many_threads_gets_the_answer_to_its_own_call(serve, connect):
    server = serve(otherwise=lambda heard: ok(Item=json.loads(heard[1])["Key"]))
    client = connect("dynamodb")
    keys = [{"n": {"N": str(number)}} for number in range(200)]
    with ThreadPoolExecutor(aws.POOL) as threads:
        answers = list(threads.map(lambda key: client.get_item(TableName="r", Key=key)["Item"], keys))
    assert answers == keys
    assert server.connections <= aws.POOL


def test_a_connection_that_the_other_side_closed_meanwhile_is_opened_again_without_a_try(database, pauses):
    rows, server = database(Hangup(ok(Item={})))
    rows.get("r", {})
    assert server.hung_up.wait(30)
    assert rows.get("r", {}) is None
    assert server.connections == 2
    assert tries(server) == ["attempt=1; max=3"] * 2
    assert pauses == []


@pytest.mark.parametrize(
    "first", [b"", b"HTTP/1.1 200 OK\r\nConte", ok(Item={"a": {"S": "half"}})[:-9], b"?\r\n"]
)
def test_a_connection_lost_before_the_end_of_the_answer_is_a_try_that_is_made_again(database, pauses, first):
    rows, server = database(Hangup(first), ok(Item={"a": {"S": "whole"}}))
    assert rows.get("r", {}) == {"a": {"S": "whole"}}
    assert tries(server) == ["attempt=1; max=3", "attempt=2; max=3"]
    assert len(pauses) == 1


def test_a_connection_that_is_lost_at_every_try_is_an_outage(database, pauses):
    rows, server = database(*[Hangup()] * 3)
    with pytest.raises(Unavailable):
        rows.get("r", {})
    assert len(server.requests) == 3
    assert len(pauses) == 2


def test_a_throttled_call_is_tried_three_times_with_pauses_and_counted(database, pauses):
    rows, server = database(*[error(400, "ProvisionedThroughputExceededException")] * 3)
    with pytest.raises(Throttled):
        rows.get("r", {})
    assert tries(server) == ["attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3"]
    assert len(pauses) == 2
    assert aws.CALLS.take() == {"Throttles": 3}


def test_each_try_of_a_call_is_signed_and_has_the_name_of_the_call(database):
    rows, server = database(error(500, "InternalServerError"))
    rows.get("r", {})
    (first, _), (second, _) = server.requests
    assert first["amz-sdk-invocation-id"] == second["amz-sdk-invocation-id"]
    assert "Signature=" in first["authorization"]
    assert "Signature=" in second["authorization"]


def test_a_cancelled_transaction_tells_its_reasons_and_is_not_tried_again(database, pauses):
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed"}, {"Code": "TransactionConflict"}]
    rows, server = database(error(400, "TransactionCanceledException", CancellationReasons=reasons))
    with pytest.raises(Cancelled) as cancelled:
        rows.transact([])
    assert cancelled.value.failed(1)
    assert cancelled.value.busy(2)
    assert len(server.requests) == 1
    assert pauses == []


def test_a_condition_that_failed_brings_the_row_that_was_found(database):
    rows, _ = database(error(400, "ConditionalCheckFailedException", Item={"a": {"S": "1"}}))
    with pytest.raises(ConditionFailed) as failed:
        rows.call("put_item", TableName="r", Item={})
    assert failed.value.item == {"a": {"S": "1"}}


def test_a_token_that_has_run_out_is_a_refusal_that_is_not_tried_again(database):
    rows, server = database(error(400, "ExpiredTokenException"))
    with pytest.raises(CarillonError, match="ExpiredTokenException") as refused:
        rows.get("r", {})
    assert not refused.value.retryable
    assert len(server.requests) == 1


def test_credentials_are_asked_for_anew_at_each_try(database):
    class Rotating:
        def __init__(self):
            self.times = 0

        def get_frozen_credentials(self):
            self.times += 1
            return Credentials("key", "secret", f"token {self.times}").get_frozen_credentials()

    rows, server = database(error(500, "InternalServerError"))
    rows.client._request_signer._credentials = Rotating()
    rows.get("r", {})
    assert [heard["x-amz-security-token"] for heard, _ in server.requests] == ["token 1", "token 2"]


def test_without_credentials_nothing_is_sent(database):
    rows, server = database()
    rows.client._request_signer._credentials = None
    with pytest.raises(Unavailable, match="credentials"):
        rows.get("r", {})
    assert server.requests == []


def test_the_messages_that_sqs_did_not_take_are_named(serve, connect):
    serve(
        ok(),
        ok(Successful=[{"Id": "0"}], Failed=[{"Id": "1", "SenderFault": False, "Code": "InternalError"}]),
    )
    client = connect("sqs")
    client.send_message_batch(QueueUrl="q", Entries=[])
    answer = client.send_message_batch(QueueUrl="q", Entries=[])
    assert [entry["Id"] for entry in answer["Failed"]] == ["1"]


def test_a_proxy_is_left_to_botocore(monkeypatch, serve, connect):
    server = serve(ok(Item={}), ok(Item={}))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://dynamodb.internal")
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("NO_PROXY", "")
    client = connect("dynamodb")
    for _ in range(2):
        client.get_item(TableName="r", Key={})
    assert [heard["host"] for heard, _ in server.requests] == ["dynamodb.internal"] * 2


@pytest.fixture
def tls(tmp_path):
    """A self-made certificate for 127.0.0.1: the server's context, and the file that a client may trust."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    trusted, chain = tmp_path / "certificate.pem", tmp_path / "chain.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    chain.write_bytes(key.private_bytes(*form) + trusted.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return SimpleNamespace(wrap=lambda plain: context.wrap_socket(plain, server_side=True), trusted=trusted)


def test_calls_over_tls_go_over_one_connection_to_a_host_that_is_trusted(monkeypatch, serve, connect, tls):
    server = serve(ok(Item={"a": {"S": "1"}}), ok(Item={"a": {"S": "2"}}), scheme="https", wrap=tls.wrap)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tls.trusted))
    client = connect("dynamodb")
    answers = [client.get_item(TableName="r", Key={})["Item"]["a"]["S"] for _ in range(2)]
    assert answers == ["1", "2"]
    assert len(set(server.of_request)) == 1


def test_a_host_that_is_not_trusted_is_told_nothing(serve, connect, tls, pauses):
    server = serve(scheme="https", wrap=tls.wrap)
    client = connect("dynamodb")
    for _ in range(2):
        with pytest.raises(SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            client.get_item(TableName="r", Key={})
    assert server.requests == []


class Pool:
    """A pool over one end of a pair of sockets, as urllib3's hands out connections."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.ours.settimeout(0.01)
        self.connection = SimpleNamespace(sock=self.ours, close=self._close)
        self.given_back = []

    def connection_from_url(self, url):
        return self

    def _get_conn(self):
        return self.connection

    def _put_conn(self, connection):
        self.given_back.append(connection.sock)

    def _close(self):
        self.ours.close()
        self.connection.sock = None


@pytest.fixture
def lines():
    """Open lines over a pair of sockets, after the first call, which botocore makes."""
    pool, usual = Pool(), []
    session = SimpleNamespace(_manager=pool, send=lambda request: usual.append(request) or "as usual")
    made = OpenLines(session)
    assert made.send(request()) == "as usual"
    yield SimpleNamespace(send=made.send, pool=pool, usual=usual)
    pool.theirs.close()
    pool.ours.close()


def request():
    return AWSPreparedRequest("POST", URL, {"Host": "127.0.0.1", "Content-Length": "2"}, b"{}", False, {})


def test_an_answer_that_is_late_is_never_taken_for_that_to_the_next_request(lines):
    with pytest.raises(ReadTimeoutError):
        lines.send(request())
    assert lines.pool.given_back == [None]
    assert lines.send(request()) == "as usual"


@pytest.mark.parametrize("heard", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", b"SMTP\r\n\r\n"])
def test_an_answer_that_is_cut_or_none_closes_the_connection(lines, heard):
    lines.pool.theirs.sendall(heard)
    lines.pool.theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionClosedError):
        lines.send(request())
    assert lines.pool.given_back == [None]


def test_an_interruption_closes_the_connection_too(lines):
    def interrupted(_):
        raise KeyboardInterrupt

    lines.pool.connection.sock = SimpleNamespace(sendall=interrupted)
    with pytest.raises(KeyboardInterrupt):
        lines.send(request())
    assert lines.pool.given_back == [None]


def test_a_connection_that_the_answer_says_is_closed_is_not_used_again(lines):
    lines.pool.theirs.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
    assert lines.send(request()).content == b"{}"
    assert lines.send(request()) == "as usual"


def test_an_answer_in_chunks_is_put_together(lines):
    lines.pool.theirs.sendall(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    )
    assert lines.send(request()).content == b"{}"
    assert lines.pool.given_back == [lines.pool.ours]
