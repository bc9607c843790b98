"""Operations that wait for a second factor: asked, listed, declined, and taken up once by whoever may confirm them."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from carillon.domain.access import Principal, UserKind
from carillon.domain.audit import REFUSED
from carillon.domain.confirmation import (
    KEPT,
    LIFETIME,
    MAX_LISTED,
    MAX_WAITING,
    Confirmation,
    Reply,
    State,
    from_value,
    to_value,
)
from carillon.domain.errors import SealError, Throttled, Unauthenticated, VersionMismatch
from carillon.domain.errors.doors import (
    ConfirmationEnded,
    ConfirmationNotFound,
    SecondFactorRequired,
    TooManyConfirmations,
)
from carillon.domain.idempotency import request_digest
from carillon.domain.moments import to_rfc3339
from carillon.domain.rbac import ADMIN, reachable
from carillon.domain.risk import OPERATOR, Risk
from carillon.domain.schedule import Schedule
from carillon.ports.access import AccessStore
from carillon.ports.audit import AuditLog
from carillon.ports.guards import Fact, Facts
from carillon.ports.schedules import ScheduleStore
from carillon.ports.sealing import Opener, Sealer
from carillon.ports.world import Chance, Clock
from carillon.services.definitions import definitions_of
from carillon.services.journal import Journal
from carillon.services.prove_factor import ProveFactor
from carillon.services.second_factor import SecondFactor

MAX_TRIES: Final = 12
CONFIRMING_ROLES: Final = (OPERATOR, ADMIN)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: the operation, in words too, and the request that carries it out."""

    operation: str
    object: str
    sentence: str
    request: Mapping[str, Any]
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A confirmed operation, to be carried out once by `principal`."""

    confirmation: Confirmation
    principal: Principal
    request: Mapping[str, Any]


class Confirmations:
    """The life of a confirmation; one row each, and one that lists them for whoever may confirm."""

    def __init__(
        self,
        facts: Facts,
        access: AccessStore,
        schedules: ScheduleStore,
        second_factor: SecondFactor,
        prove: ProveFactor,
        sealer: Sealer,
        opener: Opener,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        audit: AuditLog,
    ) -> None:
        self._facts = facts
        self._access = access
        self._schedules = schedules
        self._second_factor = second_factor
        self._prove = prove
        self._sealer = sealer
        self._opener = opener
        self._clock = clock
        self._chance = chance
        self._journal = journal
        self._audit = audit

    def ask(self, principal: Principal, wanted: Wanted, risk: Risk) -> Confirmation:
        """The confirmation to wait for; SecondFactorRequired, TooManyConfirmations."""
        if risk.confirmers is None and not self._second_factor.is_active(principal.name):
            raise SecondFactorRequired(permission=wanted.operation, object=wanted.object)
        now, confirmation_id = self._clock.now(), self._chance.token()
        digest = request_digest(**wanted.request)
        sealed = self._sealer.seal(json.dumps(wanted.request).encode(), _context(confirmation_id, digest))
        confirmation = Confirmation(
            confirmation_id=confirmation_id,
            operation=wanted.operation,
            sentence=wanted.sentence,
            reason=risk.reason,
            asked_by=principal.name,
            asked_at=now,
            expires_at=now + LIFETIME,
            confirmers=risk.confirmers,
            object=wanted.object,
            schedule_id=wanted.schedule.schedule_id if wanted.schedule else None,
            head_version=wanted.schedule.head_version if wanted.schedule else None,
            digest=digest,
            request=base64.b64encode(sealed).decode(),
        )
        self._enlist(_list_guard(principal.name, risk.confirmers), confirmation_id, principal.name)
        self._facts.swap(_guard(confirmation_id), None, self._fact(confirmation), now)
        return confirmation

    def waiting(self, principal: Principal) -> Sequence[Confirmation]:
        """What the principal may confirm or decline now, newest first."""
        guards = [_list_guard(principal.name, None)]
        guards += [_list_guard("", role) for role in CONFIRMING_ROLES if _is_member(principal, role)]
        lists = self._facts.read_many(guards, self._clock.now())
        listed = self._still_waiting([each for fact in lists.values() for each in fact.value["ids"]])
        found = [each for each in listed if _may_confirm(principal, each)]
        return sorted(found, key=lambda each: (each.asked_at, each.confirmation_id), reverse=True)

    def one(self, principal: Principal, confirmation_id: str) -> Confirmation:
        """A confirmation of the principal's, ended ones too for a day; ConfirmationNotFound."""
        return self._find(principal, confirmation_id)[0]

    def decline(self, principal: Principal, confirmation_id: str) -> Confirmation:
        """The confirmation, which nobody can confirm any more; ConfirmationNotFound, ConfirmationEnded."""
        confirmation, fact = self._find(principal, confirmation_id)
        self._check_waiting(confirmation)
        after = replace(confirmation, state=State.DECLINED, ended_by=principal.name, request="")
        self._write(fact, after)
        entry = self._journal.entry(
            principal,
            "confirmation.decline",
            confirmation.object,
            self._clock.now(),
            outcome=REFUSED,
            details={"confirmation_id": confirmation_id, "operation": confirmation.operation},
        )
        self._audit.append(entry)
        return after

    def take_up(self, principal: Principal, confirmation_id: str, reply: Reply) -> TakenUp:
        """The operation, which is now this request's to carry out and nobody else's.

        ConfirmationNotFound, ConfirmationEnded, VersionMismatch, SecondFactorRequired, CodeRefused, SecondFactorLocked.
        """
        confirmation, fact = self._find(principal, confirmation_id)
        self._check_waiting(confirmation)
        self._check_version(confirmation)
        actor = self._actor(principal, confirmation)
        method = self._prove(principal, reply)
        request = self._opened(confirmation)
        ended = replace(confirmation, state=State.PERFORMING, ended_by=principal.name, request="")
        self._write(fact, ended)
        return TakenUp(ended, replace(actor, confirmed_by=f"{method} of {principal.name}"), request)

    def note_end(self, taken: TakenUp, status: int) -> None:
        """Writes how the operation ended; its answer goes to whoever confirmed, and is kept nowhere."""
        now = self._clock.now()
        fact = self._facts.read(_guard(taken.confirmation.confirmation_id), now)
        if fact is not None:
            done = replace(taken.confirmation, state=State.DONE, status=status)
            self._facts.swap(_guard(done.confirmation_id), fact, self._fact(done), now)

    def _find(self, principal: Principal, confirmation_id: str) -> tuple[Confirmation, Fact]:
        fact = self._facts.read(_guard(confirmation_id[:64]), self._clock.now())
        confirmation = None if fact is None else from_value(fact.value)
        if fact is None or confirmation is None or not _may_confirm(principal, confirmation):
            raise ConfirmationNotFound
        return confirmation, fact

    def _check_waiting(self, confirmation: Confirmation) -> None:
        if confirmation.state is not State.WAITING:
            raise _ended(confirmation)
        if self._clock.now() >= confirmation.expires_at:
            raise ConfirmationEnded(
                f"It expired at {to_rfc3339(confirmation.expires_at)}; ask for the operation again."
            )

    def _check_version(self, confirmation: Confirmation) -> None:
        if confirmation.schedule_id is None:
            return
        head = self._schedules.head(confirmation.schedule_id)
        if head is None or head.head_version != confirmation.head_version:
            raise VersionMismatch(
                "The schedule has changed since the operation was asked for; ask for it again."
            )

    def _actor(self, principal: Principal, confirmation: Confirmation) -> Principal:
        if confirmation.confirmers is None:
            return principal
        user = self._access.user(confirmation.asked_by)
        if user is None or not user.enabled or user.kind is not UserKind.SERVICE:
            raise Unauthenticated("The service account that asked for this may no longer act.")
        if user.tokens_valid_from > confirmation.asked_at:
            raise Unauthenticated("The sessions of the service account that asked for this were ended since.")
        roles = definitions_of(self._access, user.roles)
        return Principal(user.name, user.roles, principal.source, roles, "key", user.kind)

    def _opened(self, confirmation: Confirmation) -> Mapping[str, Any]:
        context = _context(confirmation.confirmation_id, confirmation.digest)
        sealed = base64.b64decode(confirmation.request)
        request: Mapping[str, Any] = json.loads(self._opener.open(sealed, context))
        if request_digest(**request) != confirmation.digest:
            raise SealError("The operation is not the one that was asked for.")
        return request

    def _enlist(self, guard: str, confirmation_id: str, asked_by: str) -> None:
        for _ in range(MAX_TRIES):
            now = self._clock.now()
            before = self._facts.read(guard, now)
            open_ones = self._still_waiting(before.value["ids"] if before else ())
            own = [each for each in open_ones if each.asked_by == asked_by]
            if len(own) >= MAX_WAITING or len(open_ones) >= MAX_LISTED:
                first = min(each.expires_at for each in (own if len(own) >= MAX_WAITING else open_ones))
                wait = max(1, int((first - now).total_seconds()) + 1)
                raise TooManyConfirmations(retry_after_seconds=wait)
            ids = [*(each.confirmation_id for each in open_ones), confirmation_id]
            if self._facts.swap(guard, before, Fact({"ids": ids}, now + KEPT, self._chance.token()), now):
                return
        raise Throttled("Too many operations ask for a confirmation at the same moment.")

    def _still_waiting(self, ids: Sequence[str]) -> list[Confirmation]:
        now = self._clock.now()
        facts = self._facts.read_many([_guard(each) for each in ids], now) if ids else {}
        found = (from_value(fact.value) for fact in facts.values())
        return [each for each in found if each.state is State.WAITING and now < each.expires_at]

    def _write(self, before: Fact, after: Confirmation) -> None:
        guard, now = _guard(after.confirmation_id), self._clock.now()
        if not self._facts.swap(guard, before, self._fact(after), now):
            raise _ended(after)

    def _fact(self, confirmation: Confirmation) -> Fact:
        return Fact(to_value(confirmation), confirmation.asked_at + KEPT, self._chance.token())


def _may_confirm(principal: Principal, confirmation: Confirmation) -> bool:
    if confirmation.confirmers is None:
        return principal.name == confirmation.asked_by
    return principal.kind is not UserKind.SERVICE and _is_member(principal, confirmation.confirmers)


def _is_member(principal: Principal, role: str) -> bool:
    known = {each.name: each for each in principal.definitions}
    return any(each.name in (role, ADMIN) for each in reachable(principal.roles, known))


def _ended(confirmation: Confirmation) -> ConfirmationEnded:
    words = {
        State.PERFORMING: "It was confirmed and is being carried out, or broke off: the audit log tells.",
        State.DONE: "It was confirmed and carried out.",
        State.DECLINED: "It was declined.",
    }
    return ConfirmationEnded(words.get(confirmation.state))


def _guard(confirmation_id: str) -> str:
    return f"confirmation#{confirmation_id}"


def _list_guard(name: str, role: str | None) -> str:
    return f"confirmations#role#{role}" if role is not None else f"confirmations#user#{name}"


def _context(confirmation_id: str, digest: str) -> dict[str, str]:
    return {"purpose": "confirmation", "confirmation": confirmation_id, "digest": digest}
