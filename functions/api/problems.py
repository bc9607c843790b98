"""Failures as RFC 9457 problem documents, with a stable code and never a stack trace."""

import json
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)

from api.errors import MethodNotAllowed, UnsupportedMediaType
from api.statuses import is_described, status_of
from carillon.domain.errors import CarillonError, FieldError, InvalidInput, TryLater
from carillon.ports.world import Log

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 2


def problem_answer(error: Exception, request_id: str, log: Log) -> dict[str, Any]:
    """The answer to a request that failed; an unforeseen error is logged and not described."""
    error = _named(error)
    status = status_of(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        log(
            "request_failed",
            "A request failed for a reason nobody foresaw.",
            error=type(error).__name__,
            why=str(error),
            request_id=request_id,
            exc_info=error,
        )
    return {
        "statusCode": int(status),
        "headers": {"content-type": CONTENT_TYPE, **_headers(error, status)},
        "body": json.dumps(problem_document(error, status, request_id)),
        "isBase64Encoded": False,
    }


def problem_document(error: Exception, status: HTTPStatus, request_id: str) -> dict[str, Any]:
    """The document's fields; `errors` names each field that is wrong."""
    is_known = isinstance(error, CarillonError) and is_described(error)
    code = error.code if is_known and isinstance(error, CarillonError) else CarillonError.code
    faults = error.errors if isinstance(error, InvalidInput) else ()
    return {
        "type": f"urn:carillon:problem:{code}",
        "title": status.phrase,
        "status": int(status),
        "code": code,
        "detail": str(error)
        if is_known
        else "Something went wrong inside Carillon; the log has the request id.",
        "errors": [{"field": fault.field, "message": fault.message} for fault in faults],
        "request_id": request_id,
    }


def _named(error: Exception) -> Exception:
    if isinstance(error, RequestValidationError):
        return InvalidInput("The request is not valid.", [_fault(each) for each in error.errors()])
    if isinstance(error, RequestUnsupportedContentType):
        return UnsupportedMediaType()
    return error


def _fault(error: dict[str, Any]) -> FieldError:
    place, *path = error["loc"]
    message = str(error.get("msg", "This is not valid")).rstrip(".")
    return FieldError(".".join(map(str, path)) or f"({place})", f"{message}.")


def _headers(error: Exception, status: HTTPStatus) -> dict[str, str]:
    if status is HTTPStatus.UNAUTHORIZED:
        return {"www-authenticate": "Bearer"}
    if isinstance(error, TryLater):
        return {"retry-after": str(error.retry_after_seconds)}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return {"retry-after": str(RETRY_AFTER_SECONDS)}
    if isinstance(error, MethodNotAllowed):
        return {"allow": error.allowed}
    return {}
