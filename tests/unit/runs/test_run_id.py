"""What a run's id says of what it was given."""

from datetime import UTC, datetime

import pytest

from carillon.domain.errors import RunNotFound
from carillon.domain.run_id import RunId

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
GIVEN = RunId.of_trigger("etl", NOW, "a1b2c3d4", has_payload=True)
KEPT = "etl@20261122T020000Z~p-a1b2c3d4~payload"


@pytest.mark.parametrize(
    "run_id",
    [GIVEN, GIVEN.repetition(3), GIVEN.repetition(3).repetition(4), RunId("etl", f"{GIVEN.run_key}.load")],
)
def test_a_run_its_repetitions_and_steps_know_what_it_was_given(run_id):
    assert RunId.parse(str(run_id)) == run_id
    assert str(run_id.payload) == KEPT


@pytest.mark.parametrize(
    "run_id",
    [
        RunId.of_fire_time("etl", NOW),
        RunId.of_fire_time("etl", NOW).repetition(1),
        RunId.of_trigger("etl", NOW, "a1b2c3d4"),
        RunId.of_trigger("etl", NOW, "a1b2c3d4").repetition(1),
        RunId("etl", "20261122T020000Z.p-load"),
        RunId("etl", "20261122T020000Z~excluded-20261122t030000z"),
    ],
)
def test_other_runs_were_given_nothing(run_id):
    assert run_id.payload is None


def test_where_it_is_kept_is_the_id_of_no_run():
    with pytest.raises(RunNotFound):
        RunId.parse(KEPT)
