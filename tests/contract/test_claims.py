"""The claim: run rows and heads in one transaction, and who is told what when it is cancelled."""

import sys
import threading
from dataclasses import replace

import pytest

from carillon.domain.claim import MAX_RUNS, ClaimFault, ClaimVerdict
from carillon.domain.errors import CarillonError
from carillon.domain.schedule import ScheduleState
from tests.contract.builders import NOW, change, claim, minutes, put, run, saved, schedule


def test_a_claim_writes_its_rows_and_advances_its_head(stores):
    head = saved(stores, schedule(fires_left=5, skip_next=1, owner="user:ada"))
    rows = (run(), run(fire_at=NOW + minutes(1)))
    ours = claim(head, *rows, next_fire_at=NOW + minutes(2), fires_left=3, skip_next=0)
    assert stores.schedules.commit([ours]) is None
    assert [stores.runs.get(row.run_id) for row in rows] == list(rows)
    assert stores.schedules.head(head.schedule_id) == replace(
        head, next_fire_at=NOW + minutes(2), due_at=NOW + minutes(2), fires_left=3, skip_next=0
    )


def test_a_claim_of_the_last_fire_time_takes_the_head_out_of_the_due_index(stores):
    head = saved(stores, schedule(fires_left=1))
    last = claim(
        head,
        run(),
        next_fire_at=None,
        due_at=None,
        state=ScheduleState.ENDED,
        state_reason="It has no more fire times.",
    )
    assert stores.schedules.commit([last]) is None
    after = stores.schedules.head(head.schedule_id)
    assert (after.state, after.state_reason) == (ScheduleState.ENDED, "It has no more fire times.")
    assert (after.next_fire_at, after.due_at, after.fires_left) == (None, None, None)
    assert [page for shard in range(3) for page in stores.schedules.due_before(shard, NOW + minutes(9))] == []


def test_a_head_without_next_fire_time_can_be_claimed(stores):
    """A pause that ends is such a claim: the head is due, and has nothing to fire yet."""
    head = saved(stores, schedule(next_fire_at=None))
    ours = claim(head, next_fire_at=NOW + minutes(1))
    assert stores.schedules.commit([ours]) is None
    (verdict,) = stores.schedules.commit([ours])
    assert verdict.fault is ClaimFault.LOST


def test_a_claim_does_not_raise_the_head_version(stores):
    head = saved(stores, schedule())
    stores.schedules.commit([claim(head, run())])
    assert stores.schedules.head(head.schedule_id).head_version == head.head_version


@pytest.mark.parametrize(
    "moved", [{"head_version": 2}, {"generation": 2}, {"next_fire_at": NOW + minutes(7)}], ids=str
)
def test_a_claim_on_a_head_that_has_moved_is_lost_and_the_innocent_are_told_so(stores, moved):
    lost, innocent = saved(stores, schedule("lost"), schedule("innocent"))
    stores.schedules.write(change(lost, replace(lost, **moved)))
    claims = [claim(lost, run("lost"), run("lost", NOW + minutes(1))), claim(innocent, run("innocent"))]
    assert stores.schedules.commit(claims) == [ClaimVerdict(ClaimFault.LOST), ClaimVerdict(ClaimFault.NONE)]
    assert stores.runs.get(run("innocent").run_id) is None
    assert stores.schedules.head("innocent") == innocent


def test_a_row_that_exists_is_named_and_the_claim_without_it_succeeds(stores):
    head = saved(stores, schedule())
    there = put(stores, run(reason="was here first"))
    other = run(fire_at=NOW + minutes(1))
    assert stores.schedules.commit([claim(head, there, other)]) == [
        ClaimVerdict(ClaimFault.EXISTS, frozenset({there.run_id}))
    ]
    assert stores.schedules.commit([claim(head, other)]) is None
    assert stores.runs.get(there.run_id).reason == "was here first"


def test_lost_wins_over_exists(stores):
    head = saved(stores, schedule())
    there = put(stores, run())
    stores.schedules.write(change(head, replace(head, head_version=2)))
    assert stores.schedules.commit([claim(head, there)]) == [
        ClaimVerdict(ClaimFault.LOST, frozenset({there.run_id}))
    ]


def test_a_claim_on_a_deleted_head_is_lost(stores):
    (verdict,) = stores.schedules.commit([claim(schedule("ghost"), run("ghost"))])
    assert verdict.fault is ClaimFault.LOST


def test_one_transaction_takes_a_hundred_actions_and_not_one_more(stores):
    head = saved(stores, schedule())
    rows = [run(fire_at=NOW + minutes(n)) for n in range(MAX_RUNS + 1)]
    with pytest.raises(CarillonError):
        stores.schedules.commit([claim(head, *rows)])
    assert stores.schedules.commit([claim(head, *rows[:MAX_RUNS])]) is None
    assert len(stores.runs.of_schedule(head.schedule_id, 200).items) == MAX_RUNS


def test_of_many_claimers_at_once_exactly_one_wins(stores):
    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for round_ in range(5):
            head = saved(stores, schedule(f"race{round_}"))
            verdicts = in_threads(
                8, lambda n, head=head: stores.schedules.commit([claim(head, run(head.schedule_id, sends=n))])
            )
            assert verdicts.count(None) == 1
            assert {verdict[0].fault for verdict in verdicts if verdict is not None} == {ClaimFault.LOST}
    finally:
        sys.setswitchinterval(switch_interval)


def in_threads(count, work):
    """What each of the threads answers, all let go at the same moment."""
    barrier, answers = threading.Barrier(count), []

    def go(number):
        barrier.wait()
        answers.append(work(number))

    threads = [threading.Thread(target=go, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == count
    return answers
