"""No disguise of a private address is ever connected to; a listening socket and a recorder on the way prove it."""

import socket
import ssl

import pytest

from carillon.adapters.targets.http import HttpTarget, connect_to
from carillon.domain.allow_list import AllowList
from carillon.domain.outcome import OutcomeKind
from tests.contract.targets.receiver import make_call, reply

WRITTEN = [
    "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0x7F.0.0.1", "0177.0.0.1",
    "017700000001", "0127.0.0.1", "127.0.0.01", "0", "0.0.0.0", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]", "[::FFFF:7F00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[fe80::1]", "[fe80::1%25lo]", "[::1%lo]",
    "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "%6c%6f%63alhost", "example.com@127.0.0.1",
    "127.0.0.1\\@example.com", "127.0.0.1%00.example.com", "127.0.0.1#.example.com", "169.254.169.254",
    "[fd00:ec2::254]", "100.100.100.200", "10.0.0.1", "192.168.0.1", "172.16.0.1",
]  # fmt: skip
RESOLVED = [
    ["127.0.0.1"], ["127.8.8.8"], ["0.0.0.0"], ["::1"], ["::"], ["::ffff:127.0.0.1"], ["::ffff:7f00:1"],
    ["::127.0.0.1"], ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["2001:0:4136:e378:8000:63bf:80ff:fffe"],
    ["2600:1f18::5efe:7f00:1"], ["fe80::1%lo"], ["::1%lo"], ["169.254.169.254"], ["fd00:ec2::254"], ["100.64.0.1"],
    ["10.0.0.1"], ["192.168.0.1"], ["172.16.0.1"], ["224.0.0.1"], ["255.255.255.255"], ["ff02::1"], ["not an address"],
    ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["2600:1f18::1", "::ffff:10.0.0.1"],
]  # fmt: skip


def test_more_than_forty_disguises_are_tried():
    assert len(set(WRITTEN)) > 40
    assert len({tuple(addresses) for addresses in RESOLVED}) > 20


@pytest.fixture
def listener(serve):
    return serve(reply("HTTP/1.1 200 OK\nContent-Length: 0"))


class Recorder:
    """Connects like the real one, and remembers to where."""

    def __init__(self):
        self.addresses = []

    def __call__(self, address, port, timeout_seconds):
        self.addresses.append(address)
        return connect_to(address, port, timeout_seconds)


def execute(url, resolve, *allow):
    recorder = Recorder()
    target = HttpTarget(AllowList.of(allow), resolve=resolve, connect=recorder)
    return target.execute(make_call({"kind": "http", "url": url})), recorder.addresses


def resolve_as_the_system_would(host, port):
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", WRITTEN)
def test_a_disguised_host_is_refused_and_not_connected_to(listener, scheme, host):
    url = f"{scheme}://{host}:{listener.port}/"
    outcome, connected = execute(url, resolve_as_the_system_would, "allowed.example.com")
    assert (outcome.kind, outcome.error) == (OutcomeKind.PERMANENT, "invalid_target")
    assert connected == []
    assert listener.accepted == 0


@pytest.mark.parametrize("addresses", RESOLVED, ids=" ".join)
@pytest.mark.parametrize("host", ["example.com", "localhost", "allowed-elsewhere.example.com"])
def test_a_name_that_resolves_to_a_private_address_is_refused_and_not_connected_to(listener, host, addresses):
    outcome, connected = execute(
        f"https://{host}:{listener.port}/", lambda host, port: addresses, "other.internal"
    )
    assert (outcome.kind, outcome.error) == (OutcomeKind.PERMANENT, "address_refused")
    assert connected == []
    assert listener.accepted == 0


def test_the_listener_would_have_been_reached(listener):
    outcome, connected = execute(
        f"http://127.0.0.1:{listener.port}/", resolve_as_the_system_would, "127.0.0.1"
    )
    assert outcome.succeeded
    assert connected == ["127.0.0.1"]
    assert listener.accepted == 1


def test_a_name_that_changes_its_answer_is_connected_to_where_it_was_checked(listener):
    answers = [["8.8.8.8"], ["127.0.0.1"]]
    connected = []

    def connect(address, port, timeout_seconds):
        connected.append(address)
        raise ConnectionRefusedError("nobody there")

    target = HttpTarget(AllowList(), resolve=lambda host, port: answers.pop(0), connect=connect)
    outcome = target.execute(
        make_call({"kind": "http", "url": f"https://rebind.example.com:{listener.port}/"})
    )
    assert outcome.error == "connection_refused"
    assert connected == ["8.8.8.8"]
    assert answers == [["127.0.0.1"]]
    assert listener.accepted == 0


def test_a_second_address_is_tried_when_the_first_does_not_answer(listener):
    connected = []

    def connect(address, port, timeout_seconds):
        connected.append(address)
        if address == "10.0.0.1":
            raise ConnectionRefusedError("nobody there")
        return connect_to("127.0.0.1", port, timeout_seconds)

    url = f"http://host.internal:{listener.port}/"
    target = HttpTarget(
        AllowList.of(["host.internal"]), resolve=lambda *_: ["10.0.0.1", "10.0.0.2"], connect=connect
    )
    assert target.execute(make_call({"kind": "http", "url": url})).succeeded
    assert connected == ["10.0.0.1", "10.0.0.2"]
    assert f"Host: host.internal:{listener.port}\r\n" in listener.requests[0][0]


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "Name or service not known"), None])
def test_a_name_without_an_address_is_retryable(failure):
    def resolve(host, port):
        if failure:
            raise failure
        return []

    outcome, connected = execute("https://example.com/", resolve)
    assert (outcome.kind, outcome.error, connected) == (OutcomeKind.RETRYABLE, "name_not_resolved", [])


def test_the_shared_tls_context_verifies_names_and_is_made_once():
    from carillon.adapters.targets.http import shared_context

    context = shared_context()
    assert context is shared_context()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
