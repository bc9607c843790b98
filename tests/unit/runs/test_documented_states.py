"""docs/run-states.md and the transition table are the same."""

import re
from pathlib import Path

from carillon.domain.run import TRANSITIONS, RunState

PAGE = (Path(__file__).parents[3] / "docs" / "run-states.md").read_text()


def test_the_diagram_draws_exactly_the_transition_table():
    drawn = set(re.findall(r"^    (\w+) --> (\w+): (\w+)$", PAGE, re.MULTILINE))
    assert drawn == {(before, after, kind) for (before, kind), after in TRANSITIONS.items()}


def test_the_table_explains_every_state():
    explained = re.findall(r"^\| ([A-Z_]+) \|", PAGE, re.MULTILINE)
    assert explained == [*dict.fromkeys(explained)]
    assert set(explained) == set(RunState)
