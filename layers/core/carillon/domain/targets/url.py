"""A URL read in one strict way, so that no two parsers can disagree about which host it names.

Whatever a resolver or another library might understand differently is refused: numbers in disguise, user
names, backslashes, escapes or non-ASCII in the host. Paths are sent exactly as written.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from carillon.domain.addresses import Address, parse_address
from carillon.domain.errors import InvalidInput
from carillon.domain.hostnames import is_host_name, looks_numeric

MAX_URL_LENGTH: Final = 2_048
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_SHAPE: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>[^#]*)")
_AUTHORITY: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class HttpUrl:
    """The parts of a URL; `host` is in lower case and without brackets, `target` is path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def address(self) -> Address | None:
        """The address, when the host is written as one."""
        return parse_address(self.host)

    @property
    def authority(self) -> str:
        """Host and port as the Host header spells them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse_url(text: str) -> HttpUrl:
    """Reads a URL; InvalidInput says in one sentence what would be right."""
    if len(text) > MAX_URL_LENGTH:
        raise InvalidInput(f"The URL has {len(text)} characters; {MAX_URL_LENGTH} are allowed.")
    if not _VISIBLE.fullmatch(text) or "\\" in text:
        raise InvalidInput(
            "The URL may hold visible ASCII only: percent-encode the rest, write a host as xn--…."
        )
    shape = _SHAPE.fullmatch(text)
    if shape is None or shape["scheme"].lower() not in _DEFAULT_PORTS:
        raise InvalidInput("The URL must look like https://host/path, without a fragment (#).")
    scheme = shape["scheme"].lower()
    host, port = _parse_authority(shape["authority"])
    rest = shape["rest"]
    target = rest if rest.startswith("/") else f"/{rest}"
    return HttpUrl(scheme, host, port or _DEFAULT_PORTS[scheme], target)


def _parse_authority(text: str) -> tuple[str, int | None]:
    if "@" in text:
        raise InvalidInput("The URL must not hold a user or password: put them in a header, as a secret.")
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise InvalidInput("The URL's host must be a plain name or address, and its port a number.")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65_535:
        raise InvalidInput("The URL's port must be between 1 and 65535.")
    return _parse_host(match["host"].lower()), port


def _parse_host(host: str) -> str:
    if host.startswith("["):
        return _parse_ipv6(host[1:-1])
    # One trailing dot only says that the name is complete; without it, certificates and lists match.
    name = host.removesuffix(".")
    if looks_numeric(name):
        return _parse_ipv4(name)
    if not is_host_name(name):
        raise InvalidInput("The URL's host is not a valid name.")
    return name


def _parse_ipv6(text: str) -> str:
    address = parse_address(text)
    if not isinstance(address, IPv6Address):
        raise InvalidInput("The URL's host is not a valid IPv6 address.")
    return str(address)


def _parse_ipv4(text: str) -> str:
    address = parse_address(text)
    if address is None:
        raise InvalidInput("Write an IPv4 address as four decimal numbers, for example 203.0.113.7.")
    return str(address)
