"""The job part of the schedule document: one target, the deadline of an attempt, and its retries."""

from collections.abc import Mapping
from typing import Any, Final

from carillon.domain.allow_list import AllowList
from carillon.domain.errors import FieldError
from carillon.domain.job import Job
from carillon.domain.not_yet import PLANNED_TARGETS
from carillon.domain.reading import Section, one_of
from carillon.domain.retry_definition import RETRY_FIELDS, WAIT_FIELDS, read_retry, read_wait
from carillon.domain.targets.http import check_http
from carillon.domain.targets.python import check_python

DEFAULT_TIMEOUT_SECONDS: Final = 60.0
SHORTEST_TIMEOUT_SECONDS: Final = 0.1
KINDS: Final = ("http", "python")
_FIELDS: Final = ("target", "timeout_seconds", "retry", "secrets", "compensate", "steps", *WAIT_FIELDS)


def read_job(body: Section, max_timeout_seconds: float, http_allow: AllowList) -> Job:
    """The job of a document; faults are noted in the document's list."""
    section = body.section("job", _FIELDS)
    return Job(
        target=_target(section, http_allow),
        timeout_seconds=_timeout(section, max_timeout_seconds),
        retry=read_retry(section.section("retry", RETRY_FIELDS)),
        wait=read_wait(section),
    )


def _target(section: Section, http_allow: AllowList) -> Mapping[str, Any]:
    target = section.get("target")
    if not isinstance(target, Mapping):
        if section.get("steps") is None and section.is_object:
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
