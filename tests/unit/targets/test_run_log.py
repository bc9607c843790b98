"""A task's log leaves its process bounded."""

from carillon.adapters.targets.run_log import RunLog


def logged(act):
    lines = []
    act(RunLog(lines.append))
    return lines


def test_lines_after_the_two_hundredth_are_dropped_and_the_last_says_so():
    lines = logged(lambda log: [log.line(str(n)) for n in range(500)])
    assert len(lines) == 200
    assert lines[198] == "198"
    assert "dropped" in lines[199]


def test_a_long_line_is_cut_at_a_whole_character():
    (line,) = logged(lambda log: log.line("ü" * 2000))
    assert line == "ü" * 512


def test_printed_pieces_become_whole_lines():
    def act(log):
        log.write("a")
        log.write("b\nc\nd")
        log.finish()

    assert logged(act) == ["ab", "c", "d"]


def test_an_endless_line_is_not_kept_whole():
    def act(log):
        for _ in range(100):
            log.write("x" * 1000)
        log.finish()

    assert logged(act) == ["x" * 1024]


def test_what_comes_after_the_end_is_dropped():
    def act(log):
        log.line("in time")
        log.finish()
        log.line("late")

    assert logged(act) == ["in time"]
