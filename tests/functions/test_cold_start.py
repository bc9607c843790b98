"""What the hot functions load at a cold start, and what they must not: the costly imports are hundreds of ms."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COSTLY = ("pydantic", "aws_xray_sdk", "boto3", "aws_encryption_sdk", "jwt", "pyotp")
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_LAMBDA_FUNCTION_NAME": "carillon-tick",
    "SCHEDULES_TABLE": "s",
    "RUNS_TABLE": "r",
    "GUARDS_TABLE": "g",
    "AUDIT_TABLE": "a",
    "DISPATCH_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/dispatch",
    "SHARDS": "1",
    "SHARDS_PER_TICK": "16",
    "RETENTION_DAYS": "30",
    "ALERT_WINDOW_SECONDS": "300",
    "ROOT_KEY_ID": "root",
    "DATA_KEY_IDS": "data",
    "SESSION_SECONDS": "3600",
    "HTTP_ALLOW": "",
    "TARGET_ARNS": "",
    "OWN_ARNS": "",
    "HOST_LIMITS": "",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "",
    "ENVIRONMENT": "carillon",
    "POWERTOOLS_METRICS_NAMESPACE": "Carillon",
    "API_URL": "",
    "TASK_BUCKETS": "",
    "TASK_TABLES": "",
}


def printed(code):
    """What a fresh process prints, with the environment that the functions have; nothing on stderr."""
    paths = os.pathsep.join(str(ROOT / part) for part in ("functions", "layers/core"))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("function", ["tick", "worker"])
def test_a_cold_start_loads_no_costly_package(function):
    code = (
        f"import sys; from {function}.handler import wire_{function}; wire_{function}();"
        f"print([name for name in {COSTLY!r} if name in sys.modules])"
    )
    assert printed(code) == "[]"


def test_the_worker_knows_what_an_added_kind_says_that_it_reaches(tmp_path):
    (tmp_path / "syslog.py").write_text(
        "from carillon.domain.targets.kind import TargetKind\n"
        "KIND = TargetKind(lambda spec, reach: (), lambda spec: (f\"syslog:{spec['host']}\",))\n"
    )
    code = (
        f"from carillon.adapters.targets import added; added.__path__.append({str(tmp_path)!r});"
        "from worker.handler import wire_worker; wire_worker();"
        "from carillon.domain.targets.registry import ids_of; print(ids_of({'kind': 'syslog', 'host': 'a'}))"
    )
    assert printed(code) == "('syslog:a',)"
