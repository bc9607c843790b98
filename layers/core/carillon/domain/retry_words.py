"""The words that `retry_on` and `never_on` may use: the errors an attempt can end with, and classes of them.

A test holds ERRORS against the words that the targets and services really use.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from carillon.domain.job import Retry
from carillon.domain.outcome import Outcome, OutcomeKind

ERRORS: Final = frozenset(
    {
        "access_denied", "address_refused", "answer_lost", "attempt_lost", "callback_failed", "callback_overdue",
        "certificate_refused", "command_cancelled", "command_failed", "command_timed_out", "completion_overdue",
        "connection_refused",
        "container_failed", "execution_aborted", "execution_failed", "execution_timed_out", "function_failed",
        "function_timed_out", "invalid_target", "job_unreadable", "name_not_resolved", "no_capacity",
        "no_free_process", "no_instances", "no_time_left", "not_connected", "output_not_json", "output_too_large",
        "process_not_started", "result_lost", "service_unavailable", "target_failed", "target_not_found",
        "target_refused",
        "task_crashed", "task_not_started", "task_raised", "task_refused", "task_stopped", "throttled", "timed_out",
        "tls_failed", "unknown_target", "unknown_task",
    }
)  # fmt: skip
CLASSES: Final[Mapping[str, frozenset[str]]] = {
    "timeout": frozenset(
        {
            "timed_out",
            "callback_overdue",
            "http_408",
            "http_504",
            "function_timed_out",
            "execution_timed_out",
            "command_timed_out",
        }
    ),
    "connection": frozenset(
        {"name_not_resolved", "not_connected", "connection_refused", "tls_failed", "answer_lost"}
    ),
    "task": frozenset({"task_raised", "task_crashed", "process_not_started", "no_free_process"}),
}
HTTP_CLASSES: Final = ("http_3xx", "http_4xx", "http_5xx")
HTTP_STATUS: Final = re.compile(r"http_[1-5]\d\d")


def names(words: Collection[str], error: str) -> bool:
    """Whether one of the words names the error, by itself or by its class."""
    if error in words or any(error in CLASSES.get(word, ()) for word in words):
        return True
    return HTTP_STATUS.fullmatch(error) is not None and f"{error[:6]}xx" in words


def may_try_again(retry: Retry, outcome: Outcome) -> bool:
    """Whether this end of an attempt is worth another one.

    Without `retry_on` the outcome's own kind decides. With it exactly the named errors are tried again, also
    those that would be final otherwise. `never_on` takes away from either.
    """
    error = outcome.error or ""
    if names(retry.never_on, error):
        return False
    return names(retry.retry_on, error) if retry.retry_on else outcome.kind is not OutcomeKind.PERMANENT
