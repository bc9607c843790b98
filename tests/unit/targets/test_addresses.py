"""Every address that is not public is refused, whatever it is dressed as."""

from ipaddress import ip_address

import pytest

from carillon.domain.addresses import embedded, refusal

REFUSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.8.8",
    "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::10.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "100::1",
    "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "2002:0a00:0001::1", "2002:808:808::1", "2600:1f18::5efe:7f00:1",
    "2600:1f18::200:5efe:10.0.0.1", "3ffe::1", "3fff::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2600:1f18::1", "2a00:1450:4001::200e"]
PUBLIC_INSIDE = ["64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("text", REFUSED)
def test_an_address_that_is_not_public_is_refused(text):
    assert "is not a public address" in refusal(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC + PUBLIC_INSIDE)
def test_a_public_address_is_not_refused(text):
    assert refusal(ip_address(text)) is None


def test_the_reason_names_the_address_inside():
    assert refusal(ip_address("64:ff9b::a9fe:a9fe")) == (
        "64:ff9b::a9fe:a9fe (it stands for 169.254.169.254) is not a public address"
    )


def test_teredo_carries_its_server_and_its_client():
    inside = embedded(ip_address("2001:0:4136:e378:8000:63bf:3fff:fdd2"))
    assert [str(address) for address in inside] == ["65.54.227.120", "192.0.2.45"]
