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
    "ROOT_KEY_ID": "root",
    "DATA_KEY_IDS": "data",
    "SESSION_SECONDS": "3600",
    "HTTP_ALLOW": "",
    "TARGET_ARNS": "",
    "OWN_ARNS": "",
    "HOST_LIMITS": "",
    "ENVIRONMENT": "carillon",
    "POWERTOOLS_METRICS_NAMESPACE": "Carillon",
    "API_URL": "",
    "TASK_BUCKETS": "",
    "TASK_TABLES": "",
}


@pytest.mark.parametrize("function", ["tick", "worker"])
def test_a_cold_start_loads_no_costly_package(function):
    code = (
        f"import sys; from {function}.handler import wire_{function}; wire_{function}();"
        f"print([name for name in {COSTLY!r} if name in sys.modules])"
    )
    paths = os.pathsep.join(str(ROOT / part) for part in ("functions", "layers/core"))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
