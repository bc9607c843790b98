"""Secrets in the worker: opened for their own target alone, filled in right before the call, masked in what follows."""

import base64
import json
from dataclasses import replace
from urllib.parse import quote

import pytest

from carillon.domain.job import Job, Revision
from carillon.domain.outcome import Outcome, OutcomeKind, permanent
from carillon.domain.schedule import Schedule, TimetableSpec
from carillon.domain.secret_mask import SecretMask
from carillon.domain.secret_uses import names_placed, placed
from carillon.domain.secrets import Secret, StoredSecret, context_of
from carillon.services.attempt import Attempt
from carillon.services.keep_secrets import KeepSecrets
from carillon.services.open_secrets import OpenSecrets
from carillon.services.step_inputs import StepInputs
from tests.contract.builders import run
from tests.fakes.clock import FakeClock
from tests.fakes.database import MemoryDatabase
from tests.fakes.kms import kms_error
from tests.fakes.memory import MemoryOutputs, MemoryRuns, MemorySchedules
from tests.fakes.sealing import seals
from tests.fakes.world import LEASE
from tests.functions.api.world import MINIMAL
from tests.unit.definition.documents import read
from tests.unit.sealing.test_job_secrets import TOKEN, document


class Spy:
    """A target that keeps its call and says whatever it is told to."""

    def __init__(self, answer=lambda spec: Outcome(OutcomeKind.SUCCESS, "done")):
        self.answer, self.specs = answer, []

    def execute(self, call):
        self.specs.append(call.spec)
        call.log(f"calling with {call.spec['headers']['Authorization']}")
        return self.answer(call.spec)


class Worker:
    """One revision with a secret, and the attempt that runs it."""

    def __init__(self, target=None, answer=None, value=TOKEN):
        self.clock, self.lines, self.database = FakeClock(), [], MemoryDatabase()
        self.seals = seals(self.clock, role="worker")
        definition = read(document(secrets={"TOKEN": value}, **(target or {})))
        now = self.clock.now()
        head = Schedule(
            schedule_id="nightly-etl", timetable=TimetableSpec("0 2 * * *"), created_at=now, updated_at=now
        )
        secrets = KeepSecrets(self.seals.keyring)(definition, head, {}, now)
        self.revision = Revision("nightly-etl", 1, 1, {}, definition.job, 0, "ada", secrets)
        self.save()
        self.spy = Spy(answer) if answer else Spy()
        self.run = replace(run(), revision=1, attempt=1)

    def save(self, **changes):
        self.revision = replace(self.revision, **changes)
        self.database.revisions["nightly-etl", 1] = self.revision

    def execute(self):
        def log(action, message, **fields):
            self.lines.append(message)

        inputs = StepInputs(MemoryRuns(self.database), MemoryOutputs())
        attempt = Attempt(
            MemorySchedules(self.database),
            {"http": self.spy},
            self.clock,
            log,
            inputs=inputs,
            open_secrets=OpenSecrets(self.seals.keyring),
        )
        job = attempt.job(self.run)
        assert TOKEN not in str(job)
        return attempt.call(self.run, job, self.clock.now() + LEASE)


def test_a_secret_is_filled_into_headers_path_and_body_right_before_the_call():
    body = {"nested": ["${secrets.TOKEN}", {"x": "a${secrets.TOKEN}b"}]}
    worker = Worker({"url": "https://example.com/${secrets.TOKEN}", "body": body}, value="plain-Token")
    assert worker.execute().succeeded
    assert worker.spy.specs == [
        {
            "kind": "http",
            "url": "https://example.com/plain-Token",
            "headers": {"Authorization": "Bearer plain-Token"},
            "body": {"nested": ["plain-Token", {"x": "aplain-Tokenb"}]},
        }
    ]
    assert "plain-Token" not in repr(worker.spy.specs)


