"""Messages and texts in clear, for tests of what is inside; and real seals over keys of the test's own."""

from carillon.adapters.seals import Seals
from carillon.domain.dispatch import Dispatch
from tests.fakes.kms import FakeKms

ENVIRONMENT = "carillon"


class ClearMessages:
    """MessageSealer and MessageOpener that neither seal nor sign."""

    def seal(self, messages):
        return [message.encode() for message in messages]

    def open(self, body):
        return Dispatch.decode(body)


def seals(clock, *, role="tick", kms=None, environment=ENVIRONMENT, keys=("data",), session_seconds=3600):
    """One function's real seals over a KMS in memory."""
    kms = kms or FakeKms()
    return Seals(
        lambda: kms,
        keys,
        "root",
        role=role,
        environment=environment,
        session_seconds=session_seconds,
        clock=clock,
    )
