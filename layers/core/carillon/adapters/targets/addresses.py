"""Finding the addresses a URL's host has, once, and refusing them all when a single one is not permitted.

The connection then goes to exactly these: a name that answers differently the second time gains nothing.
"""

import socket
import threading
from collections.abc import Callable, Sequence

from carillon.adapters.targets.deadline import Deadline
from carillon.domain.addresses import parse_address
from carillon.domain.allow_list import AllowList
from carillon.domain.outcome import Outcome, permanent, retryable
from carillon.domain.targets.url import HttpUrl

Resolver = Callable[[str, int], Sequence[str]]


def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses that the system's resolver gives; OSError when it gives none."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(str(sockaddr[0]) for *_, sockaddr in answers)


def pin_addresses(
    url: HttpUrl, allow_list: AllowList, resolve: Resolver, deadline: Deadline
) -> tuple[str, ...] | Outcome:
    """The addresses to connect to, in the resolver's order, or the outcome when there is none to use."""
    if url.address is not None:
        texts: Sequence[str] = (str(url.address),)
    else:
        try:
            texts = _resolve_within(resolve, url, deadline)
        except TimeoutError:
            raise
        except OSError as error:
            return retryable("name_not_resolved", f"The name {url.host} could not be resolved: {error}.")
    for text in texts:
        reason = _refusal(text, url, allow_list)
        if reason is not None:
            return permanent("address_refused", f"{url.host} is refused: {reason}.")
    if not texts:
        return retryable("name_not_resolved", f"The name {url.host} has no address.")
    return tuple(dict.fromkeys(texts))


def _refusal(text: str, url: HttpUrl, allow_list: AllowList) -> str | None:
    address = parse_address(text)
    if address is None:
        return f"its resolver answered {text!r:.80}, which is no address"
    return allow_list.refusal(url.host, address, url.port)


def _resolve_within(resolve: Resolver, url: HttpUrl, deadline: Deadline) -> Sequence[str]:
    # getaddrinfo takes no timeout, so it runs aside; a late answer finds nobody waiting.
    answers: list[Sequence[str]] = []
    errors: list[OSError] = []

    def ask() -> None:
        try:
            answers.append(resolve(url.host, url.port))
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=ask, daemon=True, name="resolve")
    thread.start()
    thread.join(deadline.seconds_left())
    if answers:
        return answers[0]
    raise errors[0] if errors else TimeoutError("the name was not resolved in time")
