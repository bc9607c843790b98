"""The structured log's lines."""

import json

import pytest

from carillon.log import structured_log


@pytest.mark.parametrize(("action", "level"), [("ticked", "INFO"), ("record_returned", "WARNING")])
def test_a_line_is_json_with_its_action_fields_and_level(capsys, monkeypatch, action, level):
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"service-of-{action}")

    structured_log()(action, "Something happened.", run_id="nightly-etl@20261122T020000Z", attempt=2)

    line = json.loads(capsys.readouterr().out)
    assert (line["action"], line["level"], line["message"]) == (action, level, "Something happened.")
    assert (line["run_id"], line["attempt"]) == ("nightly-etl@20261122T020000Z", 2)
    assert line["service"] == f"service-of-{action}"


def test_an_error_handed_over_stands_in_the_line_with_its_place(capsys, monkeypatch):
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "service-of-errors")

    structured_log()("request_failed", "A request failed.", exc_info=ValueError("broken"))

    line = json.loads(capsys.readouterr().out)
    assert (line["exception_name"], "broken" in line["exception"]) == ("ValueError", True)
