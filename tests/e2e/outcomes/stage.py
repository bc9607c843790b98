"""The laptop cloud with a wire before every service that targets use, what they name, and the page's own kind."""

import contextlib
import json
import re
import shutil
from dataclasses import dataclass

from local.emulator import CREDENTIALS
from local.function import LocalFunction
from local.inventory import ACCOUNT, REGION, FunctionSpec
from local.stack import PARAMETERS, ROOT, LaptopCloud, Plan
from local.web import Response
from tests.e2e.outcomes.wire import PlainService, StallingWire, Wire, error, xml_error

NAMES = ("ok-work", "later-work", "denied-work", "lost-work")
SERVICES = ("LAMBDA", "SQS", "SNS", "EVENTBRIDGE", "SFN", "ECS", "SSM")
FUNCTION = "def handle(event, context):\n    return {'rows': 7, 'of': event['run']}\n"
ALLOWED = {
    "TargetArns": "arn:aws:*",
    "TriggersPerMinute": "600",
    "WorkerTimeout": "60",
    "TaskBuckets": "ok-work,later-work,lost-work",
}


@dataclass
class Stage:
    """The running cloud and its wires by service."""

    cloud: LaptopCloud
    wires: dict

    @property
    def subnet(self):
        return self.cloud.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]


@contextlib.contextmanager
def running(folder, say):
    """A stage for as long as the context lasts."""
    wires = {
        name: Wire(error(400, "ThrottlingException"), error(400, "AccessDeniedException"))
        for name in SERVICES
    }
    wires["SNS"] = Wire(xml_error(400, "Throttling"), xml_error(403, "AuthorizationError"))
    refused = xml_error(403, "AccessDenied", wrapped=False)
    wires["S3"] = StallingWire(refused, refused)
    wires["HTTP"] = PlainService(Response(503, headers=(("Retry-After", "1"),)), Response(404))
    endpoints = {f"AWS_ENDPOINT_URL_{name}": wire.url for name, wire in wires.items() if name != "HTTP"}
    plan = Plan(
        template=with_the_pages_kind(folder),
        folder=folder / "state",
        clocks=False,
        parameters={**PARAMETERS, **ALLOWED},
        environment=endpoints,
    )
    try:
        with LaptopCloud(plan, say=say) as cloud:
            for name, wire in wires.items():
                wire.upstream = (
                    cloud.lambda_address if name == "LAMBDA" else cloud.client("sqs").meta.endpoint_url
                )
            make_work(cloud)
            with contextlib.closing(Function(cloud, folder)):
                yield Stage(cloud, wires)
    finally:
        for wire in wires.values():
            wire.stop()


def with_the_pages_kind(folder):
    """The stack with the one file that docs/targets.md shows put where the page says; its template's path."""
    page = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
    (module,) = [
        block
        for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL)
        if "class SyslogTarget" in block
    ]
    (place,) = re.findall(r"Put it into `([^`]+/)`", page)
    shutil.copy(ROOT / "template.yaml", folder)
    (folder / "functions").symlink_to(ROOT / "functions")
    shutil.copytree(ROOT / "layers", folder / "layers", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / place / "syslog.py").write_text(module, encoding="utf-8")
    return folder / "template.yaml"


def make_work(cloud):
    """Everything that the cases name, four of each."""
    states = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}})
    cloud.client("ecs").create_cluster(clusterName="jobs")
    for name in NAMES:
        cloud.client("sqs").create_queue(QueueName=name)
        cloud.client("sns").create_topic(Name=name)
        cloud.client("events").create_event_bus(Name=name)
        cloud.client("s3").create_bucket(Bucket=name)
        role = f"arn:aws:iam::{ACCOUNT}:role/any"
        cloud.client("stepfunctions").create_state_machine(name=name, definition=states, roleArn=role)
        containers = [{"name": "main", "image": "any", "memory": 128}]
        cloud.client("ecs").register_task_definition(
            family=name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            containerDefinitions=containers,
        )


class Function:
    """A function that is not Carillon's, under the runtime client that all functions have."""

    def __init__(self, cloud, folder):
        code = folder / "function"
        code.mkdir()
        (code / "app.py").write_text(FUNCTION, encoding="utf-8")
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work"
        spec = FunctionSpec("work", arn, "app.handle", 10, 128, {}, (code,))
        self._function = LocalFunction(spec, CREDENTIALS, cloud.logs)
        cloud.invoker.functions.update(dict.fromkeys(NAMES, self._function))

    def close(self):
        self._function.stop()
