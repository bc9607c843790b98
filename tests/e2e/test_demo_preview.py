"""The tour's prologue notices a preview that is wrong."""

from local.demo.preview import EXPECTED, differences

RIGHT = [{"at": at, "note": "02:30:00 does not exist" if at == EXPECTED[1] else None} for at in EXPECTED]


def test_the_fire_times_worked_out_by_hand_pass():
    assert differences(RIGHT) == []


def test_a_fire_time_that_moved_or_went_is_told():
    moved = [*RIGHT[:2], {"at": "2027-03-29T01:30:00Z", "note": None}]
    assert differences(moved) == [
        "preview: 2027-03-29T01:30:00Z was not expected",
        "preview: 2027-03-29T00:30:00Z is missing",
    ]


def test_silence_about_the_jump_is_told():
    assert differences([{**item, "note": None} for item in RIGHT]) == [
        "preview: nothing is said of the clocks that jump"
    ]
