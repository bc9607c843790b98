"""Every file in events/ runs on the laptop cloud, through the function whose door its name begins with."""

import json
import re

import pytest

from local.stack import LaptopCloud, Plan
from tests.functions.event_files import EVENTS, names

pytestmark = pytest.mark.slow

FUNCTIONS = {
    "tick": ["tick"],
    "worker": ["worker"],
    "api": ["api"],
    "stream": ["follow", "archive"],
    "audit": ["archive"],
    "completion": ["completion"],
    "dead-letter": ["deadletter"],
    "follow": ["follow"],
    "operator": ["operator"],
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """One stack for all of them, without clock or event sources."""
    plan = Plan(folder=tmp_path_factory.mktemp("events"), clocks=False, sources=False)
    with LaptopCloud(plan, say=lambda line: None) as cloud:
        yield cloud


def functions_of(name):
    door = next(door for door in sorted(FUNCTIONS, key=len, reverse=True) if re.match(rf"{door}(-|$)", name))
    return FUNCTIONS[door]


@pytest.mark.parametrize(
    ("name", "function"), [(name, function) for name in names() for function in functions_of(name)]
)
def test_an_event_file_is_answered_by_its_function(cloud, name, function):
    answer = cloud.function(function).invoke(cloud.sealed((EVENTS / f"{name}.json").read_bytes()))
    assert answer.error is None, answer.payload
    document = json.loads(answer.payload)
    if function == "api":
        assert 200 <= document["statusCode"] < 500, document
