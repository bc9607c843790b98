"""KMS's part in a benchmark: keys in memory that answer at once, so that only our own side is measured."""

import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from carillon.adapters.clock import SystemClock
from carillon.adapters.seals import Seals

WRAPPED_BYTES = 184
"""What KMS makes of a data key of 32 bytes."""


class KeysInMemory:
    """The four operations of KMS that sealing uses."""

    def __init__(self) -> None:
        self._root = ec.generate_private_key(ec.SECP256R1())
        self._plain: dict[bytes, bytes] = {}

    def generate_data_key(self, **arguments: Any) -> dict[str, Any]:
        """A fresh data key."""
        plain, wrapped = os.urandom(32), os.urandom(WRAPPED_BYTES)
        self._plain[wrapped] = plain
        return {"Plaintext": plain, "CiphertextBlob": wrapped, "KeyId": arguments["KeyId"]}

    def decrypt(self, **arguments: Any) -> dict[str, Any]:
        """A data key made here."""
        return {"Plaintext": self._plain[arguments["CiphertextBlob"]], "KeyId": "data"}

    def sign(self, **arguments: Any) -> dict[str, Any]:
        """The root's signature."""
        return {"Signature": self._root.sign(arguments["Message"], ec.ECDSA(SHA256()))}

    def get_public_key(self, **_arguments: Any) -> dict[str, Any]:
        """The root's public key."""
        public = self._root.public_key()
        return {"PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}


def seals_in_memory(role: str, kms: KeysInMemory | None = None) -> Seals:
    """One function's seals over such keys."""
    keys = kms or KeysInMemory()
    return Seals(
        lambda: keys,
        ["data"],
        "root",
        role=role,
        environment="carillon",
        session_seconds=19_800,
        clock=SystemClock(),
    )
