"""Every attack of the table gets the answer that the table says; their numbers by area are printed with -s."""

from collections import Counter

import pytest

from tests.attacks import audit, confirming, identity, inputs, objects, rate, rbac, replay, token, totp, web
from tests.attacks.attack import ATTACKS, result_of

AREAS = (token, identity, rbac, objects, audit, replay, rate, totp, confirming, inputs, web)
"""The modules that enter their attacks when they are imported."""


@pytest.mark.parametrize("each", ATTACKS.values(), ids=lambda each: each.id)
def test_the_attack_gets_its_answer(each):
    assert result_of(each) == each.expected, each.what


def test_every_area_has_attacks():
    counts = Counter(each.area for each in ATTACKS.values())
    told = ", ".join(f"{area} {count}" for area, count in sorted(counts.items()))
    print(f"\n{len(ATTACKS)} attacks: {told}")  # noqa: T201 - the figures are for people
    assert len(counts) == len(AREAS)
    assert min(counts.values()) >= 8
