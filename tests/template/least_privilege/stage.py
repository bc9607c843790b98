"""A stack of the template in the emulator, its functions run in this process, each call of AWS written down."""

import base64
import json
import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from botocore.awsrequest import AWSResponse

import api.handler
import archive.handler
import completion.handler
import deadletter.handler
import follow.handler
import operators.handler
import tick.handler
import worker.handler
from carillon.adapters import aws
from carillon.wiring import archive as wired_archive
from carillon.wiring import ground
from carillon.wiring import operator as wired_operator
from carillon.wiring.api import wire_api
from carillon.wiring.archive import wire_archive
from carillon.wiring.completion import wire_completion
from carillon.wiring.dead_letter import wire_dead_letter
from carillon.wiring.follow import wire_follow
from carillon.wiring.operator import wire_operator
from carillon.wiring.tick import wire_tick
from carillon.wiring.worker import wire_worker
from local.emulator import CREDENTIALS, Emulator
from local.inventory import ACCOUNT, REGION
from local.makers.workshop import Workshop
from local.provision import MAKERS, _recorded
from local.resolve import Resolver
from local.sealed_events import sealed_event, sealing_for
from local.template import expand
from tests.functions.event_files import event
from tests.template.least_privilege.policy import decide, listed
from tests.template.least_privilege.recorder import Recorder

STACK = "carillon"
TEMPLATE = Path(__file__).resolve().parents[3] / "template.yaml"
PARAMETERS = {
    "WorkerTimeout": "20",
    "HttpAllow": "127.0.0.1",
    "DeletionProtection": "false",
    "ShardsPerTick": "2",
    "Shards": "4",
    "TargetArns": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:nightly",
}
BATCHES = 8
KEYS = {"RunsTable": ("schedule_id", "run_key"), "AuditTable": ("day_shard", "moment_id")}
CLOCKED = (ground, wired_archive, wired_operator)
HANDLERS = {
    "tick": (tick.handler, wire_tick),
    "worker": (worker.handler, wire_worker),
    "api": (api.handler, wire_api),
    "deadletter": (deadletter.handler, wire_dead_letter),
    "archive": (archive.handler, wire_archive),
    "follow": (follow.handler, wire_follow),
    "completion": (completion.handler, wire_completion),
    "operator": (operators.handler, wire_operator),
}


class Context:
    """What Lambda tells about an invocation."""

    function_name = "carillon-tick"
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self):
        return 20_000


