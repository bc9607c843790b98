"""The API over in-memory stores: requests as API Gateway hands them on, answers as a client sees them."""

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from api import qr
from api.handler import respond
from carillon.domain.access import User
from carillon.domain.allow_list import AllowList
from carillon.domain.definition import Limits
from carillon.domain.moments import to_rfc3339
from carillon.domain.password import hash_password
from carillon.services.api import ApiPorts, build_api
from carillon.services.doors import DoorPorts
from tests.fakes.backfills import MemoryBackfills, MemoryRunStates
from tests.fakes.clock import FakeChance, FakeClock
from tests.fakes.doors import LabelledSealer, MemoryFactors, MemoryFacts
from tests.fakes.log import RecordedLog
from tests.fakes.memory import (
    MemoryAccess,
    MemoryArchiveReader,
    MemoryAuditLog,
    MemoryDatabase,
    MemoryDeadLetters,
    MemoryGuards,
    MemoryOutputs,
    MemoryQueue,
    MemoryRevocations,
    MemoryRunLogs,
    MemoryRuns,
    MemorySchedules,
    MemorySlots,
)
from tests.fakes.recorders import RecordedMetrics
from tests.fakes.stats import MemoryStats
from tests.fakes.tokens import FixedCursorKeys, LocalSigner

PASSWORD = "correct horse battery staple"  # pragma: allowlist secret
ISSUER = "carillon-test"
MINIMAL = {
    "schedule_id": "nightly-etl",
    "timetable": {"expression": "30 2 * * *"},
    "job": {"target": {"kind": "http", "url": "https://example.com/etl"}},
}

# Chance repeats from world to world, so the same few addresses are drawn over and over, each for 30 ms.
qr.svg = cache(qr.svg)


@dataclass(frozen=True)
class Answer:
    """What a client sees."""

    status: int
    headers: dict
    text: str

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def code(self):
        return self.json["code"]

    @property
    def fields(self):
        return {fault["field"]: fault["message"] for fault in self.json["errors"]}


class ApiWorld:
    """One stack's API, whose clock stands still until it is moved.

    Nothing is risky in it and triggers are hardly limited, unless `judge` and `triggers_per_minute` say otherwise; a
    trigger is sent with a fresh timestamp and nonce unless `headers` say otherwise.
    """

    def __init__(self, shards=1, limits=None, judge=lambda operation, case: None, triggers_per_minute=1000):
        self.clock, self.chance, self.log = FakeClock(), FakeChance(), RecordedLog()
        self.database = MemoryDatabase(shards)
        self.schedules, self.runs = MemorySchedules(self.database), MemoryRuns(self.database)
        self.guards, self.queue = MemoryGuards(self.database), MemoryQueue()
        self.outputs, self.kept = MemoryOutputs(), MemoryDeadLetters(self.database)
        self.logs = MemoryRunLogs()
        self.facts, self.factors = MemoryFacts(self.database), MemoryFactors(self.database)
        self.archive = MemoryArchiveReader()
        self.sealer, self.metrics = LabelledSealer(), RecordedMetrics()
        self.signer = LocalSigner(self.clock)
        self.api = build_api(
            ApiPorts(
                schedules=self.schedules,
                runs=self.runs,
                access=MemoryAccess(self.database),
                guards=self.guards,
                revocations=MemoryRevocations(self.database),
                audit=MemoryAuditLog(self.database),
                slots=MemorySlots(self.database),
                outputs=self.outputs,
                logs=self.logs,
                kept=self.kept,
                backfills=MemoryBackfills(self.database),
                states=MemoryRunStates(self.database),
                stats=MemoryStats(self.database),
                archive=self.archive,
                queue=self.queue,
                signer=self.signer,
                verifier=self.signer.ring,
                other_issuers=self.issuers(),
                cursor_keys=FixedCursorKeys(),
                clock=self.clock,
                chance=self.chance,
                log=self.log,
                limits=limits or Limits(295.0, 1, AllowList.of(["127.0.0.1"])),
                issuer=ISSUER,
                door_ports=DoorPorts(
                    facts=self.facts,
                    factors=self.factors,
                    sealer=self.sealer,
                    opener=self.sealer,
                    metrics=self.metrics,
                    risk=judge,
                    triggers_per_minute=triggers_per_minute,
                ),
                shards=shards,
                skew_seconds=5,
            )
        )
        self.add_user("admin", roles=("admin",))
        self.token = self.token_of("admin")

    def issuers(self):
        """Issuers beside the stack itself."""
        return ()

    def add_user(self, name, roles=(), **changes):
        long_ago = self.clock.now() - timedelta(days=1)
        facts = {"tokens_valid_from": long_ago, "created_at": long_ago, **changes}
        password_hash = hash_password(PASSWORD, b"salt", cost=2)
        self.database.users[name] = User(name=name, password_hash=password_hash, roles=roles, **facts)

    def token_of(self, name, **changes):
        now = int(self.clock.now().timestamp())
        claims = {"sub": name, "iss": ISSUER, "aud": ISSUER, "iat": now, "exp": now + 3600, "jti": "t"}
        return self.signer.sign({k: v for k, v in {**claims, **changes}.items() if v is not None})

    def call(
        self, method, path, document=None, *, text=None, headers=None, token=..., source=None, **changes
    ):
        """One request; `document` is sent as JSON, `text` as it is; `token` is the admin's unless given."""
        body = json.dumps(document) if document is not None else text
        token = self.token if token is ... else token
        sent = {"authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            sent["content-type"] = "application/json"
        path, _, query = path.partition("?")
        if path.endswith("/trigger"):
            sent |= {"x-timestamp": to_rfc3339(self.clock.now()), "x-nonce": self.chance.token()}
        request = http_event(method, path, query, {**sent, **(headers or {})}, body)
        request["requestContext"]["http"]["sourceIp"] = source or "192.0.2.7"
        answer = respond({**request, **changes}, self.api)
        return Answer(answer["statusCode"], answer["headers"], answer["body"])

    def create(self, **changes):
        """Creates the minimal schedule with changes and answers it."""
        answer = self.call("POST", "/v1/schedules", {**MINIMAL, **changes})
        assert answer.status == 201, answer.text
        return answer

    @property
    def actions(self):
        return [entry.action for entry in self.database.audit.values()]


def http_event(method, path, query="", headers=None, body=None):
    """An API Gateway HTTP API request, payload version 2.0."""
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {k: v for k, v in (headers or {}).items() if v is not None},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.7", "userAgent": "test"},
            "requestId": "request-1",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = dict(pair.split("=", 1) for pair in query.split("&"))
    if body is not None:
        event["body"] = body
    return event
