"""The tour's judgement: every way in which a tour can go wrong is told, and a right one passes."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from local.demo.scenes import SCENES
from local.demo.tour import open_window
from local.demo.verdict import Evidence, claimed_ahead, differences, lateness, percentile, settled, within

WINDOW = open_window(datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC), 75)
SCENE = {scene.schedule_id: scene for scene in SCENES}


def _run(scene, fire_at, **changes):
    text = fire_at.isoformat()
    run = {"run_id": f"{scene.schedule_id}@{text}", "fire_at": text, "state": scene.ends, "reason": None}
    return {**run, "origin": "fire", "lateness_ms": 7, "ended_at": text, "attempt": 1, **changes}


def _right(scene):
    runs = [_run(scene, fire_at) for fire_at in scene.fires(WINDOW)]
    if scene.triggered:
        runs.append(_run(scene, WINDOW.starts_at, origin="manual"))
    return runs


def _ahead(scene, seconds):
    """The rows past the window up to so many seconds after its start."""
    if scene.rhythm_seconds is None:
        return []
    rhythm = timedelta(seconds=scene.rhythm_seconds)
    fire_at, last = scene.fires(WINDOW)[-1] + rhythm, WINDOW.starts_at + timedelta(seconds=seconds)
    runs = []
    while fire_at < last:
        runs.append(_run(scene, fire_at, state="QUEUED", ended_at=None))
        fire_at += rhythm
    return runs


def _judge(scene, runs, calls_less=0):
    calls = Counter({run["run_id"]: scene.calls_per_run - calls_less for run in runs})
    alerts = Counter(run["run_id"] for run in runs if scene.alerted)
    return differences(scene, WINDOW, Evidence(runs, calls, alerts))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.schedule_id)
def test_a_scene_that_went_as_it_should_passes(scene):
    assert _judge(scene, _right(scene)) == []
    assert settled(scene, WINDOW, [*_right(scene), *_ahead(scene, 240)])


@pytest.mark.parametrize("second", range(60))
def test_the_window_s_ends_are_no_fire_times_and_a_whole_minute_lies_in_it(second):
    window = open_window(datetime(2026, 11, 22, 10, 0, second, 999999, tzinfo=UTC), 10)
    assert window.starts_at.second % 5 == window.ends_at.second % 5 == 2
    assert len(window.every(5)) == 13
    assert len(window.every(60)) >= 1


def test_a_missing_row_a_double_row_and_a_row_too_many_are_told():
    scene = SCENE["heartbeat"]
    runs = _right(scene)
    assert "has no row" in _judge(scene, runs[1:])[0]
    assert "has 2 rows" in " ".join(_judge(scene, [*runs, runs[0]]))
    assert "which is no fire time" in _judge(scene, [*runs, _run(scene, WINDOW.starts_at)])[0]


def test_a_wrong_end_and_a_wrong_number_of_calls_are_told():
    scene = SCENE["flaky"]
    (run,) = _right(scene)
    assert (
        "is FAILED (gave up), not SUCCEEDED"
        in _judge(scene, [{**run, "state": "FAILED", "reason": "gave up"}])[0]
    )
    assert "called its target 2 times, not 3" in _judge(scene, [run], calls_less=1)[0]


def test_a_failure_that_nobody_heard_of_is_told():
    scene = SCENE["broken"]
    runs = _right(scene)
    silent = Evidence(runs, Counter({runs[0]["run_id"]: 2}), Counter())
    assert "nobody was told" in differences(scene, WINDOW, silent)[0]


def test_a_run_that_has_not_ended_is_waited_for():
    scene = SCENE["heartbeat"]
    runs = _right(scene)
    ahead = _ahead(scene, 240)
    assert not settled(scene, WINDOW, [{**runs[0], "ended_at": None}, *runs[1:], *ahead])
    assert within(WINDOW, [*runs, *ahead]) == runs


def test_a_gap_ahead_or_a_tick_that_never_claimed_is_told():
    scene = SCENE["heartbeat"]
    runs, ahead = _right(scene), _ahead(scene, 240)
    assert claimed_ahead(scene, WINDOW, [*runs, *ahead]) == []
    assert "a gap or a double" in claimed_ahead(scene, WINDOW, [*runs, *ahead[1:]])[0]
    assert "a gap or a double" in claimed_ahead(scene, WINDOW, [*runs, *ahead, ahead[-1]])[0]
    assert "no tick has claimed" in claimed_ahead(scene, WINDOW, [*runs, *_ahead(scene, 177)])[0]
    assert "no tick has claimed" in claimed_ahead(scene, WINDOW, runs)[0]


def test_lateness_counts_fire_times_only_and_percentiles_are_values_that_occurred():
    runs = [{"origin": "fire", "lateness_ms": late} for late in (30, 10, None, 20)]
    assert lateness([*runs, {"origin": "manual", "lateness_ms": 99}]) == [10, 20, 30]
    hundred = list(range(1, 101))
    assert [percentile(hundred, share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]
    assert percentile([5], 0.5) == 5
