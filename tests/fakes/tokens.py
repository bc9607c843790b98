"""A token signer with a key of its own, and a cursor key that is always the same."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from carillon.adapters.tokens import KeyRing, compact, signing_input


class LocalSigner:
    """TokenSigner whose private key is in memory; `ring` verifies."""

    def __init__(self, clock):
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.ring = KeyRing(lambda: [self.private_key.public_key()], clock)

    def sign(self, claims):
        signed = signing_input(claims, self.ring.first_id())
        return compact(signed, self.private_key.sign(signed, ec.ECDSA(hashes.SHA256())))

    def key_set(self):
        return self.ring.key_set()


class FixedCursorKeys:
    """CursorKeys that remembers nothing."""

    def cursor_key(self):
        return b"k" * 32


class LocalRootSigner:
    """RootSigner whose private key is in memory."""

    def __init__(self):
        self.private_key = ec.generate_private_key(ec.SECP256R1())

    def sign(self, message):
        return self.private_key.sign(message, ec.ECDSA(hashes.SHA256()))

    def verify(self, message, signature):
        try:
            self.private_key.public_key().verify(signature, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True
