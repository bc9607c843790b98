"""Every store twice: in memory, and over DynamoDB as moto plays it."""

import threading
from functools import cache
from types import SimpleNamespace

import botocore.session
import pytest
from moto import mock_aws
from moto.core.models import botocore_stubber

from carillon.adapters import aws
from carillon.adapters.dynamo.access import DynamoAccess
from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.dead_letters import DynamoDeadLetters
from carillon.adapters.dynamo.guards import DynamoGuards
from carillon.adapters.dynamo.outputs import DynamoOutputs
from carillon.adapters.dynamo.runs import DynamoRuns
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.adapters.dynamo.slots import DynamoSlots
from carillon.adapters.pace import Pace
from carillon.domain.moments import EPOCH
from local.moto_fixes import copy_each_table_once_a_transaction
from local.moto_speed import hurry
from tests.contract import tables
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.memory import (
    MemoryAccess,
    MemoryDatabase,
    MemoryDeadLetters,
    MemoryGuards,
    MemoryOutputs,
    MemoryRuns,
    MemorySchedules,
    MemorySlots,
)
from tests.fakes.sealing import seals

SHARDS = 3
SEALS = seals(FakeClock(EPOCH), role="api", session_seconds=10**10)
"""Those of an api whose certificate holds whenever a test says that a revision was saved."""

copy_each_table_once_a_transaction()
hurry()


@cache
def connected():
    """The client and its wire, made once: a client costs more than a test."""
    client = aws.client("dynamodb", attempts=1)
    return client, Wire(client)


@pytest.fixture
def aws_client(monkeypatch):
    """Makes clients of AWS as moto plays it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        session = botocore.session.Session()
        yield lambda service: session.create_client(service, region_name="eu-central-1")


@pytest.fixture
def dynamo(monkeypatch):
    """A database in moto whose tables are those of the template; `wire` puts faults between client and moto."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client, wire = connected()
        tables.create(client)
        wire.clear()
        clock = FakeClock()
        database = Database(
            client=client,
            pace=Pace(clock, FakeChance()),
            schedules_table="SchedulesTable",
            runs_table="RunsTable",
            access_table="AccessTable",
            guards_table="GuardsTable",
            audit_table="AuditTable",
            shards=SHARDS,
            retention_days=30,
            seals=SEALS,
        )
        yield SimpleNamespace(database=database, client=client, wire=wire, clock=clock)


@pytest.fixture(params=["memory", "dynamo"])
def stores(request):
    """One set of stores that share their tables."""
    if request.param == "memory":
        memory = MemoryDatabase(SHARDS)
        return SimpleNamespace(
            kind="memory",
            memory=memory,
            schedules=MemorySchedules(memory),
            runs=MemoryRuns(memory),
            access=MemoryAccess(memory),
            guards=MemoryGuards(memory),
            slots=MemorySlots(memory),
            dead_letters=MemoryDeadLetters(memory),
            outputs=MemoryOutputs(),
        )
    dynamo = request.getfixturevalue("dynamo")
    return SimpleNamespace(kind="dynamo", dynamo=dynamo, **over(dynamo.database))


def over(database):
    """The stores over one DynamoDB database."""
    return {
        "schedules": DynamoSchedules(database),
        "runs": DynamoRuns(database),
        "access": DynamoAccess(database),
        "guards": DynamoGuards(database),
        "slots": DynamoSlots(database),
        "dead_letters": DynamoDeadLetters(database),
        "outputs": DynamoOutputs(database),
    }


class Wire:
    """Stands before moto: makes it atomic under threads, records operations, and plays the faults of a network."""

    def __init__(self, client):
        self._lock = threading.RLock()
        self.clear()
        # botocore calls every handler and takes the first answer, so moto's own must not act a second time.
        client.meta.events.unregister("before-send", botocore_stubber)
        client.meta.events.register("before-send.dynamodb.*", self._send)

    def clear(self):
        """Forgets faults and requests."""
        self.faults = []
        self.requests = []

    def _send(self, request, event_name, **_):
        with self._lock:
            self.requests.append(request)
            if self.faults:
                answer = self.faults.pop(0)(request)
                if answer is not None:
                    return answer
            return botocore_stubber(event_name=event_name, request=request)

    def repeat(self, request):
        """The effect without its answer: what follows is the SDK's second try."""
        botocore_stubber(event_name="before-send.dynamodb.Any", request=request)

    def fail(self, status, body):
        """A fault that answers for DynamoDB without any effect."""

        def answer(request):
            from botocore.awsrequest import AWSResponse

            return AWSResponse(request.url, status, {}, _Raw(body))

        self.faults.append(answer)


class _Raw:
    def __init__(self, body):
        self._body = body

    def stream(self, **_):
        yield self._body.encode()
