"""Secrets of jobs over the API: written, never shown, kept by edits, cleared when re-aimed."""

import pytest

from carillon.services.keep_secrets import KeepSecrets
from tests.fakes.clock import FakeClock
from tests.fakes.kms import kms_error
from tests.fakes.sealing import seals
from tests.functions.api.world import MINIMAL, ApiWorld

TOKEN = "s3cr3t-Tok/en+ü"  # pragma: allowlist secret
HEADERS = {"Authorization": "Bearer ${secrets.TOKEN}"}


def document(url="https://example.com/etl", secrets=None, **target):
    target = {"kind": "http", "url": url, "headers": HEADERS, **target}
    job = {"target": target} | ({} if secrets is None else {"secrets": secrets})
    return {**MINIMAL, "job": job}


@pytest.fixture
def world():
    return ApiWorld()


def created(world, **fields):
    return world.call("POST", "/v1/schedules", document(secrets={"TOKEN": TOKEN}, **fields))


def replaced(world, version, **fields):
    answer = world.call("PUT", "/v1/schedules/nightly-etl", document(**fields), headers=version_of(version))
    assert answer.status == 200, answer.text
    return answer.json["job"]["secrets"]


def version_of(number):
    return {"if-match": f'"{number}"'}


def stored(world, number):
    return world.database.revisions["nightly-etl", number].secrets


def test_a_secret_is_shown_as_set_and_never_by_its_value(world):
    answers = [created(world), world.call("GET", "/v1/schedules/nightly-etl")]
    for answer in answers:
        assert answer.json["job"]["secrets"] == {"TOKEN": {"set": True, "changed_at": "2026-11-22T02:00:00Z"}}
        assert "Tok/en" not in answer.text
    assert TOKEN not in str(list(world.database.audit.values()))
    assert TOKEN not in str(world.log.lines)


def test_an_edit_that_does_not_name_a_secret_keeps_it(world):
    created(world)
    world.clock.advance(60)
    assert replaced(world, 1, body={"n": 1})["TOKEN"]["changed_at"] == "2026-11-22T02:00:00Z"
    assert stored(world, 2) == stored(world, 1)


def test_what_is_shown_can_be_sent_back(world):
    shown = created(world).json["job"]["secrets"]
    assert replaced(world, 1, secrets=shown) == shown
    assert stored(world, 2) == stored(world, 1)


def test_a_new_value_replaces_a_secret_and_null_takes_it_away(world):
    created(world)
    world.clock.advance(60)
    assert (
        replaced(world, 1, secrets={"TOKEN": "another one"})["TOKEN"]["changed_at"] == "2026-11-22T02:01:00Z"
    )
    assert replaced(world, 2, secrets={"TOKEN": None}, headers={}) == {}


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/etl", "https://example.com:8443/etl", "https://example.com.evil.example/etl"],
)
def test_a_secret_is_cleared_when_its_target_changes_and_the_answer_says_so(world, url):
    created(world)
    assert replaced(world, 1, url=url)["TOKEN"] == {
        "set": False,
        "changed_at": "2026-11-22T02:00:00Z",
        "reason": "cleared, because it would have gone to another target; give it again",
    }
    assert stored(world, 2)["TOKEN"].sealed is None
    assert replaced(world, 2)["TOKEN"]["set"] is False


def test_another_path_of_the_same_target_keeps_it(world):
    created(world)
    assert replaced(world, 1, url="https://EXAMPLE.com:443/other?x=${secrets.TOKEN}")["TOKEN"]["set"] is True


def test_a_secret_that_no_task_used_goes_nowhere_new(world):
    world.call("POST", "/v1/schedules", document(secrets={"TOKEN": TOKEN}, headers={}))
    assert replaced(world, 1)["TOKEN"]["set"] is False


def test_deleting_a_schedule_forgets_its_secrets(world):
    created(world)
    world.call("DELETE", "/v1/schedules/nightly-etl", headers=version_of(1))
    assert world.call("POST", "/v1/schedules", document()).fields.keys() == {
        "job.target.headers.Authorization"
    }


BAD = {
    "an unknown name": (document(), "job.target.headers.Authorization", "no secret TOKEN"),
    "a name to keep that is not there": (
        document(secrets={"TOKEN": {"set": True}}),
        "job.secrets.TOKEN",
        "keep",
    ),
    "in the host": (document("https://${secrets.TOKEN}.example/"), "job.target.url", "plain name"),
    "as the method": (
        document(secrets={"TOKEN": TOKEN}, method="${secrets.TOKEN}"),
        "job.target.method",
        "Use one",
    ),
    "too short": (document(secrets={"TOKEN": "abc"}), "job.secrets.TOKEN", "4 to 8192"),
    "a number": (document(secrets={"TOKEN": 12345}), "job.secrets.TOKEN", "as a text"),
    "a bad name": (document(secrets={"T-1": TOKEN}), "job.secrets.T-1", "letters, digits and _"),
    "a list": (document(secrets=[TOKEN]), "job.secrets", "JSON object"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_secrets_are_refused_without_showing_them(world, case):
    given, field, sentence = BAD[case]
    answer = world.call("POST", "/v1/schedules", given)
    assert answer.status == 400
    assert sentence in answer.fields[field]
    assert TOKEN not in answer.text


def test_without_kms_a_schedule_with_secrets_is_not_saved():
    sealing = seals(FakeClock())
    sealing.keyring._kms().fault = kms_error("KMSInternalException", "GenerateDataKey", 500)
    world = ApiWorld()
    world.api.create_schedule._keep_secrets = KeepSecrets(sealing.keyring)
    answer = created(world)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert not world.database.heads
