"""One stack's life: the real functions, as wiring makes them, over AWS as the wire plays it; time moves by itself.

A dead function's container is gone, its message comes back after the visibility timeout, five times; the stream is
delivered until it is taken; an operator who got no answer asks again.
"""

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from inspect import signature
from operator import attrgetter

from carillon import settings
from carillon.domain.access import Principal
from carillon.domain.definition import read_definition
from carillon.domain.errors import CarillonError
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.wiring import alerts, api, dead_letter, follow, ground, tick, worker
from deadletter.handler import respond as take_in_dead_letters
from follow.handler import respond as follow_up
from follow.handler import respond_to_clock as told_by_clock
from tests.fakes.clock import FakeChance, FakeClock
from tests.faults.crash_points.wire import Died
from tests.faults.crash_points.witness import Witness
from tick.handler import respond as do_tick
from worker.handler import respond as work

BEGIN = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
OPERATOR = Principal("ops", ("admin",))
WORKER_TIMEOUT = timedelta(seconds=20)
VISIBILITY = 6 * WORKER_TIMEOUT
ASKED_AGAIN_AFTER = timedelta(seconds=7)
RECEIVES = 5
SUCCESS = Outcome(OutcomeKind.SUCCESS, "done")
# The sources of the tasks do not change between one container and the next.
TASKS = cache(api.registered_tasks)
WIRING = {
    "tick": tick,
    "worker": worker,
    "dead_letter": dead_letter,
    "follow": follow,
    "api": api,
}
ENVIRONMENT = {
    # What no scenario depends on: empty where it is a text, one where it is a number.
    **{
        each.name.upper(): "1" if each.type is int else ""
        for kind in vars(settings).values()
        if isinstance(kind, type) and issubclass(kind, settings.FromEnvironment)
        for each in fields(kind)
    },
    "SCHEDULES_TABLE": "SchedulesTable",
    "RUNS_TABLE": "RunsTable",
    "ACCESS_TABLE": "AccessTable",
    "GUARDS_TABLE": "GuardsTable",
    "AUDIT_TABLE": "AuditTable",
    "DISPATCH_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/1/dispatch",
    "ALERTS_TOPIC_ARN": "arn:aws:sns:eu-central-1:1:alerts",
    "ENVIRONMENT": "carillon",
    "POWERTOOLS_METRICS_NAMESPACE": "Carillon",
    "DATA_KEY_IDS": "data",
    "ROOT_KEY_ID": "root",
    "SESSION_SECONDS": "3600",
    "RETENTION_DAYS": "30",
    "WORKER_TIMEOUT_SECONDS": "20",
    "SKEW_SECONDS": "5",
}


@contextmanager
def environment(**variables):
    """The environment with these variables, and afterwards as it was."""
    kept = dict(os.environ)
    os.environ.update(variables)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


@dataclass
class Message:
    """One message of the Dispatch queue."""

    number: int
    body: str
    at: datetime
    receives: int = 0


class OneByOne:
    """In place of a thread pool, so that the calls of one life always have the same numbers."""

    def __init__(self, *_, **__):
        self.map = map


class Unmetered:
    """In place of the metrics, whatever they offer."""

    def __getattr__(self, name):
        return lambda *_, **__: None


