"""Which faults a seed suffers: most seeds a few kinds at once, some all of them, some none."""

import random
from dataclasses import replace

from tests.faults.simulator.stage import Odds

CALM = Odds()
EVERYTHING = Odds(
    die=0.01,
    freeze=0.01,
    throttle=0.02,
    unavailable=0.01,
    lost=0.02,
    repeat=0.03,
    conflict=0.05,
    lag=0.3,
    drop=0.03,
    duplicate=0.1,
    missed_tick=0.15,
    skew_seconds=2.0,
)
"""Clocks agree within the promised margin; claims come in one transaction, as DynamoDB gives them."""

_KINDS = (
    "die",
    "freeze",
    "throttle",
    "unavailable",
    "lost",
    "repeat",
    "conflict",
    "lag",
    "drop",
    "duplicate",
)
WILD_CLOCKS = 600.0


def odds_of(seed):
    """The odds that belong to a seed."""
    drawn = random.Random(f"odds {seed}")
    kind = seed % 10
    switch = drawn.choice((0.1, 0.3, 0.6))
    if kind == 0:
        return replace(CALM, switch=switch)
    if kind in (1, 2, 3):
        return replace(EVERYTHING, switch=switch)
    if kind == 4:
        return replace(EVERYTHING, switch=switch, skew_seconds=WILD_CLOCKS)
    if kind == 9:
        return replace(EVERYTHING, switch=switch, split=0.3)
    chosen = drawn.sample(_KINDS, 3)
    odds = {name: min(0.5, 3 * getattr(EVERYTHING, name)) for name in chosen}
    return Odds(
        switch=switch, missed_tick=drawn.choice((0.0, 0.4)), skew_seconds=drawn.choice((0.0, 2.0)), **odds
    )
