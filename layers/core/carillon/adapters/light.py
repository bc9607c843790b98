"""Clients that do only what their hot calls need: the same requests for a third of botocore's work.

botocore walks every value of a document by the service's model to write what is JSON already, works the endpoint out
again for each call, and signs and sends for every service there is. Our stores build documents in the shape that goes
over the wire, and a client has one endpoint. Errors, retries and their pauses, credentials and answers stay botocore's.
tests/contract/test_light_client.py holds the requests against those of a client left as it was.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import NoCredentialsError
from botocore.handlers import add_retry_headers

from carillon.adapters.open_lines import OpenLines
from carillon.adapters.sigv4 import Scope, sign

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
        body = _written(parameters).encode()
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


class SignedAtOnce:
    """In place of the steps from a document to what is sent: a request, made and signed anew for each try."""

    def __init__(self, client: Any) -> None:
        self._signer = client._request_signer
        self._tries = client.meta.config.retries["total_max_attempts"]

    def __call__(self, parameters: Mapping[str, Any], _operation: Any) -> Any:
        """The signed request; NoCredentialsError."""
        context, url, body = parameters["context"], parameters["url"], parameters["body"]
        headers: Any = dict(parameters["headers"])
        request: Any = AWSPreparedRequest("POST", url, headers, body, False, context)
        sign(request, self._credentials(), self._scope(context), f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        headers["Content-Length"] = str(len(body))
        context["retries"]["max"] = self._tries
        add_retry_headers(request)
        return request

    def _credentials(self) -> Any:
        if self._signer._credentials is None:
            raise NoCredentialsError()
        # Refreshed in time, if they are of the kind that runs out.
        return self._signer._credentials.get_frozen_credentials()

    def _scope(self, context: Mapping[str, Any]) -> Scope:
        asked = context.get("signing", {})
        region = asked.get("region", self._signer.region_name)
        return Scope(region, asked.get("signing_name", self._signer.signing_name))


def lighten(client: Any) -> None:
    """Makes a client of one of these services light."""
    client._serializer = AsItIs()
    client._ruleset_resolver = OneEndpoint(client._ruleset_resolver)
    client._endpoint.create_request = SignedAtOnce(client)
    client._endpoint.http_session = OpenLines(client._endpoint.http_session)


def _base64(value: bytes) -> str:
    return b64encode(value).decode("ascii")


# To look for circles costs a quarter of the writing; a document that had one would meet the limit of recursion.
_written: Final = json.JSONEncoder(default=_base64, check_circular=False).encode
