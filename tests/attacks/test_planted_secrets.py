"""A day of a stack with planted secrets, and then a search of everything that anybody may read: no hit."""

import base64
import gzip
import io
import json
import zlib
from contextlib import redirect_stderr, redirect_stdout, suppress
from urllib.parse import quote

import pytest

from tests.template.least_privilege.play import PASSWORD, Play
from tests.template.least_privilege.stage import Stage, listen

pytestmark = pytest.mark.slow

PLANTED = "pl4nted/Se+cret-value~7731"  # pragma: allowlist secret
FORMS = {
    "as it is": PLANTED,
    "in a URL": quote(PLANTED, safe=""),
    "in JSON": json.dumps(PLANTED)[1:-1],
    "in base64": base64.b64encode(PLANTED.encode()).decode()[:-4],
    "in hex": PLANTED.encode().hex(),
    "a part of it": "Se+cret-value",
}
TABLES = ("SchedulesTable", "RunsTable", "AccessTable", "GuardsTable", "AuditTable")


class Day:
    """Everything that was said and kept in the course of one day."""

    def __init__(self, folder):
        self.stage, said = Stage(folder), io.StringIO()
        try:
            listen(self.stage.recorder)
            self.stage.subscribe()
            play = Play(self.stage, planted=PLANTED)
            with redirect_stdout(said), redirect_stderr(said):
                play.run()
            self.received, self.seed = play.received, play.seed
            self.places = {
                "log": said.getvalue(),
                "answers": "\n".join(self.stage.answers),
                "messages": "\n".join(self.stage.sent),
                "alerts": "\n".join(self.stage.alerts()),
                "archive": "\n".join(self._archive()),
                **{table: "\n".join(_texts(self.stage.rows(table))) for table in TABLES},
            }
        finally:
            self.stage.stop()

    def _archive(self):
        s3, bucket = self.stage.client("s3"), self.stage.refs["ArchiveBucket"].ref
        for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            yield entry["Key"]
            yield (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode(errors="replace")


def _texts(value):
    """Every text and every run of bytes in rows, unpacked where it is packed."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, bytes):
        yield value.decode("latin-1")
        with suppress(zlib.error):
            yield zlib.decompress(value).decode(errors="replace")
    else:
        yield str(value)


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    return Day(tmp_path_factory.mktemp("planted"))


def test_what_a_run_was_given_reached_its_target_and_stands_in_no_table(day):
    assert any(json.loads(call.body or b"{}") == {"given": "2026-11-21"} for call in day.received)
    assert "2026-11-21" not in day.places["RunsTable"]


def test_the_targets_did_receive_it(day):
    assert any(PLANTED in value for call in day.received for _, value in call.headers)
    assert any(PLANTED in call.path for call in day.received)


@pytest.mark.parametrize("place", ["answers", "archive"])
def test_targets_that_repeat_it_were_heard_and_masked(day, place):
    text = day.places[place]
    assert "may not use the bucket '***'" in text
    assert "echoing" in text


@pytest.mark.parametrize("place", ["log", "answers", "messages", "alerts", "archive", *TABLES])
def test_a_planted_secret_is_found_nowhere(day, place):
    text = day.places[place]
    assert len(text) > 100, f"nothing was collected from {place}"
    assert {form: text.count(value) for form, value in FORMS.items() if value in text} == {}


@pytest.mark.parametrize("place", ["log", "messages", "alerts", "archive", *TABLES])
def test_a_password_and_a_seed_are_found_nowhere(day, place):
    assert PASSWORD not in day.places[place]
    assert len(day.seed) == 32
    assert day.seed not in day.places[place]
    assert base64.b32decode(day.seed).decode("latin-1") not in day.places[place]
