"""What a token must say."""

from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.token_claims import LIFETIME, REQUIRED, new_claims, refusal

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
CLAIMS = new_claims("admin", "carillon", NOW, "id-1")


def test_fresh_claims_are_accepted_until_they_expire():
    assert refusal(CLAIMS, "carillon", NOW) is None
    assert refusal(CLAIMS, "carillon", NOW + LIFETIME - timedelta(seconds=1)) is None
    assert "expired" in refusal(CLAIMS, "carillon", NOW + LIFETIME)


@pytest.mark.parametrize("name", REQUIRED)
def test_each_claim_is_required(name):
    claims = {key: value for key, value in CLAIMS.items() if key != name}

    assert name in refusal(claims, "carillon", NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"exp": str(CLAIMS["exp"])},
        {"exp": 1e20},
        {"exp": 10**30},
        {"exp": True},
        {"iat": -1},
        {"iat": CLAIMS["iat"] + 3600},
        {"sub": 7},
        {"sub": ""},
        {"jti": None},
        {"iss": "other"},
        {"aud": "other"},
        {"aud": ["carillon"]},
    ],
)
def test_wrong_claims_are_refused(change):
    assert refusal({**CLAIMS, **change}, "carillon", NOW)
