"""The part of Lambda's own API that the stack uses: Invoke, so that a function can call a function."""

import json
import urllib.parse

from local.invoker import Invoker, UnknownFunctionError
from local.lineage import Lineage
from local.web import Request, Response

_PREFIX = "/2015-03-31/functions/"
_SUFFIX = "/invocations"
# Lambda's limits on what goes in.
_SYNCHRONOUS_BYTES = 6 * 1024 * 1024
_ASYNCHRONOUS_BYTES = 1024 * 1024


class LambdaApi:
    """Answers Invoke with what Lambda would answer."""

    def __init__(self, invoker: Invoker) -> None:
        self._invoker = invoker

    def __call__(self, request: Request) -> Response:
        """Answer one request of an SDK."""
        path = urllib.parse.unquote(request.target.partition("?")[0])
        if request.method != "POST" or not (path.startswith(_PREFIX) and path.endswith(_SUFFIX)):
            return _error(501, "NotImplemented", "The laptop cloud answers Lambda's Invoke only.")
        try:
            return self._invoke(path.removeprefix(_PREFIX).removesuffix(_SUFFIX), request)
        except UnknownFunctionError as error:
            return _error(404, "ResourceNotFoundException", str(error))

    def _invoke(self, name: str, request: Request) -> Response:
        event = request.body or b"{}"
        try:
            json.loads(event)
        except ValueError as error:
            return _error(
                400, "InvalidRequestContentException", f"Could not parse request body into json: {error}"
            )
        later = request.header("X-Amz-Invocation-Type") == "Event"
        limit = _ASYNCHRONOUS_BYTES if later else _SYNCHRONOUS_BYTES
        if len(event) > limit:
            return _error(
                413, "RequestTooLargeException", f"The event has {len(event)} bytes; {limit} is the limit."
            )
        lineage = Lineage.parse(request.header("X-Amzn-Trace-Id"))
        if later:
            self._invoker.invoke_later(name, event, lineage)
            return Response(202)
        answer = self._invoker.invoke(name, event, lineage)
        failed = () if answer.error is None else (("X-Amz-Function-Error", answer.error),)
        return Response(200, answer.payload, (("X-Amz-Executed-Version", "$LATEST"), *failed))


def _error(status: int, kind: str, message: str) -> Response:
    body = json.dumps({"Type": "User", "Message": message}).encode()
    return Response(status, body, (("x-amzn-ErrorType", kind), ("Content-Type", "application/json")))
