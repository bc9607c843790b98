"""The commands that README.md and docs/api.md print are run as they are printed: none is refused."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from local.api_client import ApiClient, ApiError
from local.stack import LaptopCloud, Plan
from tests.e2e.conftest import silent

ROOT = Path(__file__).resolve().parents[2]
STRICT = """set -eo pipefail
trap 'kill $(jobs -p) 2>/dev/null || :' EXIT
curl() { command curl --fail-with-body "$@"; }
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash"),
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    with LaptopCloud(Plan(folder=tmp_path_factory.mktemp("pages"), clocks=False), say=silent) as running:
        yield running


@pytest.fixture(scope="module")
def password(cloud):
    return cloud.invoke("operator", {"command": "bootstrap", "user": "admin"})["password"]


def run_five_minutes(page, printed_id, schedule_id, cloud, password):
    """Runs the page's block on the running stack, with its password, its port and a schedule of its own."""
    (section,) = re.findall(r"^## Five minutes with curl$(.*?)^## ", (ROOT / page).read_text(), re.M | re.S)
    (block,) = re.findall(r"```sh\n(.*?)```", section, re.S)
    for printed, here in (
        ("http://127.0.0.1:8080", cloud.url),
        ('"password": "…"', f'"password": "{password}"'),
        ("9000", str(free_port())),
        (printed_id, schedule_id),
    ):
        assert printed in block or printed == "9000", f"{page} does not print {printed}"
        block = block.replace(printed, here)
    done = subprocess.run(
        ["bash", "-c", STRICT + block], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def admin(cloud, password):
    api = ApiClient(cloud.url)
    api.login("admin", password)
    return api


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_five_minutes_of_the_readme_make_trigger_and_pause_a_schedule(cloud, password):
    shown = run_five_minutes("README.md", "hello", "from-readme", cloud, password)
    assert re.search(r"^from-readme@\S+ QUEUED - -$", shown, re.M)
    assert admin(cloud, password).get("/v1/schedules/from-readme")["state"] == "paused"


def test_the_five_minutes_of_the_api_page_end_with_the_schedule_deleted(cloud, password):
    shown = run_five_minutes("docs/api.md", "greeting", "from-api-page", cloud, password)
    assert 'etag: "3"' in shown.lower()
    with pytest.raises(ApiError) as gone:
        admin(cloud, password).get("/v1/schedules/from-api-page")
    assert gone.value.status == 404
