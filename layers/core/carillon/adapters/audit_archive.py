"""The audit log's part of the archive bucket, every object under Object Lock, and the root key that closes its days."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from carillon.adapters.aws import call
from carillon.adapters.s3 import read_object
from carillon.domain.errors import CarillonError
from carillon.ports.world import Clock


class S3AuditArchive:
    """AuditArchive over S3; raises Throttled and Unavailable."""

    def __init__(self, client: Any, bucket: str, clock: Clock, lock_days: int, lock_mode: str) -> None:
        self._client = client
        self._bucket = bucket
        self._clock = clock
        self._kept = timedelta(days=lock_days)
        self._mode = lock_mode

    def put(self, key: str, body: bytes) -> None:
        """PutObject with a retention date, and with a checksum, which Object Lock asks for."""
        until = self._clock.now() + self._kept
        self._call(
            "put_object",
            Key=key,
            Body=body,
            ChecksumAlgorithm="SHA256",
            ObjectLockMode=self._mode,
            ObjectLockRetainUntilDate=until,
        )

    def read(self, key: str) -> bytes:
        """GetObject."""
        return read_object(self._client, self._bucket, key)

    def keys(self, prefix: str) -> Iterator[str]:
        """ListObjectsV2, a thousand at a time."""
        token: dict[str, str] = {}
        while True:
            answer = self._call("list_objects_v2", Prefix=prefix, **token)
            yield from (entry["Key"] for entry in answer.get("Contents", ()))
            if not answer.get("NextContinuationToken"):
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return call(self._client, operation, Bucket=self._bucket, **arguments)


class KmsRootSigner:
    """RootSigner over an ECC_NIST_P256 key; signatures are verified with its public key, read once."""

    def __init__(self, client: Any, key_id: str) -> None:
        self._client = client
        self._key_id = key_id
        self._public: EllipticCurvePublicKey | None = None

    def sign(self, message: bytes) -> bytes:
        """One Sign call, RAW."""
        return bytes(
            self._call("sign", Message=message, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256")[
                "Signature"
            ]
        )

    def verify(self, message: bytes, signature: bytes) -> bool:
        """One GetPublicKey call at first."""
        try:
            self._key().verify(signature, message, ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    def _key(self) -> EllipticCurvePublicKey:
        if self._public is None:
            key = load_der_public_key(self._call("get_public_key")["PublicKey"])
            if not isinstance(key, EllipticCurvePublicKey):
                raise CarillonError("The root key is not an elliptic-curve key.")
            self._public = key
        return self._public

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return call(self._client, operation, KeyId=self._key_id, **arguments)
