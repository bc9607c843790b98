"""Dispatch messages as they travel: sealed under a data key, signed by the sender's session, opened by the worker.

The sealed text is the moment of signing, eight bytes of epoch milliseconds, and then the message's own JSON.
"""

from collections.abc import Sequence
from typing import Final

from carillon.adapters.session import Root, SessionSigner
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import MalformedMessage
from carillon.domain.moments import from_ms, to_ms
from carillon.domain.signed_message import check_signer, check_time, sign_messages, take_apart
from carillon.ports.sealing import Opener, Sealer
from carillon.ports.world import Clock

SENDERS: Final = frozenset({"tick", "worker", "api", "deadletter", "follow", "completion"})
"""Whoever puts runs into the queue."""

CONTEXT: Final = {"purpose": "dispatch"}
_MOMENT_BYTES: Final = 8


class SigningMessages:
    """MessageSealer: one KMS call for the certificate, one for the data key, then none for hours."""

    def __init__(self, sealer: Sealer, signer: SessionSigner, clock: Clock) -> None:
        self._sealer = sealer
        self._signer = signer
        self._clock = clock

    def seal(self, messages: Sequence[Dispatch]) -> list[str]:
        """The bodies of queue messages that are sent at once."""
        session = self._signer.session()
        signed_at = to_ms(self._clock.now()).to_bytes(_MOMENT_BYTES)
        envelopes = [
            self._sealer.seal(signed_at + message.encode().encode(), CONTEXT) for message in messages
        ]
        return sign_messages(envelopes, session.certified, session.key)


class VerifyingMessages:
    """MessageOpener: nothing of a message is parsed before its signer is known and its signature is right."""

    def __init__(self, opener: Opener, root: Root, environment: str, clock: Clock) -> None:
        self._opener = opener
        self._root = root
        self._environment = environment
        self._clock = clock

    def open(self, body: str) -> Dispatch | None:
        """The message; None when its certificate has run out since it was signed."""
        parts = take_apart(body)
        certificate = self._root.certificate(parts.certified)
        check_signer(parts, certificate, environment=self._environment, roles=SENDERS)
        text = self._opener.open(parts.envelope, CONTEXT)
        try:
            signed_at = from_ms(int.from_bytes(text[:_MOMENT_BYTES]))
            body = text[_MOMENT_BYTES:].decode()
        except (OverflowError, UnicodeDecodeError):
            raise MalformedMessage("The sealed text is no dispatch message.") from None
        message = Dispatch.decode(body)
        return message if check_time(certificate, signed_at, self._clock.now()) else None
