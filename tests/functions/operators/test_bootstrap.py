"""The operator's bootstrap: the first admin, and the way back in."""

import json

import pytest

from carillon.domain.password import verify_password
from carillon.services.bootstrap_admin import BootstrapAdmin
from carillon.services.journal import Journal
from carillon.services.login import MAX_FAILURES, WINDOW_SECONDS
from carillon.services.operator import Operator
from carillon.services.re_archive import ReArchive
from carillon.services.re_archive_audit import ReArchiveAudit
from carillon.services.re_seal import ReSeal
from carillon.services.seal_audit import AuditSeals
from operators.handler import respond
from tests.fakes.ended_runs import MemoryEndedRuns
from tests.fakes.log import RecordedLog
from tests.fakes.memory import MemoryAccess, MemoryArchive, MemoryAuditArchive, MemoryAuditLog
from tests.fakes.sealed_rows import MemorySealedRows
from tests.fakes.sealing import seals
from tests.fakes.tokens import LocalRootSigner
from tests.functions.api.world import ApiWorld


class Operators(ApiWorld):
    """A stack without users, and its operator function."""

    def __init__(self):
        super().__init__()
        self.database.users.clear()
        bootstrap = BootstrapAdmin(MemoryAccess(self.database), self.clock, self.chance, Journal(self.chance))
        log, archive, signer = MemoryAuditLog(self.database), MemoryAuditArchive(), LocalRootSigner()
        audit_seals = AuditSeals(log, archive, signer, self.clock, RecordedLog(), "carillon")
        keyring, self.sealed = seals(self.clock).keyring, MemorySealedRows()
        re_seal = ReSeal(self.sealed, keyring, self.clock, RecordedLog())
        ended, self.archived = MemoryEndedRuns(self.database), MemoryArchive()
        re_archive = ReArchive(ended, self.archived, self.clock, RecordedLog())
        re_archive_audit = ReArchiveAudit(log, archive, self.clock, RecordedLog())
        self.operator = Operator(bootstrap, audit_seals, re_seal, re_archive, re_archive_audit)
        self.lines = RecordedLog()

    def invoke(self, **command):
        return respond(command, self.operator, self.lines)

    def login(self, password):
        return self.call("POST", "/v1/login", {"user": "admin", "password": password}, token=None)


@pytest.fixture
def stack():
    return Operators()


def test_the_first_admin_can_log_in_at_once_with_the_password_that_is_shown(stack):
    stack.clock.advance(0.3)
    answer = stack.invoke(command="bootstrap", user="admin")

    login = stack.login(answer["password"])

    assert login.status == 200
    assert stack.call("POST", "/v1/schedules", {}, token=login.json["token"]).status == 400
    assert stack.actions == ["user.bootstrap"]


def test_the_password_is_stored_nowhere_and_logged_nowhere(stack):
    password = stack.invoke(command="bootstrap", user="admin")["password"]

    user = stack.database.users["admin"]
    assert verify_password(password, user.password_hash)
    assert len(password) >= 22
    assert password not in str((user, stack.database.audit, stack.lines.lines))


def test_bootstrapping_a_user_that_exists_is_refused_and_says_how_to_reset(stack):
    first = stack.invoke(command="bootstrap", user="admin")["password"]

    answer = stack.invoke(command="bootstrap", user="admin")

    assert answer["error"]["code"] == "user_exists"
    assert '"reset": true' in answer["error"]["detail"]
    assert stack.login(first).status == 200


def test_a_reset_ends_the_sessions_and_the_old_password_of_an_admin(stack):
    first = stack.invoke(command="bootstrap", user="admin")["password"]
    token = stack.login(first).json["token"]
    stack.clock.advance(0.2)

    second = stack.invoke(command="bootstrap", user="admin", reset=True)["password"]

    assert stack.login(first).code == "login_failed"
    assert stack.call("GET", "/v1/schedules", token=token).status == 401
    fresh = stack.login(second).json["token"]
    stack.clock.advance(1)
    assert stack.call("GET", "/v1/schedules", token=fresh).status == 200
    assert stack.actions == ["user.bootstrap", "user.reset", "user.login"]


def test_an_admin_of_another_name_gets_past_those_who_keep_the_first_one_out(stack):
    stack.invoke(command="bootstrap", user="admin")
    for _ in range(MAX_FAILURES):
        stack.guards.record_failure("login#user#admin", stack.clock.now(), WINDOW_SECONDS)
    kept_out = stack.invoke(command="bootstrap", user="admin", reset=True)
    stack.clock.advance(1)
    assert stack.login(kept_out["password"]).code == "login_throttled"

    second = stack.invoke(command="bootstrap", user="known-to-nobody")
    stack.clock.advance(1)

    right = {"user": "known-to-nobody", "password": second["password"]}
    assert stack.call("POST", "/v1/login", right, token=None).status == 200


def test_a_reset_of_a_user_that_does_not_exist_makes_it(stack):
    assert stack.invoke(command="bootstrap", user="admin", reset=True)["user"] == "admin"
    assert stack.actions == ["user.bootstrap"]


@pytest.mark.parametrize(
    ("command", "code", "fields"),
    [
        ({}, "invalid_input", []),
        ({"command": "bootsrap"}, "invalid_input", []),
        ({"command": ["bootstrap"]}, "invalid_input", []),
        ({"command": "bootstrap", "user": "Admin"}, "invalid_input", ["user"]),
        ({"command": "bootstrap", "user": 7}, "invalid_input", ["user"]),
        ({"command": "bootstrap", "usr": "admin"}, "invalid_input", ["usr"]),
        ({"command": "bootstrap", "reset": "yes"}, "invalid_input", ["reset"]),
        ({"command": "re-archive"}, "invalid_input", ["from", "to"]),
        ({"command": "re-archive", "from": "2026-11-22", "to": "2026-11-21"}, "invalid_input", ["to"]),
        ({"command": "re-archive", "from": "2026-11-01", "to": "2026-12-02"}, "invalid_input", ["to"]),
        ({"command": "re-archive-audit", "from": "2026-11-01", "to": "2026-12-02"}, "invalid_input", ["to"]),
        ({"command": "re-archive-audit", "from": "today"}, "invalid_input", ["from", "to"]),
        ({"command": "re-archive-audit", "from": "2026-11-22", "to": "2026-11-22"}, "wrong_state", []),
        ({"command": "seal-audit-day", "accept": "yesterday"}, "invalid_input", ["accept"]),
        (
            {"command": "re-archive", "from": "2026-11-22", "to": "2026-11-22T25", "next": 7},
            "invalid_input",
            ["to", "next"],
        ),
    ],
)
def test_a_wrong_command_is_refused_with_a_sentence_and_nothing_is_written(stack, command, code, fields):
    answer = stack.invoke(**command)

    assert answer["error"]["code"] == code
    assert [fault["field"] for fault in answer["error"]["errors"]] == fields
    assert answer["error"]["detail"]
    assert not stack.database.users
    assert json.dumps(answer)
    assert stack.lines.actions == ["command_refused"]
