"""The operator's re-archive: which hours a command means."""

import pytest

from carillon.domain.moments import from_rfc3339
from tests.contract.builders import ended
from tests.functions.operators.test_bootstrap import Operators


@pytest.mark.parametrize(
    ("first", "last", "runs"),
    [
        ("2026-11-22", "2026-11-22", 3),
        ("2026-11-22T00", "2026-11-22T01", 2),
        ("2026-11-22T01", "2026-11-22", 2),
        ("2026-11-21", "2026-11-22T00", 2),
    ],
)
def test_a_day_is_all_its_hours_and_both_ends_belong_to_it(first, last, runs):
    stack = Operators()
    for moment in ("21T23:59:59Z", "22T00:00:00Z", "22T01:30:00Z", "22T23:59:59Z", "23T00:00:00Z"):
        run = ended(fire_at=from_rfc3339(f"2026-11-{moment}"))
        stack.database.runs[run.run_id] = run
    command = {"from": first, "to": last}

    answer = stack.invoke(command="re-archive", **command)
    while not answer["done"]:
        answer = stack.invoke(command="re-archive", **command, next=answer["next"])

    assert (answer["runs"], answer["unreadable"]) == (runs, 0)
    assert len(stack.archived.objects) == answer["objects"] > 0
