"""Features that are refused until they exist."""

import pytest

from carillon.domain.not_yet import NOT_YET
from tests.unit.definition.documents import MINIMAL, faults, read, with_value

USES = {
    "timetable.max_runs": 3,
    "timetable.jitter_seconds": 30,
    "timetable.calendars": ["de-holidays"],
    "timetable.also_at": ["2026-12-24T10:00:00Z"],
    "timetable.after": {"schedule_id": "upstream", "on": "success"},
    "policies.misfire.catch_up": "latest",
    "policies.misfire.max_catch_up": 3,
    "job.steps": {"a": {}},
    "job.compensate": {"target": {}},
}


def test_every_refused_feature_has_an_example():
    assert NOT_YET.keys() <= USES.keys()


@pytest.mark.parametrize("path", NOT_YET)
def test_using_a_feature_that_does_not_exist_yet_is_refused(path):
    found, code = faults(with_value(path, USES[path]))

    assert code == "not_available"
    assert list(found) == [path]
    assert "not available yet" in found[path]


@pytest.mark.parametrize("path", NOT_YET)
def test_saying_that_a_feature_is_not_used_is_fine(path):
    for unused in NOT_YET[path][0]:
        if unused != "":
            assert read(with_value(path, unused)) == read(MINIMAL)
