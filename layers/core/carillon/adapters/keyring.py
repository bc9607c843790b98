"""Data keys from KMS, one for each purpose, kept in memory within bounds: what seals and opens everything."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from carillon.adapters.aws import named
from carillon.domain.errors import SealError, Unavailable
from carillon.domain.seal import SALT_BYTES, Context, DataKey, Envelope, seal, unseal
from carillon.ports.world import Clock

MAX_AGE: Final = timedelta(hours=1)
"""How long a data key seals, and how long an unwrapped one is remembered: what KMS takes back ends within this."""

MAX_MESSAGES: Final = 1_000_000
MAX_BYTES: Final = 1 << 30
MAX_OPENED: Final = 256

_FORGED: Final = frozenset(
    {"InvalidCiphertextException", "IncorrectKeyException", "NotFoundException", "ValidationException"}
)
_ASLEEP: Final = frozenset({"DisabledException", "KMSInvalidStateException", "KeyUnavailableException"})


@dataclass(slots=True)
class _Sealing:
    """The data key in use for one purpose, and how much it has sealed."""

    key: DataKey
    made_at: datetime
    messages: int = 0
    bytes: int = 0

    def serves(self, now: datetime) -> bool:
        return now - self.made_at < MAX_AGE and self.messages < MAX_MESSAGES and self.bytes < MAX_BYTES


@dataclass(frozen=True, slots=True)
class _Opened:
    """A data key as it was unwrapped, and under which key it was wrapped."""

    plain: bytes
    opened_at: datetime
    key_name: str


class Keyring:
    """Sealer and Opener over a symmetric KMS key; the first of `key_ids` seals, all of them open."""

    def __init__(
        self, kms: Callable[[], Any], key_ids: Sequence[str], environment: str, clock: Clock
    ) -> None:
        self._kms = kms
        self._key_ids = key_ids
        self._names = frozenset(_name(key_id) for key_id in key_ids)
        self._environment = environment
        self._clock = clock
        self._sealing: dict[str, _Sealing] = {}
        self._opened: OrderedDict[tuple[str, bytes], _Opened] = OrderedDict()
        self._lock = threading.Lock()

    def seal(self, plaintext: bytes, context: Context) -> bytes:
        """The envelope; GenerateDataKey once an hour for each purpose."""
        with self._lock:
            key = self._key_for(context["purpose"], len(plaintext))
        return seal(plaintext, key, self._bound(context), secrets.token_bytes(SALT_BYTES))

    def open(self, sealed: bytes, context: Context) -> bytes:
        """The text; Decrypt once an hour for each data key that is met."""
        return unseal(sealed, self._bound(context), self._unwrap)

    def renewed(self, sealed: bytes, context: Context) -> bytes | None:
        """The same text under the first key; None when it is sealed under that one."""
        text = self.open(sealed, context)
        wrapped = Envelope.parse(sealed).wrapped
        with self._lock:
            under = self._opened[context["purpose"], wrapped].key_name
        return None if under == _name(self._key_ids[0]) else self.seal(text, context)

    def _bound(self, context: Context) -> Context:
        return {**context, "environment": self._environment}

    def _key_for(self, purpose: str, size: int) -> DataKey:
        now = self._clock.now()
        sealing = self._sealing.get(purpose)
        if sealing is None or not sealing.serves(now):
            answer = self._call("generate_data_key", purpose, KeyId=self._key_ids[0], KeySpec="AES_256")
            key = DataKey(bytes(answer["Plaintext"]), bytes(answer["CiphertextBlob"]))
            sealing = self._sealing[purpose] = _Sealing(key, now)
            self._remember((purpose, key.wrapped), _Opened(key.plain, now, _name(self._key_ids[0])))
        sealing.messages += 1
        sealing.bytes += size
        return sealing.key

    def _unwrap(self, wrapped: bytes, context: Context) -> bytes:
        purpose, now = context["purpose"], self._clock.now()
        with self._lock:
            found = self._opened.get((purpose, wrapped))
            if found is not None and now - found.opened_at < MAX_AGE:
                return found.plain
            answer = self._call("decrypt", purpose, CiphertextBlob=wrapped)
            # KMS finds the key by the blob; a blob of another key that this role may use is none of ours.
            under = _name(str(answer["KeyId"]))
            if under not in self._names:
                raise SealError("The envelope was sealed under a key that is not this stack's.")
            plain = bytes(answer["Plaintext"])
            self._remember((purpose, wrapped), _Opened(plain, now, under))
            return plain

    def _remember(self, key: tuple[str, bytes], opened: _Opened) -> None:
        self._opened[key] = opened
        self._opened.move_to_end(key)
        while len(self._opened) > MAX_OPENED:
            self._opened.popitem(last=False)

    def _call(self, operation: str, purpose: str, **arguments: Any) -> Mapping[str, Any]:
        context = {"purpose": purpose, "environment": self._environment}
        try:
            answer: Mapping[str, Any] = getattr(self._kms(), operation)(
                EncryptionContext=context, **arguments
            )
        except (BotoCoreError, ClientError) as error:
            raise _told(error) from error
        return answer


def _told(error: BotoCoreError | ClientError) -> Exception:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if code in _FORGED:
        return SealError("The envelope's data key was not wrapped for this purpose in this stack.")
    if code in _ASLEEP:
        return Unavailable(f"The key that seals data does not serve now: {code}.")
    return named(error)


def _name(key_id: str) -> str:
    """The id within an ARN; an id as it is."""
    return key_id.rpartition("/")[2]
