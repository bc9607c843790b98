"""What the tour prints fits a terminal of 80 columns and leaves out nothing that matters."""

from datetime import UTC, datetime, timedelta

from local.demo import etl, preview, show
from local.demo.scenes import SCENES, Window

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CAUSE = "Line 2500 of s3://etl-orders/etl-bad-row/parts/part-00004.jsonl has no text under order_id: mend the row."


def a_row(run_id, state, message="The task copy-object returned.", **changes):
    times = {"created_at": "2026-11-22T12:00:00Z", "started_at": "2026-11-22T12:00:01Z"}
    return {"run_id": run_id, "state": state, "message": message, "duration_ms": 123456, **times, **changes}


def width(capsys):
    return max(len(line) for line in capsys.readouterr().out.splitlines())


def test_a_workflow_is_shown_within_80_columns_with_the_whole_cause_of_its_failure(capsys):
    run_id = "etl-bad-row@20261122T163116Z~491c96a5"
    steps = [
        a_row(f"{run_id}.load.00003", "FAILED", CAUSE),
        a_row(f"{run_id}.load.00002.undo-1", "SUCCEEDED"),
    ]
    etl.show(a_row(run_id, "COMPENSATED", steps=steps))
    shown = capsys.readouterr().out
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert CAUSE in " ".join(shown.split())
    assert "copy-object" not in shown


def test_a_note_on_a_fire_time_stands_below_it(capsys):
    item = {"local": "2027-03-28T03:00:00+02:00", "at": "2027-03-28T01:00:00Z"}
    note = "02:30:00 does not exist on this day: fires once at the jump, at 03:00:00"
    preview.tell({"sentence": "At 02:30 every day, Europe/Berlin time.", "items": [item | {"note": note}]})
    assert width(capsys) <= 80


def test_the_programme_and_the_reckoning_fit(capsys):
    window = Window(NOON, NOON + timedelta(seconds=75))
    run = {
        "run_id": "heartbeat@20261122T120000Z", "schedule_id": "heartbeat", "fire_at": "2026-11-22T12:00:00Z",
        "ended_at": "2026-11-22T12:00:01Z", "lateness_ms": 12345, "state": "COMPENSATION_FAILED", "attempt": 3,
        "reason": "service_unavailable", "origin": "fire",
    }  # fmt: skip
    show.announce(window)
    show.Progress().show([run])
    show.summary({scene: [run] for scene in SCENES})
    show.praise(35, 56)
    assert width(capsys) <= 80