def test_a_placeholder_that_an_input_brings_in_names_no_secret():
    saved = placed({"url": "https://example.com/${secrets.TOKEN}", "body": "none"})
    assert names_placed(saved | {"body": "${secrets.OTHER}"}) == {"TOKEN"}


def test_an_attempt_whose_time_is_over_once_its_secrets_are_open_calls_nothing():
    worker = Worker()
    opened = worker.seals.keyring.open

    def slowly(*arguments):
        worker.clock.advance(LEASE.total_seconds())
        return opened(*arguments)

    worker.seals.keyring.open = slowly
    assert worker.execute().error == "no_time_left"
    assert worker.spy.specs == []


def test_what_a_target_says_of_a_secret_is_masked():
    def answer(spec):
        value = spec["headers"]["Authorization"].removeprefix("Bearer ")
        body = {
            "as it is": value,
            "in a text": f"token={value}!",
            value: "as a key",
            "quoted": quote(value),
            "base64": base64.b64encode(f"user:{value}".encode()).decode(),
            "json": json.dumps(value),
            "hex": value.encode().hex(),
            "harmless": "s3cr",
        }
        return permanent("http_400", f"refused {value}", output={"body": body})

    worker = Worker(answer=answer)
    outcome = worker.execute()
    text = json.dumps([outcome.message, outcome.output, worker.lines], ensure_ascii=False)
    assert worker.lines == ["calling with Bearer ***"]
    assert outcome.message == "refused ***"
    assert outcome.output["body"]["harmless"] == "s3cr"
    for form in (TOKEN, quote(TOKEN), json.dumps(TOKEN)[1:-1], TOKEN.encode().hex(), TOKEN[2:-2]):
        assert form not in text
    assert outcome.output["body"]["base64"].count("***") == 1


def test_what_an_error_in_a_targets_own_code_tells_of_a_secret_is_masked():
    def answer(spec):
        raise KeyError(f"no {spec['headers']['Authorization']}")

    worker = Worker(answer=answer)
    outcome = worker.execute()
    assert (outcome.kind, outcome.error) == (OutcomeKind.UNKNOWN, "target_failed")
    assert "no Bearer ***" in outcome.message
    assert any("KeyError" in line for line in worker.lines)
    assert TOKEN not in f"{worker.lines} {outcome}"


