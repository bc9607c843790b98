"""What may be saved of the targets of AWS: fields, ARNs on the stack's list, and nothing of the stack itself."""

import pytest

from carillon.domain.job import Job
from carillon.domain.target_ids import target_ids
from carillon.domain.targets.arn import read_arn, region_of
from carillon.domain.targets.kind import AwsAllow, Reach
from carillon.domain.targets.registry import KINDS
from carillon.domain.targets.remote_name import remote_name
from tests.contract.targets.aws_cases import SPECS, arn, spec_of

OWN = (
    "arn:*:lambda:*:123456789012:function:carillon-*",
    arn("sqs", "carillon-Dispatch"),
    arn("sns", "carillon-Alerts"),
)
EVERYTHING = Reach(aws=AwsAllow(("arn:aws:*",), OWN))
LISTED = Reach(
    aws=AwsAllow(
        (
            arn("lambda", "function:etl-*"),
            arn("ecs", "task-definition/etl:*"),
            arn("ecs", "cluster/jobs"),
            "arn:aws:ssm:eu-central-1::document/AWS-RunShellScript",
            arn("ec2", "instance/i-0abc*"),
        )
    )
)


def faults(kind, reach=EVERYTHING, **changes):
    spec = {name: value for name, value in spec_of(kind, **changes).items() if value is not ...}
    found = KINDS[kind].check(spec, reach)
    return {fault.field: fault.message for fault in found}


@pytest.mark.parametrize("kind", SPECS)
def test_the_examples_can_be_saved(kind):
    assert faults(kind) == {}


@pytest.mark.parametrize("kind", ["sqs", "sns"])
def test_a_fifo_queue_or_topic_takes_a_group(kind):
    assert faults(kind, arn=arn(kind, "orders.fifo"), group="customer-7") == {}


def test_a_text_that_is_no_arn_has_no_region():
    assert region_of(arn("sqs", "orders")) == "eu-central-1"
    with pytest.raises(ValueError, match="'orders' is no ARN"):
        region_of("orders")


@pytest.mark.parametrize("kind", SPECS)
def test_nothing_may_be_used_that_the_stack_does_not_list(kind):
    assert "TargetArns" in faults(kind, Reach())["arn"]


@pytest.mark.parametrize("kind", SPECS)
@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "etl",
        "arn:aws:s3:::bucket",
        "arn:aws:lambda:eu-central-1:123456789012:function:*",
        "arn:aws:*",
    ],
)
def test_an_arn_is_given_in_full(kind, text):
    assert "such as arn:aws:" in faults(kind, arn=text)["arn"]


@pytest.mark.parametrize("kind", SPECS)
def test_unknown_fields_are_told_with_those_that_exist(kind):
    assert "no such field" in faults(kind, arm="x")["arm"]


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("lambda", arn("lambda", "function:carillon-worker")),
        ("lambda", arn("lambda", "function:carillon-worker:$LATEST")),
        ("lambda", "arn:aws:lambda:us-east-1:123456789012:function:carillon-api:live"),
        ("sqs", arn("sqs", "carillon-Dispatch")),
        ("sns", arn("sns", "carillon-Alerts")),
    ],
)
def test_the_stacks_own_parts_are_never_targets(kind, own):
    assert "belongs to Carillon itself" in faults(kind, arn=own)["arn"]


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("lambda", {"arn": arn("lambda", "function:etl-load")}, None),
        ("lambda", {"arn": arn("lambda", "function:etl")}, "arn"),
        ("lambda", {"arn": "arn:aws:lambda:us-east-1:123456789012:function:etl-load"}, "arn"),
        ("ecs", {}, None),
        ("ecs", {"cluster": arn("ecs", "cluster/others")}, "cluster"),
        ("ecs", {"arn": arn("ecs", "task-definition/other:1")}, "arn"),
        ("ssm", {}, None),
        ("ssm", {"instances": [arn("ec2", "instance/i-0def")]}, "instances.0"),
        ("ssm", {"instances": ..., "tags": {"Role": "web"}}, "tags"),
    ],
)
def test_the_list_judges_every_resource_that_a_target_uses(kind, changes, field):
    assert list(faults(kind, LISTED, **changes)) == ([] if field is None else [field])