class Cloud:
    """A stack that lives through a scenario."""

    def __init__(self, wire, tables, scenario):
        self.wire, self.tables, self.scenario = wire, tables, scenario
        self.clock, self.chance = FakeClock(BEGIN - timedelta(minutes=10)), FakeChance()
        self.witness = Witness(tables, self.clock, scenario)
        self.messages, self.dead, self.stream = [], [], []
        self.tokens, self.lines, self.died = {}, [], 0
        self._made, self._sent = {}, 0
        wire.on_write, wire.on_message, wire.on_alert = self._wrote, self._queue, self._alerted
        wire.now = self.clock.now

    # ---- what AWS does

    def _wrote(self):
        try:
            self.witness.wrote()
        except CarillonError as error:
            # Or the function under test would take the harness's trouble for its own.
            raise AssertionError(f"a row was written that cannot be read: {error}") from error
        for before, after in self.witness.changes:
            if "ended_at" in after:
                self.stream.append((before, after))
        self.witness.changes.clear()

    def _queue(self, body, delay_seconds):
        self._sent += 1
        self.messages.append(Message(self._sent, body, self.clock.now() + timedelta(seconds=delay_seconds)))

    def _alerted(self, message):
        self.witness.alerts[str(message.get("run_id"))] += 1

    def log(self, action, message, **fields):
        """In place of the structured log."""
        self.lines.append(f"{self.clock.now():%H:%M:%S} {action}: {message} {fields}")

    def execute(self, call):
        """In place of every target."""
        self.wire.targets_called += 1
        self.witness.called(call)
        self.lines.append(f"{self.clock.now():%H:%M:%S} CALL {call.run_id} attempt {call.attempt}")
        if call.callback_token is not None:
            self.tokens[call.run_id] = call.callback_token
        return self.scenario.answers(call)

    # ---- the functions

    def function(self, name):
        """The services of a function's present container."""
        if name not in self._made:
            with self._edges():
                self._made[name] = getattr(WIRING[name], f"wire_{name}").__wrapped__()
        return self._made[name]

    @contextmanager
    def _edges(self):
        """Where a function touches the world: its environment, clients, clock, chance, log, targets and threads."""
        ends = {
            "client": self.wire.client,
            "SystemClock": lambda: self.clock,
            "SystemChance": lambda: self.chance,
            "structured_log": lambda: self.log,
            "EmfMetrics": lambda *_, **__: Unmetered(),
            "HttpTarget": lambda *_, **__: self,
            "PythonTarget": lambda *_, **__: self,
            "TaskPool": lambda **_: None,
            "ThreadPoolExecutor": OneByOne,
            "registered_tasks": TASKS,
        }
        modules = (*WIRING.values(), alerts, ground)
        places = [(module, name) for module in modules for name in ends if hasattr(module, name)]
        kept = [(module, name, getattr(module, name)) for module, name in places]
        with environment(**ENVIRONMENT):
            try:
                for module, name in places:
                    setattr(module, name, ends[name])
                yield
            finally:
                for module, name, value in kept:
                    setattr(module, name, value)

    def invoke(self, name, work):
        """One invocation: its answer, or None when it died or failed."""
        self.wire.begin_invocation(name)
        self.lines.append(f"{self.clock.now():%H:%M:%S} {name}")
        try:
            return work()
        except Died:
            self.died += 1
            self._made.pop(name, None)
            self.lines.append(f"{self.clock.now():%H:%M:%S} {name} DIED at {self.wire.calls[-1]}")
        except CarillonError as error:
            self.lines.append(f"{self.clock.now():%H:%M:%S} {name} failed: {error!r}")
        return None

    def _answer(self, respond, event, name):
        """What a handler's respond makes of an event, with those of its services that it asks for."""
        wanted = len(signature(respond).parameters) - 1
        return respond(event, *self.function(name)[:wanted])

    def tick(self):
        """The clock's invocation; nobody repeats it."""
        self.invoke("tick", lambda: self._answer(do_tick, {}, "tick"))
        if self.tables.has_letters():
            # Its clock comes each minute; where nothing waits it reads one row.
            self.invoke("follow", lambda: told_by_clock(self.function("follow")[3]))

    def work(self, message):
        """A worker takes one message; what it does not finish comes again, or is dead after five receives."""
        message.receives += 1
        event = {"Records": [{"messageId": str(message.number), "body": message.body}]}
        until = self.clock.now() + WORKER_TIMEOUT
        answer = self.invoke("worker", lambda: work(event, self.function("worker")[0], until, self.log))
        if answer is None or answer["batchItemFailures"]:
            message.at = self.clock.now() + VISIBILITY
            (self.dead if message.receives >= RECEIVES else self.messages).append(message)

    def bury(self, message):
        """The dead-letter function takes one message in, until it has."""
        event = {"Records": [{"messageId": f"m{message.number}", "body": message.body}]}
        answer = self.invoke("deadletter", lambda: self._answer(take_in_dead_letters, event, "dead_letter"))
        if answer is None or answer["batchItemFailures"]:
            message.at = self.clock.now() + VISIBILITY
            self.dead.append(message)

    def follow(self, before, after):
        """The stream's follower takes one change, until it has."""
        image = {"Keys": after, "SequenceNumber": "1", "NewImage": after} | (
            {"OldImage": before} if before else {}
        )
        event = {"Records": [{"eventID": "e", "dynamodb": image}]}
        for _ in range(RECEIVES):
            answer = self.invoke("follow", lambda: self._answer(follow_up, event, "follow"))
            if answer is not None and not answer["batchItemFailures"]:
                return
            self.clock.advance(30)

    def ask(self, verb, *arguments, settled=(), **more):
        """An operator's request to a service of the API: True when answered, None when no answer came.

        `settled` are the errors that tell whoever asks again that it was done the first time.
        """

        def request():
            with suppress(settled):
                attrgetter(verb)(self.function("api"))(OPERATOR, *arguments, **more)
            return True

        return self.invoke("api", request)

    def definition(self, document):
        """A document as the API reads it."""
        return read_definition(document, self.function("api").limits, self.clock.now())
