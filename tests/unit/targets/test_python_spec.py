"""What a python target's specification may say, and what registers a task."""

import pytest

from carillon.domain.targets.python import check_python
from carillon.tasks import Registry


def fields(known=None, **spec):
    return [fault.field for fault in check_python({"kind": "python", **spec}, known)]


def test_a_task_name_is_enough():
    assert fields(task="delete-old-objects") == []


@pytest.mark.parametrize("task", [None, 5, "", "Delete", "a_b", "a--b", "-a", "os.system", "../x", "a" * 65])
def test_a_malformed_task_name_is_refused(task):
    assert fields(task=task) == ["task"]


def test_an_unknown_task_is_refused_where_the_names_are_known():
    assert fields(task="other", known={"mine"}) == ["task"]
    assert fields(task="mine", known={"mine"}) == []


@pytest.mark.parametrize("arguments", [None, [], "x", {"a": float("nan")}, {"a": "x" * 65_536}])
def test_arguments_must_be_a_small_json_object(arguments):
    assert fields(task="x", arguments=arguments) == ["arguments"]


def test_an_unknown_field_is_named():
    assert fields(task="x", timeout=5) == ["timeout"]


def test_a_task_name_is_registered_once_and_well_formed():
    registry = Registry()
    registry.add("mine", lambda context: None)
    with pytest.raises(ValueError, match="twice"):
        registry.add("mine", lambda context: None)
    with pytest.raises(ValueError, match="no task name"):
        registry.add("Mine", lambda context: None)
