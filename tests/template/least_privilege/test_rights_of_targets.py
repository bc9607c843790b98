"""Every call that a target makes of AWS is allowed to the worker where the stack lists it, and denied elsewhere."""

import pytest

from carillon.adapters.targets.aws_call import AwsClients
from carillon.adapters.targets.registry import Targets
from local.inventory import ACCOUNT, REGION
from tests.contract.targets import aws_cases
from tests.contract.targets.receiver import make_call
from tests.contract.targets.wire import Service, answer, made
from tests.template.least_privilege.policy import Call
from tests.template.least_privilege.stage import STACK, Stage

pytestmark = pytest.mark.slow

KINDS = ("lambda", "sqs", "sns", "eventbridge", "stepfunctions", "ecs", "ssm")
TASK_ROLE = f"arn:aws:iam::{ACCOUNT}:role/of-the-task"


def here(text):
    """An ARN of the cases as the stage's stack would list it."""
    return text.replace(aws_cases.REGION, REGION).replace(aws_cases.ACCOUNT, ACCOUNT)


def arns_of(kind):
    spec = aws_cases.SPECS[kind]
    return [here(each) for each in (spec["arn"], spec.get("cluster"), *spec.get("instances", ())) if each]


LISTED = [*(arn for kind in KINDS for arn in arns_of(kind)), TASK_ROLE]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    lists = {"TargetArns": ",".join(LISTED), "TaskBuckets": "listed-bucket", "TaskTables": "listed-table"}
    stage = Stage(tmp_path_factory.mktemp("targets"), **lists)
    yield stage
    stage.stop()


def allowed(stage, action, resource, **context):
    facts = {"aws:ResourceAccount": (ACCOUNT,), "aws:RequestedRegion": (REGION,)}
    facts |= {key.replace("__", ":"): (value,) for key, value in context.items()}
    return stage.verdict(Call("worker", action, resource, tuple(sorted(facts.items())))).allowed


class Heard:
    """What the clients of the targets call, as IAM would be asked about it."""

    def __init__(self):
        self.calls, self.endpoint = [], None

    def client(self, service, region):
        client = made(service, region, self.endpoint)
        client.meta.events.register("provide-client-params", self._heard)
        return client

    def _heard(self, params, model, **_):
        self.calls += [
            (action, here(resource), facts) for action, resource, facts in asked(model.name, params)
        ]


def asked(name, params):
    """Actions, resources and facts of an operation, as the service authorisation reference has them."""
    return list(ASKED[name](params))


def one(action, key):
    return lambda params: [(action, params[key], {})]


def queue(params):
    account, name = params["QueueUrl"].rsplit("/", 2)[1:]
    return [("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{account}:{name}", {})]


def run_task(params):
    assert params["propagateTags"] == "TASK_DEFINITION"
    task = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/jobs/0a1b"
    yield "ecs:RunTask", params["taskDefinition"], {"ecs__cluster": here(params["cluster"])}
    yield "ecs:TagResource", task, {"ecs__CreateAction": "RunTask"}


def of_a_task(action):
    def asks(params):
        cluster = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{params['cluster']}"
        return [(action, params.get("task") or params["tasks"][0], {"ecs__cluster": cluster})]

    return asks


def send_command(params):
    yield "ssm:SendCommand", f"arn:aws:ssm:{REGION}::document/{params['DocumentName']}", {}
    for instance in params["InstanceIds"]:
        yield "ssm:SendCommand", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{instance}", {}


ASKED = {
    "Invoke": one("lambda:InvokeFunction", "FunctionName"),
    "SendMessage": queue,
    "Publish": one("sns:Publish", "TopicArn"),
    "PutEvents": lambda params: [("events:PutEvents", params["Entries"][0]["EventBusName"], {})],
    "StartExecution": one("states:StartExecution", "stateMachineArn"),
    "DescribeExecution": one("states:DescribeExecution", "executionArn"),
    "StopExecution": one("states:StopExecution", "executionArn"),
    "RunTask": run_task,
    "DescribeTasks": of_a_task("ecs:DescribeTasks"),
    "StopTask": of_a_task("ecs:StopTask"),
    "SendCommand": send_command,
    **{
        name: lambda _, name=name: [(f"ssm:{name}", "*", {})]
        for name in ("ListCommands", "ListCommandInvocations", "CancelCommand")
    },
}
COMMANDS = (answer({"Commands": [{"Status": "InProgress"}]}), answer({"CommandInvocations": []}), answer({}))


