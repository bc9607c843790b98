"""The allow-list opens exactly what it names."""

from ipaddress import ip_address

import pytest

from carillon.domain.allow_list import AllowList
from carillon.domain.errors import InvalidInput


def refused(entry, host, address, port=443):
    return AllowList.of([entry]).refusal(host, ip_address(address), port) is not None


def test_a_listed_address_is_allowed_on_every_port():
    assert not refused("127.0.0.1", "127.0.0.1", "127.0.0.1", 9001)


def test_a_listed_port_is_the_only_one():
    assert not refused("127.0.0.1:8080", "127.0.0.1", "127.0.0.1", 8080)
    assert refused("127.0.0.1:8080", "127.0.0.1", "127.0.0.1", 9001)


def test_a_listed_network_holds_for_names_that_resolve_into_it():
    assert not refused("10.0.0.0/8", "db.example.com", "10.1.2.3")
    assert refused("10.0.0.0/8", "db.example.com", "192.168.0.1")


def test_a_listed_network_does_not_open_its_addresses_in_disguise():
    assert refused("127.0.0.0/8", "x.example.com", "::ffff:127.0.0.1")


def test_an_ipv6_network_may_carry_a_port():
    assert not refused("[fd00::/8]:8443", "svc.example.com", "fd00::7", 8443)
    assert refused("[fd00::/8]:8443", "svc.example.com", "fd00::7", 443)


def test_a_listed_name_may_be_private_but_other_names_may_not():
    assert not refused("host.internal", "host.internal", "10.0.0.9")
    assert refused("host.internal", "other.internal", "10.0.0.9")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "169.254.169.254",
        "::1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::a9fe:a9fe",
        "224.0.0.1",
        "ff02::1",
        "0.0.0.0",
    ],
)
def test_a_listed_name_never_reaches_the_function_itself(address):
    assert refused("host.internal", "host.internal", address)


def test_only_a_listed_host_may_use_plain_http():
    allow_list = AllowList.of(["127.0.0.1", "host.internal:8080"])
    assert allow_list.lists("127.0.0.1", 80)
    assert allow_list.lists("host.internal", 8080)
    assert not allow_list.lists("host.internal", 80)
    assert not allow_list.lists("example.com", 80)


@pytest.mark.parametrize(
    "entry",
    ["10.0.0.1/8", "http://x", "host.internal:0", "host.internal:99999", "0x7f.1", "a b", "[name]:80", ":80"],
)
def test_an_entry_that_cannot_be_read_is_named(entry):
    with pytest.raises(InvalidInput, match="entry"):
        AllowList.of([entry])