@pytest.mark.parametrize(
    ("kind", "changes", "field", "told"),
    [
        ("lambda", {"mode": "later"}, "mode", "sync"),
        ("lambda", {"payload": float("nan")}, "payload", "plain JSON"),
        ("lambda", {"payload": "x" * 200_001}, "payload", "200000 are allowed"),
        ("sqs", {"delay_seconds": 901}, "delay_seconds", "0 to 900"),
        ("sqs", {"group": "a"}, "group", "FIFO"),
        ("sqs", {"message": ""}, "message", "empty"),
        ("sqs", {"attributes": {"carillon-run-id": "x"}}, "attributes.carillon-run-id", "taken"),
        ("sqs", {"attributes": {"n": 1}}, "attributes", "text"),
        ("sqs", {"arn": arn("sqs", "a.fifo"), "delay_seconds": 5}, "delay_seconds", "FIFO"),
        ("sns", {"subject": "Größe"}, "subject", "ASCII"),
        ("sns", {"subject": "x" * 100}, "subject", "99"),
        ("eventbridge", {"detail": [1]}, "detail", "JSON object"),
        ("eventbridge", {"detail": {"carillon": 1}}, "detail.carillon", "another name"),
        ("eventbridge", {"source": "aws.ec2"}, "source", "AWS"),
        ("stepfunctions", {"input": {1, 2}}, "input", "plain JSON"),
        ("ecs", {"subnets": ...}, "subnets", "Fargate"),
        ("ecs", {"launch_type": "MOON"}, "launch_type", "FARGATE"),
        ("ecs", {"container": ...}, "container", "Name the container"),
        ("ecs", {"command": "load"}, "command", "list"),
        ("ecs", {"assign_public_ip": "yes"}, "assign_public_ip", "true or false"),
        ("ssm", {"instances": ...}, "instances", "either"),
        ("ssm", {"tags": {"a": "b"}}, "instances", "either"),
        ("ssm", {"instances": ["i-0abc"]}, "instances.0", "ARN"),
        ("ssm", {"parameters": {"commands": "ls"}}, "parameters.commands", "list of texts"),
        ("ssm", {"max_concurrency": "0"}, "max_concurrency", "10"),
        ("ssm", {"max_errors": 1}, "max_errors", "quotes"),
    ],
)
def test_what_is_wrong_is_told_where_it_is_with_what_would_be_right(kind, changes, field, told):
    assert told in faults(kind, **changes)[field]


def test_tags_need_a_list_that_holds_every_instance_of_the_region():
    reach = Reach(aws=AwsAllow(("arn:aws:ssm:*", arn("ec2", "instance/*"))))
    assert faults("ssm", reach, instances=..., tags={"Role": "web"}) == {}
    other = "arn:aws:ssm:us-east-1::document/AWS-RunShellScript"
    assert "tags" in faults("ssm", reach, arn=other, instances=..., tags={"Role": "web"})


@pytest.mark.parametrize(
    ("kind", "ids"),
    [
        ("lambda", [SPECS["lambda"]["arn"]]),
        ("ecs", [SPECS["ecs"]["arn"], SPECS["ecs"]["cluster"]]),
        ("ssm", [SPECS["ssm"]["arn"], *SPECS["ssm"]["instances"]]),
    ],
)
def test_permissions_see_everything_that_a_target_uses(kind, ids):
    assert list(target_ids(Job(spec_of(kind), 60))) == ids


def test_tags_are_every_instance_to_a_permission():
    job = Job({"kind": "ssm", "arn": SPECS["ssm"]["arn"], "tags": {"Role": "web"}}, 60)
    assert target_ids(job)[1] == "arn:aws:ec2:eu-central-1:*:instance/*"


@pytest.mark.parametrize("longest", [36, 80, 128])
@pytest.mark.parametrize("stack", ["carillon", "a-stack-with-a-name-of-rather-more-than-forty-letters"])
def test_names_of_work_are_short_lasting_and_told_apart(stack, longest):
    names = [remote_name(stack, "nightly_etl" * 6, mark, longest) for mark in ("run 1", "run 2", "run 1")]
    assert names[0] == names[2] != names[1]
    assert all(len(name) <= longest for name in names)
    assert longest < 80 or names[0].startswith(f"{stack}_")


@pytest.mark.parametrize(
    "text", ["arn:aws:sqs:eu-central-1:12345:orders", "arn:aws:sqs:eu central:123456789012:x", "x" * 600, ""]
)
def test_what_is_no_arn_is_none(text):
    assert read_arn(text) is None
