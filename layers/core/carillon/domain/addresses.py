"""Which network addresses are public, in whatever disguise they come.

An IPv6 address can carry an IPv4 one (mapped, compatible, 6to4, Teredo, NAT64, ISATAP). Every address inside
an address is judged like the outer one, and one refusal is enough. IPv6 is refused unless it is known to be
global unicast. Python's `is_global` alone is not relied on, because its tables differ between versions.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address

_NOT_PUBLIC_V4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
_GLOBAL_UNICAST_V6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_V6: Final = tuple(
    IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3ffe::/16", "3fff::/20")
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = IPv6Network("::/96")
_ISATAP_MARK: Final = 0x00005EFE


def parse_address(text: str) -> Address | None:
    """The address a text spells in the one accepted way, else None."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def refusal(address: Address) -> str | None:
    """Why a target may not have this address, or None when it is public in all its forms."""
    for form in (address, *embedded(address)):
        if not _is_public(form):
            disguise = "" if form == address else f" (it stands for {form})"
            return f"{address}{disguise} is not a public address"
    return None


def embedded(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address carries inside."""
    return () if isinstance(address, IPv4Address) else tuple(_carried(address))


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    number = int(address)
    low = IPv4Address(number & 0xFFFFFFFF)
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    # ISATAP marks the upper half of the interface identifier; bit 6 only says whether the rest is unique.
    isatap = (number >> 32) & 0xFDFFFFFF == _ISATAP_MARK
    if isatap or address in _NAT64 or address in _COMPATIBLE:
        yield low


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_PUBLIC_V4)
    if address in _NAT64:
        return True
    return (
        address in _GLOBAL_UNICAST_V6
        and address.is_global
        and not any(address in network for network in _NOT_PUBLIC_V6)
    )
