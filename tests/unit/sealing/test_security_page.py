"""docs/security.md names tests, and every one of them exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "security.md").read_text()


def test_every_test_that_the_page_names_exists():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name in named if f"def {name}(" not in sources} == set()
    assert len(named) > 25


def test_every_tampering_has_a_test():
    section = PAGE.partition("| tampering | tests |")[2].partition("\n\n")[0]
    rows = [row.split("|")[1:3] for row in section.strip().splitlines()[1:]]
    assert all("`test_" in tests for _, tests in rows)
    told = " ".join(tampering for tampering, _ in rows)
    for word in (
        "swapped",
        "truncated",
        "extended",
        "downgraded",
        "re-ordered",
        "schedule",
        "stack",
        "purpose",
        "URL",
    ):
        assert word in told
