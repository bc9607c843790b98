"""template.yaml as it stands comes up whole in the emulator, and what cannot is an error that says where."""

import pytest

from local.emulator import Emulator
from local.provision import MAKERS, WITHOUT_MEANING, provision
from local.stack import PARAMETERS, ROOT
from local.template import TemplateError, expand

TABLES = ("SchedulesTable", "RunsTable", "AccessTable", "GuardsTable", "AuditTable")


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    running = Emulator.start(tmp_path_factory.mktemp("emulator") / "emulator.log")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def stack(emulator):
    return provision(ROOT / "template.yaml", PARAMETERS, endpoint=emulator.endpoint, stack="carillon")


@pytest.mark.slow
def test_every_table_has_the_indexes_stream_and_expiry_of_the_template(emulator, stack):
    dynamodb = emulator.client("dynamodb")
    resources = expand(ROOT / "template.yaml", PARAMETERS)["Resources"]
    for logical in TABLES:
        name, wanted = stack.physical_ids[logical], resources[logical]["Properties"]
        table = dynamodb.describe_table(TableName=name)["Table"]
        assert {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])} == {
            index["IndexName"] for index in wanted.get("GlobalSecondaryIndexes", [])
        }
        assert ("LatestStreamArn" in table) == ("StreamSpecification" in wanted)
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert (expiry["TimeToLiveStatus"] == "ENABLED") == ("TimeToLiveSpecification" in wanted)
        assert table["DeletionProtectionEnabled"] is False


@pytest.mark.slow
def test_the_signing_keys_are_elliptic(emulator, stack):
    kms = emulator.client("kms")
    for logical, spec in {
        "DataKey": "SYMMETRIC_DEFAULT",
        "TokenKey": "ECC_NIST_P256",
        "RootKey": "ECC_NIST_P256",
    }.items():
        assert kms.describe_key(KeyId=stack.physical_ids[logical])["KeyMetadata"]["KeySpec"] == spec


@pytest.mark.slow
def test_the_dispatch_queue_gives_up_after_five_receives(emulator, stack):
    names = ["VisibilityTimeout", "RedrivePolicy"]
    found = emulator.client("sqs").get_queue_attributes(
        QueueUrl=stack.outputs["DispatchQueueUrl"], AttributeNames=names
    )
    assert found["Attributes"]["VisibilityTimeout"] == "120"
    assert '"maxReceiveCount": 5' in found["Attributes"]["RedrivePolicy"]


@pytest.mark.slow
def test_every_function_has_its_code_its_layer_and_only_text_in_its_environment(stack):
    assert {spec.name for spec in stack.functions.values()} == {
        f"carillon-{name}"
        for name in ("tick", "worker", "api", "deadletter", "archive", "follow", "operator", "completion")
    }
    for spec in stack.functions.values():
        assert spec.paths == (ROOT / "functions", ROOT / "layers/core")
        assert all(isinstance(value, str) for value in spec.environment.values())
    assert stack.functions["carillon-worker"].timeout_seconds == 20
    assert stack.functions["carillon-worker"].may_recurse


@pytest.mark.slow
def test_what_starts_the_functions_is_found(stack):
    assert [clock.function for clock in stack.clocks] == [
        "carillon-tick",
        "carillon-follow",
        "carillon-operator",
    ]
    assert sorted(source.function for source in stack.sources) == [
        "carillon-archive",
        "carillon-archive",
        "carillon-deadletter",
        "carillon-follow",
        "carillon-worker",
    ]
    assert {route.function for route in stack.routes} == {"carillon-api"}
    assert stack.async_policies["carillon-tick"].retries == 0


def test_no_resource_type_is_both_made_and_passed_over():
    assert not set(MAKERS) & set(WITHOUT_MEANING)


@pytest.mark.parametrize(
    ("resource", "complaint"),
    [
        ("{Type: AWS::Neptune::DBCluster}", "Thing is of type AWS::Neptune::DBCluster"),
        ("{Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Missing}}", "Thing refers to Missing"),
        (
            "{Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt Thing.TopicName}}",
            "in a circle: Thing > Thing",
        ),
        ("{Type: AWS::SQS::Queue, Properties: {QueueName: !GetAZs x}}", "Thing uses Fn::GetAZs"),
    ],
)
def test_what_cannot_be_provisioned_is_an_error_that_names_the_place(tmp_path, resource, complaint):
    template = tmp_path / "template.yaml"
    template.write_text(f"Transform: AWS::Serverless-2016-10-31\nResources:\n  Thing: {resource}\n")
    with pytest.raises(TemplateError, match=complaint):
        provision(template, {}, endpoint="http://127.0.0.1:1", stack="carillon")


def test_a_parameter_that_the_template_does_not_have_is_refused():
    with pytest.raises(TemplateError, match="has no parameter WorkerTimeOut"):
        expand(ROOT / "template.yaml", {"WorkerTimeOut": "20"})
