"""One function's seals: its keyring, its session and the root it believes, made together and used by its stores."""

from collections.abc import Callable, Sequence
from typing import Any

from carillon.adapters.keyring import Keyring
from carillon.adapters.sealed_messages import SigningMessages, VerifyingMessages
from carillon.adapters.session import Root, SessionSigner
from carillon.adapters.signed_rows import SignedRows
from carillon.ports.world import Clock


class Seals:
    """What seals, signs, opens and verifies in the name of `role`; KMS is asked at first use."""

    def __init__(
        self,
        kms: Callable[[], Any],
        data_key_ids: Sequence[str],
        root_key_id: str,
        *,
        role: str,
        environment: str,
        session_seconds: int,
        clock: Clock,
    ) -> None:
        self.keyring = Keyring(kms, data_key_ids, environment, clock)
        self.signer = SessionSigner(
            kms, root_key_id, role=role, environment=environment, valid_seconds=session_seconds, clock=clock
        )
        self.root = Root(kms, root_key_id)
        self.rows = SignedRows(self.signer, self.root, environment)
        self.environment = environment
        self._clock = clock

    def signing_messages(self) -> SigningMessages:
        """What makes dispatch messages."""
        return SigningMessages(self.keyring, self.signer, self._clock)

    def verifying_messages(self) -> VerifyingMessages:
        """What reads dispatch messages."""
        return VerifyingMessages(self.keyring, self.root, self.environment, self._clock)
