"""docs/reliability.md names every safeguard that `make mutations` takes out, and the test that notices it is gone."""

import re
from pathlib import Path

import pytest

from tests.faults.mutations.safeguards import SAFEGUARDS

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| ([^|]+) \| `(tests/[\w/]+\.py)::(test_\w+)` \|$", re.MULTILINE)
TABLE = ROW.findall((ROOT / "docs" / "reliability.md").read_text())


def test_the_page_names_every_safeguard_once():
    assert sorted(name for name, _, _ in TABLE) == sorted(safeguard.name for safeguard in SAFEGUARDS)


@pytest.mark.parametrize(("path", "test"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_test_that_notices_exists(path, test):
    assert f"def {test}(" in (ROOT / path).read_text()


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda safeguard: safeguard.name)
def test_every_edit_that_takes_a_safeguard_out_still_fits_the_source(safeguard):
    for edit in safeguard.edits:
        assert (ROOT / edit.path).read_text().count(edit.old) == 1, edit.path
        assert edit.old != edit.new
