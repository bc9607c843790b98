"""Schemathesis over the OpenAPI document, against the laptop cloud: no 5xx, nothing undescribed, no way past the token.

`python -m local.fuzz 20` tries so many examples of each operation. Ending one's own sessions is left out: it would end
the run.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from local.api_client import ApiClient
from local.stack import PARAMETERS, ROOT, LaptopCloud, Plan

PROGRAM = ROOT / ".venv-fuzz" / "bin" / "schemathesis"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "unsupported_method",
    "missing_required_header",
)
CONFIG = """
[checks.missing_required_header]
expected-statuses = [400, 401, 403, 428, 429]
"""
ENDS_SESSIONS = ("/v1/logout", "/v1/me/logout-everywhere")
SEED = "20261122"


def fuzz(examples: int) -> int:
    """Run it; 0 when nothing was found."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(
            folder=Path(folder),
            parameters={**PARAMETERS, "TriggersPerMinute": "600"},
            clocks=False,
            sources=False,
        )
        with LaptopCloud(plan) as cloud:
            api = cloud.admin()
            _furnish(api)
            (Path(folder) / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
            return subprocess.run(_command(api, cloud.url, examples), cwd=folder, check=False).returncode


def _furnish(api: ApiClient) -> None:
    """Make something that can be found."""
    target = {"kind": "http", "url": "http://127.0.0.1:9/"}
    for schedule_id in ("nightly-etl", "other"):
        document = {
            "schedule_id": schedule_id,
            "timetable": {"expression": "@daily"},
            "job": {"target": target},
        }
        api.post("/v1/schedules", document)
    api.post("/v1/calendars", {"name": "de-holidays", "dates": ["2026-12-25"]})


def _command(api: ApiClient, url: str, examples: int) -> list[str]:
    left_out = [word for path in ENDS_SESSIONS for word in ("--exclude-path", path)]
    return [
        str(PROGRAM),
        "run",
        f"{url}/openapi.json",
        *("--url", url, "--header", f"Authorization: Bearer {api.token}"),
        *("--checks", ",".join(CHECKS), "--max-examples", str(examples), "--seed", SEED),
        *("--phases", "examples,coverage,fuzzing", "--workers", "1", "--request-timeout", "40"),
        *left_out,
    ]


if __name__ == "__main__":
    sys.exit(fuzz(int(sys.argv[1])))