@pytest.fixture(scope="module")
def heard():
    """All seven kinds called, and what can be followed asked about and stopped."""
    heard, commands = Heard(), Service(*COMMANDS)
    with aws_cases.emulated() as found:
        targets = Targets({}, aws_cases.REACH, STACK, clients=AwsClients(heard.client))
        for kind in KINDS:
            outcome = targets.get(kind).execute(make_call(aws_cases.spec_of(kind, **found.get(kind, {}))))
            assert outcome.succeeded, outcome
            if kind == "ssm":
                # The emulator can neither list what a command came to nor cancel it.
                heard.endpoint = f"http://127.0.0.1:{commands.port}"
                targets = Targets({}, aws_cases.REACH, STACK, clients=AwsClients(heard.client))
            if kind in ("stepfunctions", "ecs", "ssm"):
                targets.get(kind).ask(outcome.remote_id)
                targets.get(kind).stop(outcome.remote_id, "a test wants it")
    commands.close()
    return heard.calls


def test_every_call_of_every_target_is_allowed(stage, heard):
    verbs = {action for action, _, _ in heard}
    assert len(verbs) == 15
    assert [call for call in heard if not allowed(stage, call[0], call[1], **call[2])] == []


def test_the_same_calls_of_what_is_not_listed_are_denied(stage, heard):
    for action, resource, facts in heard:
        if resource == "*":
            continue
        if action in ("ecs:DescribeTasks", "ecs:StopTask"):
            assert not allowed(stage, action, resource, ecs__cluster=f"{facts['ecs__cluster']}-2")
        elif action == "ecs:TagResource":
            assert not allowed(stage, action, resource)
        else:
            other = (
                resource.replace(f"{STACK}_", "another_") if ":execution:" in resource else f"{resource}-2"
            )
            assert not allowed(stage, action, other, **facts), (action, other)


def test_a_container_tasks_listed_role_alone_can_be_given_and_to_containers_alone(stage):
    to_tasks, to_others = "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"
    assert allowed(stage, "iam:PassRole", TASK_ROLE, iam__PassedToService=to_tasks)
    assert not allowed(stage, "iam:PassRole", TASK_ROLE, iam__PassedToService=to_others)
    assert not allowed(stage, "iam:PassRole", f"{TASK_ROLE}-2", iam__PassedToService=to_tasks)


def test_tasks_of_the_repository_work_on_what_is_listed(stage):
    table, bucket = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/listed-table", "arn:aws:s3:::listed-bucket"
    for action, resource in (
        ("dynamodb:Scan", table), ("dynamodb:BatchWriteItem", table), ("s3:ListBucket", bucket),
        ("s3:GetObject", f"{bucket}/a"), ("s3:PutObject", f"{bucket}/a"), ("s3:DeleteObject", f"{bucket}/a"),
    ):  # fmt: skip
        assert allowed(stage, action, resource)
        assert not allowed(stage, action, resource.replace("listed", "another"))


def test_whatever_is_listed_the_stacks_own_is_denied(tmp_path):
    stage = Stage(tmp_path)
    own = {name: made.attributes.get("Arn", made.ref) for name, made in stage.refs.items()}
    stage.stop()
    tables = ("SchedulesTable", "RunsTable", "AccessTable", "GuardsTable", "AuditTable")
    everything = {
        "TargetArns": "arn:aws:*:*:*",
        "TaskBuckets": own["ArchiveBucket"].rpartition(":")[2],
        "TaskTables": ",".join(own[name].rpartition("/")[2] for name in tables),
    }
    stage = Stage(tmp_path, **everything)
    stage.stop()
    for action, resource in (
        *((verb, own[name]) for name in tables for verb in ("dynamodb:Scan", "dynamodb:BatchWriteItem")),
        *(("s3:" + verb, own["ArchiveBucket"] + "/x") for verb in ("GetObject", "PutObject", "DeleteObject")),
        *(("sqs:SendMessage", own[name]) for name in ("DispatchDeadLetters", "StreamFailures")),
        *(("lambda:InvokeFunction", own[name]) for name in own if name.endswith("Function")),
        ("sns:Publish", own["AlertsTopic"]),
    ):
        assert not allowed(stage, action, resource), (action, resource)
    assert allowed(stage, "lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:etl")
