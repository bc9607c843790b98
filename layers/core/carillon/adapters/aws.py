"""AWS clients as the hot functions need them, and what their errors mean here.

botocore is used without boto3: the resource layer, s3transfer and their data files cost a cold start and serve
no call made here. AWS_ENDPOINT_URL points every client elsewhere, which botocore reads by itself.
"""

from functools import cache
from threading import Lock
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from carillon.adapters.light import LIGHT, lighten
from carillon.domain.errors import CarillonError, Throttled, Unavailable

POOL: Final = 16
"""Connections per client; the most threads that share one."""

_THROTTLES: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingException",
        "ThrottlingError",
        "Throttling",
        "RequestThrottled",
        "TooManyRequestsException",
        "TransactionInProgressException",
        "TransactionConflictException",
        "SlowDown",
    }
)
_OUTAGES: Final = frozenset(
    {"InternalServerError", "InternalError", "InternalFailure", "ServiceUnavailable", "RequestTimeout"}
)


class Calls:
    """Tries of AWS calls since somebody last asked: those to KMS, and those that were throttled."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, int] = {}

    def count(self, *, event_name: str, response: Any, **_: Any) -> None:
        """botocore's hook; answering None leaves the retrying to others."""
        parsed = response[1] if response else {}
        code = str(parsed.get("Error", {}).get("Code", "")).rpartition(".")[2]
        with self._lock:
            if event_name.startswith("needs-retry.kms."):
                self._counts["KmsCalls"] = self._counts.get("KmsCalls", 0) + 1
            if code in _THROTTLES:
                self._counts["Throttles"] = self._counts.get("Throttles", 0) + 1

    def take(self) -> dict[str, int]:
        """The counts that are not zero; they begin again."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return taken


CALLS: Final = Calls()


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


def client(service: str, *, read_timeout_seconds: float = 5, attempts: int = 3) -> Any:
    """A client with few, short tries: a tick or a sweep that comes again is better than a call that hangs."""
    config = Config(
        # Validation walks every nested attribute of every item; the stores build well-formed calls.
        parameter_validation=False,
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=2,
        read_timeout=read_timeout_seconds,
        max_pool_connections=POOL,
        tcp_keepalive=True,
        # botocore's own name tells of every feature in use and is put together twice a call.
        user_agent=f"carillon botocore/{botocore.__version__}",
    )
    made = _session().create_client(service, config=config)
    if service in LIGHT:
        lighten(made)
    # Told of every try, so that throttles are seen which a later try of the SDK hides.
    made.meta.events.register("needs-retry", CALLS.count)
    return made


def call(client: Any, operation: str, **arguments: Any) -> dict[str, Any]:
    """One call's answer; its errors are this project's, as `named` tells them."""
    try:
        answer: dict[str, Any] = getattr(client, operation)(**arguments)
    except (BotoCoreError, ClientError) as error:
        raise named(error) from error
    return answer


def named(error: BotoCoreError | ClientError) -> CarillonError:
    """The project's error for an AWS error: Throttled, Unavailable, or a refusal that no retry will change."""
    if not isinstance(error, ClientError):
        return Unavailable(f"No proper answer: {error}")
    details = error.response.get("Error", {})
    code, message = details.get("Code", ""), details.get("Message", "")
    told = f"{error.operation_name}: {code}: {message}"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    # SQS puts a namespace before some codes, as in AWS.SimpleQueueService.RequestThrottled.
    if code.rpartition(".")[2] in _THROTTLES or status == 429:
        return Throttled(told)
    if code in _OUTAGES or status >= 500:
        return Unavailable(told)
    return CarillonError(f"AWS refused {told}")
