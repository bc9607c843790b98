"""The real services under attack, seed by seed: no invariant breaks, and every seed can be played again."""

import pytest

from tests.faults.simulator.simulation import simulate

SEEDS_EACH = 40


@pytest.mark.parametrize("first", range(0, 400, SEEDS_EACH))
def test_no_invariant_breaks(first):
    for seed in range(first, first + SEEDS_EACH):
        report = simulate(seed)
        told = "\n".join(f"{moment:%H:%M:%S.%f} {who}: {what}" for moment, who, what in report.trace[-60:])
        assert not report.complaint, f"seed {seed}: {report.complaint}\n{told}"
        assert report.runs, f"seed {seed} made no runs"


@pytest.mark.parametrize("seed", [2, 4, 7])
def test_a_seed_plays_the_same_again(seed):
    assert simulate(seed) == simulate(seed)
