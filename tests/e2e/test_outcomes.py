"""Runs of every kind of target end in each way on the laptop cloud as documented; `make targets` prints the table."""

import pytest

from carillon.domain.targets.registry import KINDS
from tests.e2e.conftest import silent
from tests.e2e.outcomes.cases import WAYS
from tests.e2e.outcomes.table import rows

pytestmark = pytest.mark.slow


def test_every_kind_ends_in_every_way_as_documented(tmp_path):
    found = rows(tmp_path, silent)
    assert [str(row) for row in found if not row.is_right] == []
    played = {(row.kind, row.way) for row in found}
    assert played == {(kind, way) for kind in KINDS for way in WAYS} | {
        ("syslog", "success"),
        ("syslog", "retryable"),
    }
