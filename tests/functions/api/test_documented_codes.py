"""docs/api.md holds every code, with the status that the API gives it."""

import re
from pathlib import Path

from api.statuses import STATUSES
from carillon.domain.errors import CarillonError

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


def documented():
    """Status by code, from the table."""
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (\d{3}) \|", PAGE, re.MULTILINE)
    return {code: int(status) for codes, status in rows for code in re.findall(r"\w+", codes)}


def answered():
    """Status by code, from the classes: each class in the table, and those that inherit their status."""
    found = {CarillonError.code: 500}
    for kind in STATUSES:
        for each in (kind, *descendants(kind)):
            own = next(STATUSES[parent] for parent in each.__mro__ if parent in STATUSES)
            found[each.code] = int(own)
    return found


def descendants(kind):
    return [each for child in kind.__subclasses__() for each in (child, *descendants(child))]


def test_the_table_of_codes_is_the_codes_own():
    assert documented() == answered()


def test_every_operation_is_on_the_page(world):
    description = world.call("GET", "/openapi.json", token=None).json
    for path, operations in description["paths"].items():
        for method in operations:
            address = f"{method.upper()} {path.replace('{schedule_id}', '{id}')}"
            assert f"`{address}`" in PAGE, address
