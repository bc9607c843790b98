"""A python task that the stack does not have is refused on save, where the stack's tasks are known."""

import pytest

from carillon.domain.allow_list import AllowList
from carillon.domain.definition import Limits
from tests.functions.api.world import ApiWorld

STEPS = {"steps": {"a": {"target": {"kind": "python", "task": "tidi"}}}}


@pytest.mark.parametrize(
    ("job", "field"),
    [
        ({"target": {"kind": "python", "task": "tidi"}}, "job.target.task"),
        (STEPS, "job.steps.a.target.task"),
    ],
)
def test_an_unknown_task_is_refused_with_those_that_there_are(job, field):
    world = ApiWorld(limits=Limits(295.0, 1, AllowList(), tasks=frozenset({"tidy", "copy-object"})))
    document = {"schedule_id": "tidying", "timetable": {"expression": "@daily"}, "job": job}
    answer = world.call("POST", "/v1/schedules", document)
    assert (answer.status, answer.fields) == (
        400,
        {field: "There is no task tidi; registered are: copy-object, tidy."},
    )
    assert not world.database.heads
