"""A task's log leaves its process bounded, and never without its end."""

from carillon.adapters.targets.run_log import RunLog


def logged(act):
    lines = []
    act(RunLog(lines.append))
    return lines


def test_of_lines_that_come_too_fast_the_first_and_the_last_leave_and_a_line_counts_the_others():
    def act(log):
        for n in range(500):
            log.line(str(n))
        log.finish()

    lines = logged(act)
    assert lines[:200] == [str(n) for n in range(200)]
    assert lines[200] == "(101 lines that came too fast are left out here)"
    assert lines[201:] == [str(n) for n in range(301, 500)]


def test_a_task_that_writes_for_long_loses_nothing_and_keeps_nothing_back():
    now = [0.0]
    lines = []
    log = RunLog(lines.append, lambda: now[0])
    for n in range(1000):
        now[0] += 0.006
        log.line(str(n))
        assert lines[-1] == str(n)
    assert len(lines) == 1000


def test_what_was_held_back_leaves_with_the_next_seconds_first_line():
    now = [0.0]
    lines = []
    log = RunLog(lines.append, lambda: now[0])
    for n in range(300):
        log.line(str(n))
    assert lines[-1] == "199"
    now[0] = 1.0
    log.line("later")
    assert lines == [*(str(n) for n in range(300)), "later"]


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