class Stage:
    """The stack, its policies as CloudFormation would write them, and who called what."""

    def __init__(self, folder, **parameters):
        self._parameters = {**PARAMETERS, **parameters}
        self._emulator = Emulator.start(folder / "emulator.log")
        self._provision()
        self.clock = StageClock()
        self.recorder = Recorder(ACCOUNT, REGION, self.refs["DataKey"].attributes["Arn"])
        self.messages = sealing_for(self._emulator.client("kms"), STACK, self.outputs)
        self.answers, self.sent, self._inbox = [], self.recorder.sent, None
        self._wired, self._system_clock = set(), ground.SystemClock
        for module in CLOCKED:
            module.SystemClock = lambda: self.clock

    def _provision(self):
        shop, self.properties = Workshop(self._emulator.endpoint, STACK), {}

        def make(logical, kind, properties):
            self.properties[logical] = properties
            return MAKERS.get(kind, _recorded)(shop, logical, properties)

        document = expand(TEMPLATE, self._parameters)
        resolver = Resolver(document, STACK, make)
        self.refs = resolver.make_all()
        self.outputs, self.inventory = resolver.outputs(), shop.inventory
        self.kinds = {name: resource["Type"] for name, resource in document["Resources"].items()}

    def stop(self):
        if "worker" in self._wired:
            # The children of its tasks live as long as their container, which ends here.
            wire_worker()[0]._attempt._targets.get("python")._pool.close()
        self._emulator.stop()
        for module in CLOCKED:
            module.SystemClock = self._system_clock
        aws._session.cache_clear()
        for _, wire in HANDLERS.values():
            wire.cache_clear()

    def client(self, service):
        return self._emulator.client(service)

    # ---- rights

    def role_of(self, function):
        logical = next(
            n for n, p in self.properties.items() if p.get("FunctionName") == f"{STACK}-{function}"
        )
        arn = self.properties[logical]["Role"]
        role = next(n for n, made in self.refs.items() if made.attributes.get("Arn") == arn)
        return role, arn

    def statements(self, function):
        role, _ = self.role_of(function)
        policies = self.properties[role]["Policies"]
        return [s for policy in policies for s in listed(policy["PolicyDocument"]["Statement"])]

    @property
    def key_policies(self):
        keys = [name for name, kind in self.kinds.items() if kind == "AWS::KMS::Key"]
        return {
            self.refs[key].attributes["Arn"]: self.properties[key]["KeyPolicy"]["Statement"] for key in keys
        }

    def verdict(self, call):
        _, arn = self.role_of(call.function)
        return decide(call, arn, self.statements(call.function), self.key_policies)

    # ---- work

    @contextmanager
    def as_function(self, name):
        kept, spec = dict(os.environ), self.inventory.functions[f"{STACK}-{name}"]
        os.environ.update({**CREDENTIALS, **spec.environment, "AWS_DEFAULT_REGION": REGION})
        os.environ |= {
            "AWS_ENDPOINT_URL": self._emulator.endpoint,
            "AWS_LAMBDA_FUNCTION_NAME": f"{STACK}-{name}",
        }
        self.recorder.function = name
        try:
            yield
        finally:
            self.recorder.function = None
            os.environ.clear()
            os.environ.update(kept)

    def cool(self, name):
        """The function's next invocation is a cold start, which remembers no key."""
        self._wired.discard(name)

    def invoke(self, name, given):
        module, wire = HANDLERS[name]
        with self.as_function(name):
            if name not in self._wired:
                wire.cache_clear()
                self._wired.add(name)
            answer = module.handle(given, Context())
        if name == "api":
            self.answers.append(json.dumps(answer))
        return answer

    def replay(self, name, file):
        """An event file through a function, sealed where it holds messages."""
        return self.invoke(name, json.loads(sealed_event(json.dumps(event(file)).encode(), self.messages)))

    def deliver(self):
        """Everything that waits in the queue, in batches, to the worker; how many messages that were."""
        sqs, url, count = self.client("sqs"), self.refs["DispatchQueue"].ref, 0
        for _ in range(BATCHES):
            messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            if not messages:
                break
            records = [{"messageId": m["MessageId"], "body": m["Body"]} for m in messages]
            self.invoke("worker", {"Records": records})
            count += len(records)
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return count

    def stream(self, table, name, wanted=lambda row: True):
        """Rows of a table as the stream tells that they came to be what they are; how many those were."""
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{self.refs[table].ref}/stream/1"
        records = [
            {
                "eventID": f"{number}",
                "eventName": "MODIFY",
                "eventSourceARN": arn,
                "dynamodb": {
                    "SequenceNumber": f"{number}",
                    "Keys": {name: row[name] for name in KEYS[table]},
                    "NewImage": plain(row),
                    **({"OldImage": plain(running(row))} if "ended_at" in row else {}),
                },
            }
            for number, row in enumerate(filter(wanted, self.rows(table)))
        ]
        self.invoke(name, {"Records": records})
        return len(records)

    def subscribe(self):
        """A queue that hears every alert from now on."""
        sqs, sns = self.client("sqs"), self.client("sns")
        self._inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:inbox"
        sns.subscribe(TopicArn=self.refs["AlertsTopic"].ref, Protocol="sqs", Endpoint=arn)

    def alerts(self):
        """Every alert since then."""
        sqs, found = self.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=self._inbox, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            found += [message["Body"] for message in messages]
            for message in messages:
                sqs.delete_message(QueueUrl=self._inbox, ReceiptHandle=message["ReceiptHandle"])
        return found

    def rows(self, table):
        return self.client("dynamodb").scan(TableName=self.refs[table].ref)["Items"]

    def now(self):
        """The stage's time."""
        return self.clock.now()


class StageClock:
    """The time of day plus what was skipped; whoever sleeps skips."""

    def __init__(self):
        self._skipped = timedelta()

    def now(self):
        return datetime.now(UTC) + self._skipped

    def sleep(self, seconds):
        self._skipped += timedelta(seconds=max(0, seconds))


def running(row):
    """A row as it was before it ended."""
    before = {name: value for name, value in row.items() if name not in ("ended_at", "expires_at")}
    return before | {"state": {"S": "RUNNING"}}


def plain(row):
    """A row as a stream gives it: bytes in base64."""

    def text(value):
        ((kind, inner),) = value.items()
        if kind == "B":
            return {"B": base64.b64encode(inner).decode()}
        if kind == "M":
            return {"M": {name: text(each) for name, each in inner.items()}}
        return {"L": [text(each) for each in inner]} if kind == "L" else value

    return {name: text(value) for name, value in row.items()}


def _without_delay(params, **_):
    for entry in params["Entries"]:
        entry["DelaySeconds"] = 0


def listen(recorder):
    """From now on, clients that are made tell the recorder; the session is made anew for it."""
    aws._session.cache_clear()
    recorder.listen(aws._session())
    # The stage's clock skips; the emulator's does not, so messages go without delay.
    aws._session().register("provide-client-params.sqs.SendMessageBatch", _without_delay)
    # The other functions run in this process too, when the play says so: whoever hands work on is only told that it is.
    aws._session().register("before-call.lambda.Invoke", lambda **_: (AWSResponse("", 202, {}, None), {}))
