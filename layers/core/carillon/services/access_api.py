"""What the API's routes call for identity, roles and audit, in one value."""

from collections.abc import Sequence
from dataclasses import dataclass

from carillon.ports.access import AccessStore, Revocations, TokenSigner, TokenVerifier
from carillon.ports.audit import AuditLog
from carillon.ports.guards import Guards
from carillon.ports.world import Chance, Clock, Log
from carillon.services.authenticate import Authenticate, Issuer
from carillon.services.journal import Journal
from carillon.services.login import Login, Tries
from carillon.services.own_account import OwnAccount
from carillon.services.read_audit import NoteRefusal, ReadAudit
from carillon.services.roles import Roles
from carillon.services.users import Users


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessApi:
    """The services behind login, users, roles, one's own account and the audit log."""

    login: Login
    authenticate: Authenticate
    own_account: OwnAccount
    users: Users
    roles: Roles
    read_audit: ReadAudit
    note_refusal: NoteRefusal


def build_access_api(
    *,
    access: AccessStore,
    guards: Guards,
    revocations: Revocations,
    audit: AuditLog,
    signer: TokenSigner,
    verifier: TokenVerifier,
    others: Sequence[Issuer],
    issuer: str,
    clock: Clock,
    chance: Chance,
    journal: Journal,
    log: Log,
) -> AccessApi:
    """The services over a stack's ports; `others` are issuers beside the stack itself."""
    tries = Tries(guards, clock)
    issuers = (Issuer(issuer, verifier), *others)
    return AccessApi(
        login=Login(access, tries, signer, clock, chance, issuer, journal, audit),
        authenticate=Authenticate(issuers, access, revocations, clock),
        own_account=OwnAccount(access, revocations, tries, clock, chance, journal),
        users=Users(access, clock, chance, journal),
        roles=Roles(access, clock, journal),
        read_audit=ReadAudit(audit),
        note_refusal=NoteRefusal(audit, clock, journal, log),
    )
