"""Clients that do only what their hot calls need: the same requests for half of botocore's work.

botocore walks every value of a document by the service's model to write what is JSON already, and works the endpoint
out again for each call. Our stores build documents in the shape that goes over the wire, and a client has one
endpoint. tests/contract/test_light_client.py holds the requests against those of a client left as it was.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

LIGHT: Final = frozenset({"dynamodb", "sqs"})
"""Services that are called for every run, speak JSON, and whose endpoint no parameter of ours changes."""


class AsItIs:
    """In place of botocore's serializer: the parameters are the document."""

    def serialize_to_request(self, parameters: Mapping[str, Any], operation: Any) -> dict[str, Any]:
        """The parts of the request that come from the call."""
        metadata = operation.metadata
        headers = {
            "X-Amz-Target": f"{metadata['targetPrefix']}.{operation.name}",
            "Content-Type": f"application/x-amz-json-{metadata['jsonVersion']}",
        }
        if operation.service_model.is_query_compatible:
            headers["x-amzn-query-mode"] = "true"
        body = json.dumps(parameters, default=_base64).encode()
        return {"url_path": "/", "query_string": "", "method": "POST", "headers": headers, "body": body}


class OneEndpoint:
    """In place of botocore's endpoint rules: what they say for the first call holds for all."""

    def __init__(self, rules: Any) -> None:
        self._rules = rules
        self._found: Any = None

    def construct_endpoint(
        self, operation_model: Any, call_args: Mapping[str, Any], request_context: dict[str, Any]
    ) -> Any:
        """The endpoint as it was found for the first call."""
        if self._found is None:
            self._found = self._rules.construct_endpoint(operation_model, call_args, request_context)
        return self._found

    def auth_schemes_to_signing_ctx(self, auth_schemes: Any) -> Any:
        """How the endpoint wants its requests signed."""
        return self._rules.auth_schemes_to_signing_ctx(auth_schemes)


def lighten(client: Any) -> None:
    """Makes a client of one of these services light."""
    client._serializer = AsItIs()
    client._ruleset_resolver = OneEndpoint(client._ruleset_resolver)


def _base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")
