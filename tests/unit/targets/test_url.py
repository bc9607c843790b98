"""A URL has one reading, or none."""

import pytest

from carillon.domain.errors import InvalidInput
from carillon.domain.targets.url import HttpUrl, parse_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com", HttpUrl("https", "example.com", 443, "/")),
        ("HTTPS://Example.COM.:8443/A?b=c", HttpUrl("https", "example.com", 8443, "/A?b=c")),
        ("https://example.com?q=1", HttpUrl("https", "example.com", 443, "/?q=1")),
        ("http://[2600:1F18:0::1]/x", HttpUrl("http", "2600:1f18::1", 80, "/x")),
        ("https://8.8.8.8:443/", HttpUrl("https", "8.8.8.8", 443, "/")),
    ],
)
def test_a_plain_url_is_read(text, expected):
    assert parse_url(text) == expected


def test_the_host_header_has_brackets_and_only_an_unusual_port():
    assert parse_url("http://[2600::1]:8080/").authority == "[2600::1]:8080"
    assert parse_url("https://example.com:443/").authority == "example.com"


@pytest.mark.parametrize(
    "text",
    [
        "ftp://example.com/", "file:///etc/passwd", "//example.com", "example.com", "https://", "https:///x",
        "https://user:pw@example.com/",  # pragma: allowlist secret
        "https://example.com@127.0.0.1/", "https://127.0.0.1#@example.com/",
        "https://example.com\\@127.0.0.1/", "https://exa mple.com/", "https://example.com/\r\nX: 1",
        "https://example.com/\t", "https://１２７.０.０.１/", "https://ⓛocalhost/", "https://%31%32%37.0.0.1/",
        "https://2130706433/", "https://0177.0.0.1/", "https://0x7f.1/", "https://0x7f000001/", "https://127.1/",
        "https://127.0.0.1../", "https://127.0.0.01/", "https://256.1.1.1/", "https://1.1.1.1.1/", "https://0/",
        "https://[::1%25lo]/", "https://[127.0.0.1]/", "https://[::1]x/", "https://::1/", "https://example.com:0/",
        "https://example.com:65536/", "https://example.com:/", "https://-x.com/", "https://a..b/",
        "https://example.com/#top", "https://" + "a" * 2100 + "/", "https://" + "a" * 64 + ".com/",
        "https://exa${secrets.X}mple.com/",
    ],
)  # fmt: skip
def test_a_url_with_a_second_reading_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_url(text)
