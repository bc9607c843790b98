"""The stack's list of hosts that are allowed although they are private, or although they speak plain http.

An entry is an address (`127.0.0.1`), a network (`10.0.0.0/8`, `fd00::/8`) or a name (`host.internal`), each
with an optional port (`10.0.0.0/8:8080`, `[fd00::1]:8080`). A listed name may have private addresses, but not
loopback or link-local ones: those reach the function's own surroundings and must be listed as addresses.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from carillon.domain.addresses import Address, embedded, parse_address, refusal
from carillon.domain.errors import InvalidInput
from carillon.domain.hostnames import is_host_name

_ENTRY: Final = re.compile(r"(?:\[(?P<bracketed>[^\]]+)\]|(?P<bare>[^:]+))(?::(?P<port>[0-9]{1,5}))?")
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Entry:
    """One allowed name or network; without a port, every port."""

    host: str | Network
    port: int | None = None

    def names(self, host: str, port: int) -> bool:
        """Whether this entry lists exactly this name."""
        return self.host == host and self.port in (None, port)

    def contains(self, address: Address, port: int) -> bool:
        """Whether this entry's network holds the address."""
        return (
            isinstance(self.host, IPv4Network | IPv6Network)
            and address in self.host
            and self.port in (None, port)
        )


@dataclass(frozen=True, slots=True)
class AllowList:
    """The parsed list; empty by default, so that only public https hosts are allowed."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "AllowList":
        """Reads entries one by one; InvalidInput names the one that is wrong."""
        return cls(tuple(_parse_entry(entry) for entry in entries))

    def lists(self, host: str, port: int) -> bool:
        """Whether the host as written in the URL is listed, and so may use plain http."""
        address = parse_address(host)
        if address is None:
            return any(entry.names(host, port) for entry in self.entries)
        return self._lists_address(address, port)

    def refusal(self, host: str, address: Address, port: int) -> str | None:
        """Why this address of this host is refused, or None when a call may connect to it."""
        reason = refusal(address)
        if reason is None or self._lists_address(address, port):
            return None
        if self.lists(host, port) and not _reaches_ourselves(address):
            return None
        return reason

    def _lists_address(self, address: Address, port: int) -> bool:
        return any(entry.contains(address, port) for entry in self.entries)


def _reaches_ourselves(address: Address) -> bool:
    return any(
        form.is_loopback or form.is_link_local or form.is_unspecified or form.is_multicast
        for form in (address, *embedded(address))
    )


def _parse_entry(text: str) -> Entry:
    network = _parse_network(text)
    if network is not None:
        return Entry(network)
    match = _ENTRY.fullmatch(text)
    port = int(match["port"]) if match and match["port"] else None
    if match is None or (port is not None and not 1 <= port <= 65_535):
        raise _unreadable(text)
    host = match["bracketed"] or match["bare"]
    network = _parse_network(host)
    if network is not None:
        return Entry(network, port)
    name = host.lower()
    if match["bracketed"] or not is_host_name(name):
        raise _unreadable(text)
    return Entry(name, port)


def _parse_network(text: str) -> Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None


def _unreadable(text: str) -> InvalidInput:
    return InvalidInput(
        f"The allow-list's entry {text!r} cannot be read; write 10.0.0.0/8, 127.0.0.1:8080 or host.internal."
    )
