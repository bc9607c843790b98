"""What every test shares: the pinned time zones, one played day of a stack, and the order of long and short files."""

import gc

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

import carillon.zones  # noqa: F401 - time zones come from the pinned tzdata, as in the cloud
from tests.botocore_files import read_once

read_once()

# The same examples on every machine, however slow it is: an example has no deadline, nor has making it.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")

ON_ONE_DAY = (
    "tests/attacks/test_planted_secrets.py",
    "tests/template/least_privilege/test_least_privilege.py",
)


@pytest.fixture(scope="session")
def day(tmp_path_factory):
    """A representative day of a stack; playing it takes half a minute, so it is played once."""
    from tests.template.least_privilege.day import Day

    return Day(tmp_path_factory.mktemp("day"))


def pytest_collection_modifyitems(items):
    """Files with slow tests go first: what is left for the end is short, and all processes end together."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish():
    """What was collected stays to the end: the garbage collector need not look through it again and again."""
    gc.freeze()


class _ByFile(LoadFileScheduling):
    """A process takes whole files, and both of those that look at the same day."""

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        return "the day" if file in ON_ONE_DAY else file


def pytest_xdist_make_scheduler(config, log):
    """In place of `--dist loadfile`."""
    return _ByFile(config, log)
