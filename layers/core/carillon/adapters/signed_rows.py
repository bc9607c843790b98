"""Rows that carry who wrote them: the writer's certificate, and its signature over everything else in the row.

A certificate runs out within hours and a row lives for years, so what counts is that the certificate held when the row
says it was saved. Sealed bytes are not signed: their context is, so that they can be sealed anew under another key.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from carillon.adapters.session import Root, SessionSigner
from carillon.domain.errors import SealError

Item = Mapping[str, Mapping[str, Any]]

CERTIFICATE: Final = "certificate"
SIGNATURE: Final = "signature"
_SEALED: Final = "sealed"
_PURPOSE: Final = b"carillon signed row\0"
WRITERS: Final = frozenset({"api"})
"""Who saves revisions."""


class SignedRows:
    """Signs rows as the function that it belongs to, and verifies those that WRITERS signed."""

    def __init__(self, signer: SessionSigner, root: Root, environment: str) -> None:
        self._signer = signer
        self._root = root
        self._environment = environment

    def signed(self, item: Item) -> dict[str, dict[str, Any]]:
        """The row with certificate and signature; at most one KMS call for hours of rows."""
        session = self._signer.session()
        signature = session.key.sign(_statement(item))
        own = {CERTIFICATE: {"B": session.certified}, SIGNATURE: {"B": signature}}
        return {name: dict(value) for name, value in item.items()} | own

    def verify(self, item: Item, saved_at: datetime) -> None:
        """SealError unless a function of this stack that may write such rows signed exactly this one, then."""
        try:
            certified, signature = bytes(item[CERTIFICATE]["B"]), bytes(item[SIGNATURE]["B"])
        except (KeyError, TypeError):
            raise SealError("The row is not signed.") from None
        certificate = self._root.certificate(certified)
        if certificate.environment != self._environment or certificate.role not in WRITERS:
            raise SealError("The row's signer may not write such rows in this stack.")
        if not certificate.covers(saved_at):
            raise SealError("The certificate did not hold when the row was saved.")
        if not certificate.verifies(signature, _statement(item)):
            raise SealError("The row's signature is wrong.")


def _statement(item: Item) -> bytes:
    """The bytes that a row's signature covers: its attributes as they are stored, in one order."""
    covered = {name: _plain(value) for name, value in item.items() if name not in (CERTIFICATE, SIGNATURE)}
    return _PURPOSE + json.dumps(covered, sort_keys=True, separators=(",", ":")).encode("ascii")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items() if name != _SEALED}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    return value
