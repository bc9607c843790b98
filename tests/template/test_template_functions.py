"""Each function: its own role, its own log, and exactly the environment that its settings read."""

from dataclasses import fields
from pathlib import Path

import pytest

from carillon import settings
from local.resolve import Made, Resolver
from local.template import expand

SETTINGS = {
    "TickFunction": settings.TickSettings,
    "WorkerFunction": settings.WorkerSettings,
    "ApiFunction": settings.ApiSettings,
    "DeadLetterFunction": settings.DeadLetterSettings,
    "ArchiveFunction": settings.ArchiveSettings,
    "FollowFunction": settings.FollowSettings,
    "OperatorFunction": settings.OperatorSettings,
    "CompletionFunction": settings.CompletionSettings,
}
POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL", "POWERTOOLS_METRICS_NAMESPACE"}
BY_THE_COLLECTOR = {"WorkerFunction": {"OPENTELEMETRY_COLLECTOR_CONFIG_URI"}}
BY_LAMBDA_ITSELF = {"AWS_LAMBDA_FUNCTION_NAME"}
COLLECTOR = {"Fn::If": ["HasOtelLayer", {"Ref": "OtelLayerArn"}, {"Ref": "AWS::NoValue"}]}
FUNCTIONS = sorted(SETTINGS)
CODE = Path(__file__).resolve().parents[2] / "functions"
TEMPLATE = CODE.parent / "template.yaml"


def test_the_stack_has_exactly_these_eight_functions(stack):
    assert sorted(stack.functions) == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_environment_is_exactly_what_the_settings_read(stack, function):
    read = {field.name.upper() for field in fields(SETTINGS[function])}
    others = POWERTOOLS | BY_THE_COLLECTOR.get(function, set())
    assert set(stack.functions[function]["Environment"]["Variables"]) == read - BY_LAMBDA_ITSELF | others


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_handler_is_a_file_path(stack, function):
    module, _, name = stack.functions[function]["Handler"].rpartition(".")
    file = CODE / (module.replace(".", "/") + ".py")
    assert f"def {name}(" in file.read_text(encoding="utf-8")


def test_no_two_functions_share_a_role(stack):
    roles = [stack.role_of(function) for function in FUNCTIONS]
    assert len(set(roles)) == len(roles)


def test_every_role_is_written_in_the_template_and_takes_no_managed_policy(stack):
    for name, role in stack.of_type("AWS::IAM::Role").items():
        assert f"\n  {name}:\n" in stack.source
        assert "ManagedPolicyArns" not in role


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_writes_to_its_own_log_group_and_to_no_other(stack, function):
    group = stack.functions[function]["LoggingConfig"]["LogGroup"]["Ref"]
    assert stack.properties(group)["LogGroupName"]["Fn::Sub"].startswith("/aws/lambda/")
    assert [s["Resource"] for s in stack.may(function, "logs:PutLogEvents")] == [
        [{"Fn::GetAtt": [group, "Arn"]}]
    ]
    others = [f for f in FUNCTIONS if f != function]
    assert group not in {stack.functions[other]["LoggingConfig"]["LogGroup"]["Ref"] for other in others}


def test_every_log_group_forgets(stack):
    groups = stack.of_type("AWS::Logs::LogGroup")
    assert len(groups) == len(FUNCTIONS) + 1
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())


def test_functions_run_python_3_13_on_arm64_with_the_one_layer_and_without_snapstart(stack):
    (layer,) = stack.of_type("AWS::Lambda::LayerVersion")
    for name, function in stack.functions.items():
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert function["Layers"] == [{"Ref": layer}] + ([COLLECTOR] if name == "WorkerFunction" else [])
        assert "SnapStart" not in function


def test_a_collector_is_there_only_where_a_layer_is_given_and_x_ray_is_left_alone(stack):
    worker = stack.functions["WorkerFunction"]
    endpoint = worker["Environment"]["Variables"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert endpoint == {"Fn::If": ["HasOtelLayer", "http://localhost:4318", ""]}
    assert stack.document["Parameters"]["OtelLayerArn"]["Default"] == ""
    assert "AWS_LAMBDA_EXEC_WRAPPER" not in str(stack.functions)
    assert all("TracingConfig" not in function for function in stack.functions.values())


@pytest.mark.parametrize(
    ("arn", "layers"), [("", 1), ("arn:aws:lambda:eu-central-1:123456789012:layer:otel:1", 2)]
)
def test_on_the_laptop_the_worker_gets_what_the_parameters_say(arn, layers):
    document = expand(TEMPLATE, {"OtelLayerArn": arn, "OtelConfigUri": "/opt/mine.yaml" if arn else ""})
    resolver = Resolver(document, "carillon", lambda name, kind, properties: Made(name))
    worker = document["Resources"]["WorkerFunction"]["Properties"]
    told = {
        k: v for k, v in worker["Environment"]["Variables"].items() if k.startswith("O") and "ARN" not in k
    }
    wanted = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318" if arn else ""}
    assert len(resolver.value(worker["Layers"])) == layers
    assert resolver.value(told) == wanted | (
        {"OPENTELEMETRY_COLLECTOR_CONFIG_URI": "/opt/mine.yaml"} if arn else {}
    )


def test_every_parameter_is_asked_for_in_exactly_one_group(stack):
    groups = stack.document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    asked = [name for group in groups for name in group["Parameters"]]
    assert sorted(asked) == sorted(stack.document["Parameters"])


def test_only_the_worker_may_loop(stack):
    looping = {name for name, function in stack.functions.items() if "RecursiveLoop" in function}
    assert looping == {"WorkerFunction"}
    assert stack.functions["WorkerFunction"]["RecursiveLoop"] == "Allow"


def test_the_operator_has_no_door_but_iam(stack):
    doors = [
        *stack.of_type("AWS::Lambda::Permission").values(),
        *stack.of_type("AWS::Lambda::EventSourceMapping").values(),
        *stack.of_type("AWS::Lambda::Url").values(),
    ]
    assert "OperatorFunction" not in str(doors)
    assert "ApiFunction" in str(doors)
