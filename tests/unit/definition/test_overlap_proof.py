"""Which schedules provably cannot overlap themselves, and so take no slot."""

from dataclasses import replace

import pytest

from carillon.domain.job import Job, Retry, Wait
from carillon.domain.overlap_proof import cannot_overlap, longest_seconds, needs_slot
from carillon.domain.schedule import CatchUp, Misfire, Overlap, Policies, TimetableSpec
from tests.contract.builders import NOW
from tests.unit.definition.documents import MINIMAL, read, with_value

LEASE = 305.0
DAILY = TimetableSpec("0 2 * * *")
JOB = Job({"kind": "http", "url": "https://example.com"}, 60, Retry(max_attempts=1))


def test_one_attempt_a_day_cannot_overlap_and_one_a_minute_can():
    assert cannot_overlap(DAILY, Policies(), JOB, LEASE, NOW)
    assert not cannot_overlap(TimetableSpec("* * * * *"), Policies(), JOB, LEASE, NOW)


def test_the_gap_must_exceed_grace_lease_and_the_sweeps_look_to_the_second():
    rate = "rate({} minutes)"
    # 300 of grace, 305 of lease and 180 of look make 785 seconds, a little more than 13 minutes.
    assert cannot_overlap(TimetableSpec(rate.format(14), anchor=NOW), Policies(), JOB, LEASE, NOW)
    assert not cannot_overlap(TimetableSpec(rate.format(13), anchor=NOW), Policies(), JOB, LEASE, NOW)


@pytest.mark.parametrize(
    ("spec", "policies", "job"),
    [
        (DAILY, Policies(misfire=Misfire(catch_up=CatchUp.LATEST)), JOB),
        (DAILY, Policies(misfire=Misfire(grace_seconds=86_400)), JOB),
        (replace(DAILY, also_at=(NOW,)), Policies(), JOB),
        (replace(DAILY, jitter_seconds=86_000), Policies(), JOB),
        (DAILY, Policies(), replace(JOB, retry=Retry(max_attempts=20))),
        (DAILY, Policies(), replace(JOB, wait=Wait(timeout_seconds=86_400))),
        (replace(DAILY, zone="Europe/Berlin", fold="twice"), Policies(), replace(JOB, wait=Wait())),
    ],
    ids=["catch-up", "grace", "extra times", "jitter", "retries", "callback", "a clock change"],
)  # fmt: skip
def test_whatever_can_bring_two_runs_together_undoes_the_proof(spec, policies, job):
    assert not cannot_overlap(spec, policies, job, LEASE, NOW)


def test_a_deadline_of_all_attempts_bounds_what_many_retries_may_take():
    many = replace(JOB, retry=Retry(max_attempts=50, deadline_seconds=3600))
    assert longest_seconds(many, LEASE) == 3600 + LEASE + 180
    assert cannot_overlap(DAILY, Policies(), many, LEASE, NOW)


def test_any_number_at_once_needs_no_slot_however_often_it_fires():
    every_minute = TimetableSpec("* * * * *")
    assert not needs_slot(every_minute, Policies(Overlap.ALLOW), JOB, LEASE, NOW)
    assert needs_slot(every_minute, Policies(Overlap.ALLOW, max_concurrent=5), JOB, LEASE, NOW)


def test_the_verdict_is_part_of_the_definition():
    minute = with_value("timetable.expression", "* * * * *")
    assert read(minute).needs_slot
    assert not read({**MINIMAL, "timetable": {"expression": "0 2 * * *"}}).needs_slot


@pytest.mark.parametrize(
    ("policies", "room"),
    [({}, 1), ({"overlap": "allow"}, None), ({"overlap": "allow", "max_concurrent": 3}, 3), ({"overlap": "queue"}, 1)],
)  # fmt: skip
def test_max_concurrent_is_one_unless_any_number_is_allowed(policies, room):
    assert read(with_value("policies", policies)).policies.max_concurrent == room
