"""KMS: the key that signs tokens, and data keys for one purpose each."""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from carillon.adapters.aws import call
from carillon.adapters.tokens import KeyRing, compact, signing_input
from carillon.domain.errors import CarillonError
from carillon.ports.world import Clock


class KmsTokenSigner:
    """TokenSigner over an ECC_NIST_P256 key; its `ring` verifies without KMS."""

    def __init__(self, client: Any, key_id: str, clock: Clock) -> None:
        self._client = client
        self._key_id = key_id
        self.ring = KeyRing(lambda: [self._public_key()], clock)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact ES256 JWT; one Sign call. RAW, because the claims are far below KMS's 4 KiB."""
        signed = signing_input(claims, self.ring.first_id())
        answer = call(
            self._client,
            "sign",
            KeyId=self._key_id,
            Message=signed,
            MessageType="RAW",
            SigningAlgorithm="ECDSA_SHA_256",
        )
        return compact(signed, answer["Signature"])

    def key_set(self) -> Mapping[str, Any]:
        """The public key as a JWK set; one GetPublicKey call per container."""
        return self.ring.key_set()

    def _public_key(self) -> EllipticCurvePublicKey:
        key = load_der_public_key(call(self._client, "get_public_key", KeyId=self._key_id)["PublicKey"])
        if not isinstance(key, EllipticCurvePublicKey):
            raise CarillonError("The token key is not an elliptic-curve key.")
        return key


class KmsDataKeys:
    """Data keys under the stack's symmetric key; a wrapped key opens only for the purpose it was made for."""

    def __init__(self, client: Any, key_id: str, purpose: str) -> None:
        self._client = client
        self._key_id = key_id
        self._context = {"purpose": purpose}

    def wrapped_key(self) -> bytes:
        """A fresh key of 32 bytes, wrapped; one GenerateDataKey call."""
        answer = call(
            self._client,
            "generate_data_key",
            KeyId=self._key_id,
            KeySpec="AES_256",
            EncryptionContext=self._context,
        )
        return bytes(answer["CiphertextBlob"])

    def unwrapped(self, wrapped: bytes) -> bytes:
        """The key itself; one Decrypt call."""
        answer = call(
            self._client,
            "decrypt",
            KeyId=self._key_id,
            CiphertextBlob=wrapped,
            EncryptionContext=self._context,
        )
        return bytes(answer["Plaintext"])
