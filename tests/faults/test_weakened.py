"""The simulator without a safeguard: the witness notices, or the safeguard that also holds it is named."""

import pytest

from tests.faults.simulator.simulation import simulate
from tests.faults.simulator.stage import Odds

STANDSTILL = Odds(freeze=0.06, switch=0.6, duplicate=0.3, die=0.01, lost=0.02, skew_seconds=2.0)
"""Actors that stand still for long, beside others that act on the same rows."""


LATE = Odds(freeze=0.03, switch=0.6, unavailable=0.05, missed_tick=0.5, drop=0.1, lag=0.3, skew_seconds=2.0)
"""Messages and ticks that do not come, so that much is done late."""


ENOUGH = 1000
"""Seeds within which what is missing shows; the search ends at the first, whichever it is."""

FEW = 30


def _noticed(missing, odds=None, seeds=ENOUGH):
    """The first complaint in some seeds, without what is missing."""
    complaints = (simulate(seed, odds, missing).complaint for seed in range(seeds))
    return next((complaint for complaint in complaints if complaint), "")


@pytest.mark.parametrize(
    ("missing", "complaint"),
    [
        ("state condition", "went from"),
        ("put if absent", "called its target twice"),
        ("head_version raised", "loses"),
        ("jumped fire times recorded", "loses"),
        ("claimed_until", "loses"),
        ("head check", "was answered"),
        ("sweep", "still unfinished"),
        ("slot", "which the overlap policy forbids"),
    ],
)
def test_the_witness_notices_without(missing, complaint):
    assert complaint in _noticed({missing})


@pytest.mark.parametrize(
    ("missing", "complaint"),
    [("queued runs ended", "was answered"), ("lease", "taken from its worker before its lease was over")],
)
def test_the_witness_notices_when_all_is_late_without(missing, complaint):
    assert complaint in _noticed({missing}, LATE)


@pytest.mark.parametrize("missing", ["claim_id condition", "attempt condition", "wake_at condition"])
def test_others_hold_a_transition_without(missing):
    assert not _noticed({missing}, STANDSTILL, FEW)


def test_the_witness_notices_without_claim_id_and_attempt():
    assert "attempt" in _noticed({"claim_id condition", "attempt condition"}, STANDSTILL)


def test_not_before_holds_without_the_attempt_tag():
    assert not _noticed({"attempt tag"}, seeds=FEW)


def test_head_version_holds_the_claim_without_next_fire_at_or_generation():
    assert not _noticed({"next_fire_at condition", "generation condition"}, seeds=FEW)
