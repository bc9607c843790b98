"""The doors between a caller who is known and an operation: fresh, not too many, allowed, not done yet, confirmed.

In this order: timestamp, rate, nonce, permission, idempotency, second factor. What a route checks itself (the shape of
its body, what its service permits) it checks when it is reached, also when it carries out what was confirmed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from api.admission import path_of
from api.app import nothing_at
from api.calls import Call
from api.operations import Found, On, Operation, operation_at
from api.sentences import Asked
from api.statuses import status_of
from carillon.domain.access import Principal
from carillon.domain.backfill_document import read_backfill
from carillon.domain.confirmation import confirmation_document, read_reply
from carillon.domain.errors import CarillonError, FieldError, InvalidInput, RunNotFound
from carillon.domain.fire_times import count_between
from carillon.domain.idempotency import KeptAnswer, request_digest
from carillon.domain.limits import OperationClass
from carillon.domain.risk import Case
from carillon.domain.run_id import RunId
from carillon.domain.schedule import Schedule
from carillon.domain.scope import Subject
from carillon.services.authorise import authorise, authorise_schedule
from carillon.services.confirmations import TakenUp, Wanted
from carillon.services.doors import Doors

Resolve = Callable[[dict[str, Any], Call], dict[str, Any]]

STOPS = frozenset({"schedule.pause", "run.cancel"})
"""Operations of which many in short time need a confirmation."""

MAX_HELD_BYTES = 64 * 1024
"""A body that waits for a confirmation: it has to fit into a row, sealed."""


READING = frozenset({"GET", "HEAD", "OPTIONS"})


def answer(event: dict[str, Any], call: Call, resolve: Resolve) -> dict[str, Any]:
    """The answer of a request: past the doors by `resolve`, or before one of them."""
    method, path = event["requestContext"]["http"]["method"], path_of(event)
    if method in READING or call.principal is None:
        return resolve(event, call)
    found = operation_at(method, path)
    if found is None:
        # Nothing that changes something is reached but through the table, however an address is spelled.
        raise nothing_at(method, path)
    return _Passage(event, call, resolve, found, call.principal).pass_through()


@dataclass(frozen=True, slots=True)
class _Passage:
    """One request on its way through."""

    event: dict[str, Any]
    call: Call
    resolve: Resolve
    found: Found
    principal: Principal

    @property
    def operation(self) -> Operation:
        return self.found.operation

    @property
    def doors(self) -> Doors:
        return self.call.api.doors

    def pass_through(self) -> dict[str, Any]:
        """Freshness and rate, then what may be answered from memory."""
        if self.operation.is_fresh:
            self.doors.freshness.check_timestamp(self._header("x-timestamp"))
        if self.operation.limited_as is not None:
            self.doors.rate.check(self.principal, self.operation.limited_as)
        if self.operation.is_fresh:
            self.doors.freshness.use_nonce(self.principal, self._header("x-nonce"))
        _authorise(self.found, self.call, self.principal)
        if (
            self.event["requestContext"]["http"]["method"] != "POST"
            or "idempotency-key" not in self.event["headers"]
        ):
            return self._act()
        return self._once(self._header("idempotency-key"))

    def _once(self, key: str) -> dict[str, Any]:
        given = self.doors.idempotency(
            self.principal,
            key,
            request_digest(**_request(self.event, self.call.body)),
            lambda: _kept(self._act()),
            shows_secret=self.operation.shows_secret,
        )
        headers = {**given.answer.headers, **({"idempotent-replayed": "true"} if given.is_repeated else {})}
        return {
            "statusCode": given.answer.status,
            "headers": headers,
            "body": given.answer.body,
            "isBase64Encoded": False,
        }

    def _act(self) -> dict[str, Any]:
        """Carries it out, or answers with the confirmation that it waits for."""
        if self.operation.name == "confirmation.confirm":
            return self._confirm()
        schedule = self._schedule()
        case = Case(self.principal, schedule, self._extent(schedule), self._is_one_of_many())
        risk = self.doors.risk(self.operation.name, case)
        if risk is None:
            return self.resolve(self.event, self.call)
        asked = Asked(self.operation.name, object_of(self.found), self.found.parameters, self.call, schedule)
        sentence = self.operation.sentence(asked)
        request = _request(self.event, self.call.body)
        if len(json.dumps(request)) > MAX_HELD_BYTES:
            fault = FieldError(
                "(body)", f"An operation that waits for a confirmation may have {MAX_HELD_BYTES} bytes."
            )
            raise InvalidInput("The body is too long to wait for a confirmation.", [fault])
        wanted = Wanted(asked.name, asked.object, sentence, request, schedule)
        confirmation = self.doors.confirmations.ask(self.principal, wanted, risk)
        location = {"location": f"/v1/confirmations/{confirmation.confirmation_id}"}
        return _json(
            202, {"confirmation": confirmation_document(confirmation, self.call.api.clock.now())}, location
        )

    def _confirm(self) -> dict[str, Any]:
        reply = read_reply(self.call.body)
        if reply.is_declined:
            return self.resolve(self.event, self.call)
        confirmation_id = self.found.parameters["confirmation_id"]
        taken = self.doors.confirmations.take_up(self.principal, confirmation_id, reply)
        try:
            done = self._carry_out(taken)
        except CarillonError as error:
            # Raised and not answered: it was refused before anything was done.
            self.doors.confirmations.note_end(taken, int(status_of(error)))
            raise
        self.doors.confirmations.note_end(taken, done["statusCode"])
        return done

    def _carry_out(self, taken: TakenUp) -> dict[str, Any]:
        """The confirmed request in place of this one, by whoever asked for it."""
        request = taken.request
        if request["if_match"] is None and taken.confirmation.head_version is not None:
            request = {**request, "if_match": f'"{taken.confirmation.head_version}"'}
        event = _event(self.event, request)
        call = replace(self.call, principal=taken.principal, body=request["body"])
        found = operation_at(request["method"], request["path"])
        if found is not None:
            _authorise(found, call, taken.principal)
        return self.resolve(event, call)

    def _schedule(self) -> Schedule | None:
        schedule_id = _schedule_id(self.found)
        return self.doors.live_head(schedule_id) if schedule_id is not None else None

    def _extent(self, schedule: Schedule | None) -> int:
        if self.operation.name != "schedule.backfill" or schedule is None:
            return 1
        request = read_backfill(self.call.body, self.call.api.clock.now())
        return 1 if request.dry_run else count_between(schedule.timetable, request.first, request.last)

    def _is_one_of_many(self) -> bool:
        return self.operation.name in STOPS and self.doors.rate.count(self.principal, OperationClass.STOP) > 0

    def _header(self, name: str) -> str:
        return str(self.event["headers"].get(name, "")).strip()


def object_of(found: Found) -> str:
    """What an operation is about, as the audit log names it: schedule:nightly-etl."""
    kind, parameters = found.operation.name.partition(".")[0], found.parameters
    return f"{kind}:{next(iter(parameters.values()))}" if parameters else kind


def _authorise(found: Found, call: Call, principal: Principal) -> None:
    permission, on = found.operation.permission, found.operation.on
    if permission is None:
        return
    if on in (On.SCHEDULE, On.RUN):
        schedule_id = _schedule_id(found)
        if schedule_id is not None:
            authorise_schedule(principal, permission, call.api.doors.schedules, schedule_id)
        return
    authorise(principal, permission, _subject(on, found.parameters.get(on.value) or _named(on, call.body)))


def _named(on: On, body: Any) -> str:
    name = body.get(on.value) if isinstance(body, Mapping) else None
    return name if isinstance(name, str) else ""


def _subject(on: On, name: str) -> Subject:
    return Subject(name, owner=name) if on is On.USER else Subject(name)


def _schedule_id(found: Found) -> str | None:
    """The schedule that an address names; None for an address that names none, which its route answers."""
    if found.operation.on is On.SCHEDULE:
        return found.parameters["schedule_id"]
    if found.operation.on is not On.RUN:
        return None
    try:
        return RunId.parse(found.parameters["run_id"]).schedule_id
    except RunNotFound:
        return None


def _request(event: Mapping[str, Any], body: Any) -> dict[str, Any]:
    """All that decides what a request does."""
    return {
        "method": event["requestContext"]["http"]["method"],
        "path": path_of(event),
        "query": event.get("rawQueryString", ""),
        "if_match": event["headers"].get("if-match"),
        "body": body,
    }


def _event(outer: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    http = {**outer["requestContext"]["http"], "method": request["method"], "path": request["path"]}
    kept = {
        name: value for name, value in outer["headers"].items() if name in ("host", "user-agent", "accept")
    }
    if request["if_match"] is not None:
        kept["if-match"] = request["if_match"]
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request["path"],
        "rawQueryString": request["query"],
        "queryStringParameters": dict(parse_qsl(request["query"], keep_blank_values=True)),
        "headers": {**kept, "content-type": "application/json"},
        "requestContext": {**outer["requestContext"], "http": http, "stage": "$default"},
        "isBase64Encoded": False,
    }
    return event if request["body"] is None else {**event, "body": json.dumps(request["body"])}


def _kept(answered: Mapping[str, Any]) -> KeptAnswer:
    return KeptAnswer(answered["statusCode"], answered["headers"], answered.get("body") or "")


def _json(status: int, document: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **headers},
        "body": json.dumps(document),
        "isBase64Encoded": False,
    }
