"""KMS as a client sees it: what was wrapped for one context opens for no other, and calls are counted."""

import json
import os
from collections import Counter

from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ARN = "arn:aws:kms:eu-central-1:111122223333:key/"


class FakeKms:
    """The four operations in use; `fault` is raised instead of an answer while it is set."""

    def __init__(self):
        self.calls, self.fault = Counter(), None
        self._symmetric, self._signing = {}, {}

    def generate_data_key(self, *, KeyId, KeySpec, EncryptionContext):  # noqa: N803 - AWS's names
        self._called("GenerateDataKey")
        plain, nonce = os.urandom(32), os.urandom(12)
        sealed = AESGCM(self._key(KeyId)).encrypt(nonce, plain, _bound(EncryptionContext))
        blob = KeyId.encode().ljust(64) + nonce + sealed
        return {"Plaintext": plain, "CiphertextBlob": blob, "KeyId": ARN + KeyId}

    def decrypt(self, *, CiphertextBlob, EncryptionContext, KeyId=None):  # noqa: N803
        self._called("Decrypt")
        found = CiphertextBlob[:64].decode("ascii", "replace").strip()
        if KeyId not in (None, found):
            raise kms_error("IncorrectKeyException")
        try:
            plain = AESGCM(self._symmetric[found]).decrypt(
                CiphertextBlob[64:76], CiphertextBlob[76:], _bound(EncryptionContext)
            )
        except (KeyError, InvalidTag, ValueError):
            raise kms_error("InvalidCiphertextException") from None
        return {"Plaintext": plain, "KeyId": ARN + found}

    def sign(self, *, KeyId, Message, MessageType, SigningAlgorithm):  # noqa: N803
        self._called("Sign")
        assert (MessageType, SigningAlgorithm) == ("RAW", "ECDSA_SHA_256")
        return {"Signature": self._signer(KeyId).sign(Message, ec.ECDSA(SHA256()))}

    def get_public_key(self, *, KeyId):  # noqa: N803
        self._called("GetPublicKey")
        public = self._signer(KeyId).public_key()
        return {"PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}

    def _called(self, operation):
        self.calls[operation] += 1
        if self.fault is not None:
            raise self.fault

    def _key(self, key_id):
        return self._symmetric.setdefault(key_id, os.urandom(32))

    def _signer(self, key_id):
        return self._signing.setdefault(key_id, ec.generate_private_key(ec.SECP256R1()))


def kms_error(code, operation="Decrypt", status=400):
    """An error as KMS answers it."""
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation
    )


def _bound(context):
    return json.dumps(dict(context), sort_keys=True).encode()