@pytest.mark.parametrize("cut", [len(TOKEN) // 2 + 1, len(TOKEN) - 1])
def test_a_secret_that_was_cut_at_the_end_of_a_text_is_masked(cut):
    assert SecretMask([TOKEN]).text(f"the answer was {TOKEN[:cut]}…") == "the answer was ***"


def test_a_mask_without_secrets_changes_nothing():
    outcome = permanent("http_400", "s3cr3t", output={"n": 1})
    assert SecretMask([]).outcome(outcome) is outcome


def test_a_value_that_an_expression_brings_in_is_never_filled():
    worker = Worker({"body": {"echo.$": "run.id", "plain": "x"}})
    spec = worker.revision.job.target
    worker.save(job=replace(worker.revision.job, target={**spec, "body": {"echo.$": "'${secrets.TOKEN}'"}}))
    assert worker.execute().succeeded
    assert worker.spy.specs[0]["body"] == {"echo": "${secrets.TOKEN}"}


def forged(worker, **changes):
    secret = worker.revision.secrets["TOKEN"]
    worker.save(secrets={"TOKEN": replace(secret, **changes)})


def sealed_for(worker, environment="carillon", **changes):
    """The same secret as another place of its own would have sealed it, under the same key of KMS."""
    context = context_of("nightly-etl", 1, "TOKEN", worker.revision.secrets["TOKEN"])
    there = seals(worker.clock, kms=worker.seals.keyring._kms(), environment=environment)
    return there.keyring.seal(TOKEN.encode(), {**context, **changes})


FORGERIES = {
    "another target": lambda w: w.save(
        job=replace(w.revision.job, target={**w.revision.job.target, "url": "https://evil.example/"})
    ),
    "another target, and the secret said to be for it": lambda w: (
        w.save(job=replace(w.revision.job, target={**w.revision.job.target, "url": "https://evil.example/"})),
        forged(w, origins=("https://evil.example:443",)),
    ),
    "another moment": lambda w: forged(w, changed_at_ms=1),
    "an altered byte": lambda w: forged(w, sealed=w.revision.secrets["TOKEN"].sealed[:-1] + b"\0"),
    "cut": lambda w: forged(w, sealed=w.revision.secrets["TOKEN"].sealed[:40]),
    "another field": lambda w: w.save(
        secrets={"TOKEN": w.revision.secrets["TOKEN"], "OTHER": w.revision.secrets["TOKEN"]},
        job=replace(
            w.revision.job,
            target={**w.revision.job.target, "headers": {"Authorization": "${secrets.OTHER}"}},
        ),
    ),
    "another incarnation": lambda w: setattr(w, "run", replace(w.run, generation=2)),
    "another schedule": lambda w: forged(w, sealed=sealed_for(w, schedule="hourly-etl")),
    "another stack": lambda w: forged(w, sealed=sealed_for(w, environment="staging")),
    "another purpose": lambda w: forged(
        w, sealed=w.seals.keyring.seal(TOKEN.encode(), {"purpose": "output"})
    ),
}


@pytest.mark.parametrize("case", FORGERIES)
def test_a_secret_that_was_re_aimed_or_altered_in_the_table_is_not_opened(case):
    worker = Worker()
    FORGERIES[case](worker)
    outcome = worker.execute()
    assert (outcome.kind, outcome.error) == (OutcomeKind.PERMANENT, "seal_error")
    assert worker.spy.specs == []


def test_a_cleared_secret_stops_the_attempt_with_what_to_do():
    worker = Worker()
    worker.save(secrets={"TOKEN": StoredSecret(None, 0)})
    outcome = worker.execute()
    assert (outcome.error, worker.spy.specs) == ("secret_missing", [])
    assert outcome.message == "Nothing was sent: The secret TOKEN is not set; give it in job.secrets."


def test_while_kms_is_out_the_attempt_is_tried_again_and_nothing_is_sent():
    worker = Worker()
    worker.clock.advance(3600)
    worker.seals.keyring._kms().fault = kms_error("KMSInternalException", status=500)
    outcome = worker.execute()
    assert (outcome.kind, outcome.error, worker.spy.specs) == (OutcomeKind.RETRYABLE, "unavailable", [])


def test_a_secret_never_shows_in_a_representation():
    secret = Secret(TOKEN)
    stored_secret = StoredSecret(TOKEN.encode(), 0)
    assert TOKEN not in f"{secret!r}{[secret]}{stored_secret!r}{Job({'h': secret}, 1)}"


def test_a_step_and_a_compensation_may_name_secrets_each_for_its_own_target():
    job = {
        "secrets": {"A": "value-a", "B": "value-b"},
        "steps": {
            "one": {
                "target": {"kind": "http", "url": "https://a.example/", "headers": {"X": "${secrets.A}"}},
                "compensate": {
                    "target": {"kind": "http", "url": "https://b.example/", "headers": {"X": "${secrets.A}"}}
                },
            },
            "two": {
                "target": {"kind": "python", "task": "copy-table-to-s3", "arguments": {"x": "${secrets.B}"}}
            },
        },
    }
    definition = read({**MINIMAL, "job": job})
    now = FakeClock().now()
    head = Schedule(
        schedule_id="nightly-etl", timetable=TimetableSpec("0 2 * * *"), created_at=now, updated_at=now
    )
    kept = KeepSecrets(seals(FakeClock()).keyring)(definition, head, {}, now)
    assert {name: secret.origins for name, secret in kept.items()} == {
        "A": ("https://a.example:443", "https://b.example:443"),
        "B": ("python:copy-table-to-s3",),
    }
