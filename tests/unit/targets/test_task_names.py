"""Which python tasks there are, read from their sources: the same as importing them finds."""

import pytest

from carillon.adapters.targets.task_names import registered_tasks
from carillon.tasks import load
from carillon.wiring.api import TASKS


def test_the_sources_tell_the_names_that_importing_them_registers():
    loaded = load(TASKS)
    imported = {name for name, function in loaded.tasks.items() if function.__module__.startswith(TASKS)}
    assert registered_tasks(TASKS) == imported
    assert "delete-old-objects" in imported


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ('@task("mine")\ndef f(context): ...', {"mine"}),
        ('@tasks.task("mine")\ndef f(context): ...\nother("x")', {"mine"}),
        ('registry.add("mine", lambda context: None)\nseen.add("x")', {"mine"}),
        ('@task(f"mine-{1}")\ndef f(context): ...', None),
        ("@task(NAME)\ndef f(context): ...", None),
        ("def broken(", None),
        ("", set()),
    ],
)
def test_a_name_that_cannot_be_read_makes_all_unknown(tmp_path, monkeypatch, source, names):
    package = tmp_path / f"tasks_{abs(hash(source))}"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "own.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert registered_tasks(package.name) == (None if names is None else frozenset(names))


def test_a_package_that_is_not_there_tells_nothing():
    assert registered_tasks("no_such_package_of_tasks") is None
