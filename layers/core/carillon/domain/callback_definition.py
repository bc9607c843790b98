"""The bodies of a callback, read into what it says; every fault at once, as for a schedule."""

import re
from typing import Any, Final

from carillon.domain.callback import CallbackVerb
from carillon.domain.reading import Faults, Section
from carillon.domain.run import MAX_MESSAGE
from carillon.domain.waiting import Answer
from carillon.domain.workflow.output import MAX_OUTPUT_BYTES

_REASON: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DEFAULT_REASON: Final = "callback_failed"


def read_completion(document: Any) -> tuple[Answer, Any]:
    """The success that a body tells and its output, None for none; InvalidInput."""
    faults = Faults()
    body = Section({} if document is None else document, "", faults, ("output", "message"))
    message = body.text("message", longest=MAX_MESSAGE) or "The target called back that it is done."
    output = body.value("output", MAX_OUTPUT_BYTES)
    faults.raise_any("The callback is not valid.")
    return Answer(CallbackVerb.COMPLETE, message), output


def read_failure(document: Any) -> Answer:
    """The failure that a body tells; InvalidInput."""
    faults = Faults()
    body = Section({} if document is None else document, "", faults, ("reason", "message", "retryable"))
    reason = body.text("reason", _DEFAULT_REASON, longest=64)
    if not _REASON.fullmatch(reason):
        body.fault("reason", "Give one word of lower-case letters, digits and _, such as disk_full.")
    message = body.text("message", longest=MAX_MESSAGE) or f"The target called back that it failed: {reason}."
    is_retryable = body.flag("retryable", default=True)
    faults.raise_any("The callback is not valid.")
    return Answer(CallbackVerb.FAIL, message, reason, is_retryable)
