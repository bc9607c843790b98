"""W3C trace context: what is continued, what is as good as not there, and what a run and its attempts are called."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carillon.domain.dispatch import Dispatch
from carillon.domain.moments import from_ms, to_ms
from carillon.domain.new_run import queued
from carillon.domain.run import Origin
from carillon.domain.run_id import RunId
from carillon.domain.trace import (
    MAX_MEMBERS,
    MAX_STATE,
    Trace,
    begin_trace,
    read_state,
    read_trace,
    span_of,
    trace_of_headers,
)

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{ID}-{SPAN}-01"
NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
SHAPE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]")
spans = st.text("0123456789abcdef", min_size=16, max_size=16).filter(lambda text: text.strip("0"))
ids = st.text("0123456789abcdef", min_size=32, max_size=32).filter(lambda text: text.strip("0"))
flags = st.integers(0, 255)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))


def a_run(**changes):
    run_id = RunId.of_fire_time("etl", NOW)
    return replace(queued(run_id, 1, Origin.FIRE, fire_at=NOW, now=NOW, message="claimed"), **changes)


@pytest.mark.parametrize(
    ("text", "is_sampled"),
    [
        (PARENT, True),
        (f"00-{ID}-{SPAN}-00", False),
        (f"00-{ID}-{SPAN}-02", False),
        (f"00-{ID}-{SPAN}-ff", True),
        (f" {PARENT}\t", True),
        (f"cc-{ID}-{SPAN}-01", True),
        (f"cc-{ID}-{SPAN}-01-what-the-future-brings", True),
    ],
)
def test_a_valid_traceparent_is_continued_with_its_sampled_flag(text, is_sampled):
    assert read_trace(text) == Trace(ID, is_sampled, parent_id=SPAN)


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "00",
        ID,
        f"00-{ID}-{SPAN}",
        f"00-{ID}-{SPAN}-1",
        f"00-{ID}-{SPAN}-01-",
        f"00-{ID}-{SPAN}-01-more",
        f"cc-{ID}-{SPAN}-01.more",
        f"ff-{ID}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{ID}-{'0' * 16}-01",
        f"00-{ID.upper()}-{SPAN}-01",
        f"00-{ID[:-1]}g-{SPAN}-01",
        f"00-{ID}{SPAN}-01",
        f"{PARENT}\n",
        f"{PARENT},{PARENT}",
        PARENT.encode(),
    ],
)
def test_anything_else_begins_a_trace_anew(text):
    assert read_trace(text, "rojo=1") is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        (" rojo=1 ,\tcongo=2,, ", "rojo=1,congo=2"),
        ("fw529a3039@dt=FfFf;a b", "fw529a3039@dt=FfFf;a b"),
        ("", ""),
        (None, ""),
        ("rojo", ""),
        ("rojo=1,rojo=2", ""),
        ("Rojo=1", ""),
        ("rojo=a=b", ""),
        ("rojo=\r\nX-Evil: 1", ""),
        ("rojo=é", ""),
        ("rojo=", ""),
        (",".join(f"k{number}=1" for number in range(MAX_MEMBERS + 1)), ""),
    ],
)
def test_a_tracestate_is_handed_on_whole_or_not_at_all(text, kept):
    assert read_state(text) == kept


def test_of_a_long_tracestate_the_long_members_go_first_and_then_the_last_ones():
    long, short = f"long={'x' * 200}", [f"k{number:02d}={'v' * 36}" for number in range(20)]
    kept = read_state(",".join([short[0], long, *short[1:]]))
    assert len(kept) <= MAX_STATE
    assert kept.split(",") == short[:12]
    assert read_state(f"a=1,{long},b=2") == f"a=1,{long},b=2"


def test_a_request_continues_the_trace_of_its_headers():
    headers = {"traceparent": PARENT, "tracestate": "rojo=1", "host": "example.com"}
    assert trace_of_headers(headers) == Trace(ID, True, "rojo=1", SPAN)
    assert trace_of_headers({"tracestate": "rojo=1"}) is None


@given(ids, spans, flags)
def test_what_is_continued_is_written_so_that_it_is_read_again(trace_id, span, flag):
    trace = read_trace(f"00-{trace_id}-{span}-{flag:02x}")
    text = trace.traceparent(span)
    assert SHAPE.fullmatch(text)
    assert read_trace(text) == trace


@given(
    st.one_of(st.text(), st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.{0,3}")), st.text()
)
def test_whatever_comes_from_outside_is_read_without_an_error_and_written_in_one_shape(parent, state):
    trace = read_trace(parent, state)
    if trace is not None:
        assert SHAPE.fullmatch(trace.traceparent(SPAN))
        assert trace.state.isascii()
        assert trace.state.isprintable()
        assert read_state(trace.state) == trace.state


@given(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,30}=[!-+\--<>-~]{1,255}", fullmatch=True)))
def test_a_tracestate_is_never_longer_than_what_is_handed_on(members):
    assert len(read_state(",".join(members))) <= MAX_STATE


@given(st.text(max_size=80), st.integers(1, 1000))
def test_a_trace_of_its_own_follows_from_its_name_alone(name, attempt):
    trace = begin_trace(name)
    assert SHAPE.fullmatch(trace.traceparent(span_of(name, attempt)))
    assert begin_trace(name) == trace
    assert begin_trace(f"{name}x") != trace
    assert span_of(name, attempt + 1) != span_of(name, attempt)


@given(moments)
def test_a_runs_trace_follows_from_its_id_and_its_birth_as_far_as_the_row_keeps_it(born):
    run = a_run(created_at=born)
    assert a_run(created_at=from_ms(to_ms(born))).trace == run.trace
    assert a_run(created_at=born + timedelta(milliseconds=1)).trace != run.trace
    assert a_run(created_at=born, run_id=RunId.of_fire_time("other", NOW)).trace != run.trace


def test_every_attempt_has_a_span_of_its_own_in_the_one_trace_of_its_run():
    texts = [a_run().traceparent(attempt) for attempt in range(1, 4)]
    assert len({text[36:52] for text in texts}) == 3
    assert {text[3:35] for text in texts} == {a_run().trace.trace_id}


def test_a_run_that_was_given_a_trace_keeps_it_with_its_flag():
    run = a_run(given_trace=Trace(ID, is_sampled=False))
    assert run.traceparent(1) == f"00-{ID}-{run.span_id(1)}-00"


def test_a_message_names_the_attempt_that_it_wakes():
    run = a_run(attempt=2)
    message = Dispatch.for_next_attempt(run)
    assert message.traceparent == run.traceparent(3)
    assert Dispatch.decode(message.encode()).trace_id == run.trace.trace_id


@pytest.mark.parametrize("said", ["", ',"traceparent":null', ',"traceparent":7', ',"traceparent":"00-zz"'])
def test_a_message_without_a_trace_or_with_a_broken_one_is_as_good_as_any(said):
    body = f'{{"v":1,"schedule_id":"etl","run_key":"20261122T020000Z","attempt":1,"not_before":0{said}}}'
    message = Dispatch.decode(body)
    assert (message.attempt, message.traceparent, message.trace_id) == (1, None, None)
