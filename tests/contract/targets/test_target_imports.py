"""Targets load nothing heavy: the worker's cold start pays for each import."""

import json
import subprocess
import sys

HEAVY = {
    "boto3",
    "botocore",
    "pydantic",
    "aws_lambda_powertools",
    "aws_xray_sdk",
    "urllib3",
    "requests",
    "asyncio",
}
PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
import carillon.adapters.targets.http, carillon.adapters.targets.python, carillon.adapters.targets.python_child
from carillon.tasks import load
assert load("worker.tasks").broken == {}
print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""


def test_targets_and_the_example_tasks_import_neither_an_sdk_nor_a_framework():
    arguments = [sys.executable, "-c", PROGRAM, json.dumps(sys.path)]
    loaded = json.loads(subprocess.run(arguments, capture_output=True, check=True, text=True).stdout)
    assert "ssl" in loaded
    assert HEAVY & set(loaded) == set()
