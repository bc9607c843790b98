"""One world per test."""

import pytest

from tests.functions.api.world import ApiWorld


@pytest.fixture
def world():
    return ApiWorld()
