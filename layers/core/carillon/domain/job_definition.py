"""The job part of the schedule document: one target, the deadline of an attempt, and its retries."""

from collections.abc import Mapping
from typing import Any, Final

from carillon.domain.allow_list import AllowList
from carillon.domain.errors import FieldError
from carillon.domain.job import Backoff, Job, Retry
from carillon.domain.not_yet import PLANNED_TARGETS
from carillon.domain.reading import Section, one_of
from carillon.domain.targets.http import check_http
from carillon.domain.targets.python import check_python

DEFAULT_TIMEOUT_SECONDS: Final = 60.0
SHORTEST_TIMEOUT_SECONDS: Final = 0.1
MAX_ATTEMPTS: Final = 100
LONGEST_BACKOFF_SECONDS: Final = 86_400
KINDS: Final = ("http", "python")
_FIELDS: Final = ("target", "timeout_seconds", "retry", "secrets", "compensate", "steps", "wait")
_RETRY: Final = ("max_attempts", "backoff", "base_seconds", "cap_seconds")


def read_job(body: Section, max_timeout_seconds: float, http_allow: AllowList) -> Job:
    """The job of a document; faults are noted in the document's list."""
    section = body.section("job", _FIELDS)
    if body.get("job") is None:
        body.fault("job", 'Say what to run: {"target": {"kind": "http", "url": "https://..."}}.')
    return Job(
        target=_target(section, http_allow),
        timeout_seconds=_timeout(section, max_timeout_seconds),
        retry=_retry(section.section("retry", _RETRY)),
    )


def _target(section: Section, http_allow: AllowList) -> Mapping[str, Any]:
    target = section.get("target")
    if not isinstance(target, Mapping):
        if section.get("steps") is None and section.document:
            section.fault("target", 'Give a JSON object such as {"kind": "http", "url": "https://..."}.')
        return {}
    for error in _target_faults(target, http_allow):
        section.fault(f"target.{error.field}", error.message)
    return dict(target)


def _target_faults(target: Mapping[str, Any], http_allow: AllowList) -> tuple[FieldError, ...]:
    kind = target.get("kind")
    if kind == "http":
        return check_http(target, http_allow)
    if kind == "python":
        return check_python(target)
    if isinstance(kind, str) and kind in PLANNED_TARGETS:
        return ()
    return (FieldError("kind", one_of(kind, KINDS)),)


def _timeout(section: Section, longest: float) -> float:
    default = min(DEFAULT_TIMEOUT_SECONDS, longest)
    value = section.get("timeout_seconds")
    if isinstance(value, int | float) and not isinstance(value, bool) and value > longest:
        section.fault(
            "timeout_seconds",
            f"The worker cannot keep {value:.6g} s: an attempt may take {longest:g} s at most. Lower it, split the "
            "job, or deploy the stack with a larger WorkerTimeout parameter.",
        )
        return default
    return section.number("timeout_seconds", default, SHORTEST_TIMEOUT_SECONDS, longest)


def _retry(section: Section) -> Retry:
    default = Retry()
    return Retry(
        max_attempts=section.whole("max_attempts", default.max_attempts, 1, MAX_ATTEMPTS),
        backoff=section.choice("backoff", Backoff.EXPONENTIAL),
        base_seconds=section.number("base_seconds", default.base_seconds, 0, LONGEST_BACKOFF_SECONDS),
        cap_seconds=section.number("cap_seconds", default.cap_seconds, 0, LONGEST_BACKOFF_SECONDS),
    )
