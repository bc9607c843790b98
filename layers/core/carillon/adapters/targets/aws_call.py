"""One call of an AWS service for a target: sent at most once, within the attempt's deadline, its error read by table.

A client's own repetitions are off: an attempt calls its target at most once, and the run's policy decides about more.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
)

from carillon.adapters.targets.deadline import LOOK_SECONDS, Deadline
from carillon.domain.outcome import Outcome, permanent, retryable
from carillon.domain.targets.aws_answers import Meaning, Refusal, lost, not_sent, outcome_of

Answer = Mapping[str, Any]
LONGEST_CALL_SECONDS: Final = 900
_NOT_SENT: Final = (ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, NoRegionError)


def make_client(service: str, region: str) -> Any:
    """A client that tries once; what it is sent is written by the checks, so it is not validated again."""
    config = Config(
        parameter_validation=False,
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=2,
        read_timeout=LONGEST_CALL_SECONDS,
        max_pool_connections=16,
        tcp_keepalive=True,
    )
    return botocore.session.Session().create_client(service, region_name=region, config=config)


class AwsClients:
    """Clients by service and region, made when they are first needed: a cold start makes none."""

    def __init__(self, make: Callable[[str, str], Any] = make_client) -> None:
        self._make = make
        self._made: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str, region: str) -> Any:
        """The one client of this service and region; safe between threads."""
        with self._lock:
            if (service, region) not in self._made:
                self._made[service, region] = self._make(service, region)
            return self._made[service, region]


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def send(
    operation: Callable[..., Answer],
    request: Mapping[str, Any],
    errors: Mapping[str, Meaning],
    deadline: Deadline,
    *,
    is_repeatable: bool = False,
    cancelled: Callable[[], bool] = bool,
) -> Answer | Outcome:
    """The answer of one call, or the outcome when there is none.

    With `is_repeatable` the request carries a key that makes another one of the same kind harmless.
    """
    try:
        return _within(deadline, lambda: operation(**request), cancelled)
    except TimeoutError:
        return lost("the deadline passed first", is_repeatable=is_repeatable)
    except ParamValidationError as error:
        return permanent("target_refused", f"The request is not valid: {error}"[:400])
    except ClientError as error:
        return outcome_of(_refusal(error), errors)
    except _NOT_SENT as error:
        return not_sent(str(error))
    except (BotoCoreError, OSError) as error:
        return lost(str(error)[:200], is_repeatable=is_repeatable)


def _refusal(error: ClientError) -> Refusal:
    details = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return Refusal(str(details.get("Code", "")), status, str(details.get("Message", "")))


def _within(
    deadline: Deadline, work: Callable[[], Answer], cancelled: Callable[[], bool]
) -> Answer | Outcome:
    # A client's timeout is fixed when it is made, so the call runs aside; a late answer finds nobody waiting.
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def call() -> None:
        try:
            answers.append(work())
        except (ClientError, BotoCoreError, OSError) as error:
            errors.append(error)

    thread = threading.Thread(target=call, daemon=True, name="target")
    thread.start()
    while thread.is_alive():
        thread.join(min(deadline.seconds_left(), LOOK_SECONDS))
        if thread.is_alive() and cancelled():
            return retryable("cancelled", "The answer was no longer waited for; what was begun goes on.")
    if answers:
        return answers[0]
    raise errors[0] if errors else ConnectionError("the call ended without an answer")
