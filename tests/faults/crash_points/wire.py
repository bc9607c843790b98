"""The wire between the real AWS clients and AWS as moto plays it: every call numbered, and one or two of them faulty.

A process dies by an exception that no `except Exception` stops. Where moto is kinder or ruder than AWS, this mends
it: a transaction's token is honoured, and the queue and the topic are played here.
"""

import base64
import json
from collections import Counter
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qs

from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.retries import quota, standard
from moto.core.exceptions import HTTPException, ServiceException
from moto.core.models import botocore_stubber
from moto.dynamodb.models.utilities import DynamoJsonEncoder
from moto.dynamodb.responses import DynamoHandler

from carillon.adapters import aws
from tests.fakes.kms import FakeKms

ACCOUNT, REGION = "123456789012", "eu-central-1"
SERVICES = ("dynamodb", "sqs", "sns", "kms", "lambda")
KEY_OPERATIONS = ("GenerateDataKey", "Decrypt", "Sign", "GetPublicKey")
"""They leave nothing behind, like reads."""
READS = frozenset({"GetItem", "BatchGetItem", "Query", *KEY_OPERATIONS})
_BYTES = frozenset({"CiphertextBlob", "Message"})
ATTEMPTS = 3
"""Tries of one call, as aws.client sets them."""


class Died(BaseException):
    """The process ended here, as by a signal."""


@dataclass(frozen=True)
class Call:
    """One call of AWS: by which invocation, the how manieth of all, and after how many calls of targets."""

    function: str
    operation: str
    invocation: int
    targets_called: int

    @property
    def is_read(self):
        return self.operation in READS


class Aws:
    """The clients that all functions share, and what is to happen to which of their calls."""

    def __init__(self):
        self.clients = {service: aws.client(service) for service in SERVICES}
        self.played = {"SendMessageBatch": self._sent, "Publish": self._published}
        kms = FakeKms()
        self.played |= {operation: partial(_keys, kms, operation) for operation in KEY_OPERATIONS}
        for client in self.clients.values():
            events = client.meta.events
            # botocore asks every handler and takes the first answer, so moto's own must not act a second time.
            events.unregister("before-send", botocore_stubber)
            events.register("before-call", self._begin)
            events.register("before-send", self._send)
            events.register("after-call", self._end)
        self.reset()

    def reset(self):
        """Forgets every call and every fault; the SDK's patience is whole again."""
        self.calls, self.faults, self.tokens = [], {}, set()
        self.tries, self.heals_at, self.suffered, self.passing = 0, None, Counter(), 0
        self.on_write = self.on_message = self.on_alert = lambda *_: None
        self.now = lambda: None
        self.function, self.invocation, self.targets_called = "setup", 0, 0
        self.counting = False
        for client in self.clients.values():
            _retry_without_pause(client)

    def begin_invocation(self, function):
        """The calls that follow are this function's."""
        self.function = function
        self.invocation += 1

    def client(self, service, **_):
        """In place of carillon.adapters.aws.client."""
        return self.clients[service]

    @property
    def fault(self):
        """The fault of the present call, if it has one."""
        return self.faults.get(len(self.calls)) if self.counting else None

    def _begin(self, model, **_):
        if not self.counting:
            return
        self.calls.append(Call(self.function, model.name, self.invocation, self.targets_called))
        self.tries = 0
        if self.fault is not None:
            self.fault.before(self)

    def _end(self, model, **_):
        if self.fault is not None:
            self.fault.after(self)

    def _send(self, request, event_name, **_):
        operation = event_name.rpartition(".")[2]
        self.tries += 1
        for fault in self.faults.values() if self.counting else ():
            answer = fault.on_send(self, operation, request)
            if answer is not None:
                return answer
        return self.carry_out(operation, request)

    def carry_out(self, operation, request):
        """What AWS does with a request, and its answer."""
        played = self.played.get(operation)
        if played is not None:
            return played(request)
        asked = json.loads(request.body)
        token = asked.get("ClientRequestToken")
        if token in self.tokens:
            return answer(request, 200, "{}")
        given = _moto(operation, request, asked)
        if token is not None and given.status_code == 200:
            self.tokens.add(token)
        if operation not in READS:
            self.on_write()
        return given

    def _sent(self, request, refused=()):
        entries = json.loads(request.body)["Entries"]
        taken = [entry for entry in entries if entry["Id"] not in refused]
        for entry in taken:
            self.on_message(entry["MessageBody"], entry.get("DelaySeconds", 0))
        done = [{"Id": e["Id"], "MessageId": e["Id"], "MD5OfMessageBody": ""} for e in taken]
        failed = [{"Id": i, "Code": "InternalError", "SenderFault": False} for i in refused]
        return answer(request, 200, json.dumps({"Successful": done, "Failed": failed}))

    def refuse_entries(self, request):
        """Takes none of a batch of messages, in an answer that is a success."""
        return self._sent(request, [entry["Id"] for entry in json.loads(request.body)["Entries"]])

    def _published(self, request):
        form = request.body if isinstance(request.body, str) else request.body.decode()
        self.on_alert(json.loads(parse_qs(form)["Message"][0]))
        told = "<PublishResult><MessageId>m</MessageId></PublishResult>"
        return answer(request, 200, f"<PublishResponse>{told}</PublishResponse>")


def _moto(operation, request, asked):
    """moto's answer: straight from its handler; a refusal, which changes nothing, by its whole way through HTTP."""
    handler = DynamoHandler()
    handler.body = handler.params = asked
    handler.headers, handler.current_account, handler.region = {}, ACCOUNT, REGION
    try:
        found = getattr(handler, xform_name(operation))().result
    except (ServiceException, HTTPException):
        return botocore_stubber(event_name=f"before-send.dynamodb.{operation}", request=request)
    return answer(request, 200, json.dumps(found, cls=DynamoJsonEncoder))


def _keys(kms, operation, request):
    """KMS's answer, from keys in memory; bytes travel as base64."""
    asked = json.loads(request.body)
    given = {n: base64.b64decode(v) if n in _BYTES else v for n, v in asked.items()}
    found = getattr(kms, xform_name(operation))(**given)
    text = {n: base64.b64encode(v).decode() if isinstance(v, bytes) else v for n, v in found.items()}
    return answer(request, 200, json.dumps(text))


def answer(request, status, body):
    """An HTTP answer that no server gave."""
    return AWSResponse(request.url, status, {}, _Raw(body))


def lost(request):
    """An answer that never came."""
    return ReadTimeoutError(endpoint_url=request.url)


class _Raw:
    def __init__(self, body):
        self._body = body

    def stream(self, **_):
        yield self._body.encode()


class _NoPause:
    def delay_amount(self, context):
        return 0


def _retry_without_pause(client):
    """The SDK's own decisions on what to try again, without waiting, and with a quota that no life uses up."""
    service = client.meta.service_model.service_id.hyphenize()
    adapter = standard.RetryEventAdapter()
    handler = standard.RetryHandler(
        standard.RetryPolicy(standard.StandardRetryConditions(max_attempts=ATTEMPTS), _NoPause()),
        adapter,
        standard.RetryQuotaChecker(quota.RetryQuota(10**6), standard.ThrottlingErrorDetector(adapter)),
        service_name=service,
    )
    name = f"retry-config-{service}"
    client.meta.events.unregister(f"needs-retry.{service}", unique_id=name)
    client.meta.events.register(f"needs-retry.{service}", handler.needs_retry, unique_id=name)
