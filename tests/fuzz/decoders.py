"""Every decoder of sealed and signed bytes under coverage-guided inputs: SealError or a value, and nothing else.

The first byte chooses the decoder, the rest is its input. Inputs that begin with a valid body, so that the fuzzer gets
behind the first checks, are in the corpus that this writes before it begins.
"""

import base64
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["carillon"]):
    from carillon.domain.certificate import read_certificate
    from carillon.domain.dispatch import Dispatch
    from carillon.domain.errors import MalformedMessage, SealError
    from carillon.domain.seal import DataKey, Envelope, seal, unseal
    from carillon.domain.signed_message import sign_message, sign_messages, take_apart

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from carillon.domain.certificate import Certificate, certify
from carillon.domain.moments import from_ms

KEY = DataKey(bytes(32), b"wrapped")
CONTEXT = {"purpose": "dispatch", "environment": "carillon"}
ROOT, SESSION = generate_private_key(SECP256R1()), Ed25519PrivateKey.generate()


class Trusting:
    """A root that believes every signature, so that what is behind it is reached."""

    def verify(self, *_):
        pass


def envelope(data):
    Envelope.parse(data)


def opened(data):
    unseal(data, CONTEXT, lambda wrapped, context: KEY.plain)


def body(data):
    take_apart(data.decode("latin-1"))


def body_in_base64(data):
    take_apart(base64.b64encode(data).decode())


def certificate(data):
    read_certificate(data, ROOT.public_key())


def certificate_of_a_believed_root(data):
    read_certificate(data, Trusting())


def dispatch(data):
    Dispatch.decode(data.decode("utf-8", "replace"))


DECODERS = (envelope, opened, body, body_in_base64, certificate, certificate_of_a_believed_root, dispatch)


def one(data):
    if not data:
        return
    decode = DECODERS[data[0] % len(DECODERS)]
    try:
        decode(data[1:])
    except SealError:
        return
    except MalformedMessage:
        if decode is not dispatch:
            raise


def seeds():
    """One valid input for each decoder."""
    made = Certificate("tick", "carillon", SESSION.public_key().public_bytes_raw(), from_ms(0), from_ms(9))
    certified = certify(made, lambda statement: ROOT.sign(statement, ECDSA(SHA256())))
    text = b'{"v":1,"schedule_id":"etl","run_key":"20261122T020000Z","attempt":1,"not_before":0,"min_revision":3}'
    sealed = seal(text, KEY, CONTEXT, bytes(32))
    message = sign_message(sealed, certified, SESSION)
    among_others = sign_messages([sealed, text], certified, SESSION)[0]
    return (sealed, sealed, message.encode(), base64.b64decode(among_others), certified, certified, text)


def main():
    corpus = Path(sys.argv[-1])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(bytes([number]) + seed)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
