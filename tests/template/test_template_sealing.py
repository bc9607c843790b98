"""What the template does for sealing: times, keys that another may follow, and encryption wherever data rests."""

from local.provision import _recorded
from local.resolve import Resolver
from local.template import expand
from tests.template.conftest import TEMPLATE

DELAY, RECEIVES = 900, 5
OTHER_KEY = "arn:aws:kms:eu-central-1:123456789012:key/of-the-owner"
READERS_AND_SENDERS = (
    "TickFunction", "WorkerFunction", "ApiFunction", "DeadLetterFunction", "FollowFunction", "CompletionFunction",
)  # fmt: skip


def test_a_certificate_outlives_the_last_receive_of_what_is_signed_in_its_first_half(stack):
    for row in stack.document["Mappings"]["WorkerTimes"].values():
        assert row["Session"] >= 2 * (DELAY + RECEIVES * row["Visibility"])
        assert row["Session"] <= 16 * 3600


def test_whoever_seals_knows_the_keys_the_root_and_how_long_a_session_lasts(stack):
    for name in READERS_AND_SENDERS:
        environment = stack.functions[name]["Environment"]["Variables"]
        assert environment["ENVIRONMENT"] == {"Ref": "AWS::StackName"}
        assert environment["ROOT_KEY_ID"] == {"Ref": "RootKey"}
        assert environment["SESSION_SECONDS"]["Fn::FindInMap"][2] == "Session"
        assert "DataKey" in str(environment["DATA_KEY_IDS"])


def test_another_key_seals_while_the_stacks_own_still_opens():
    document, properties = expand(TEMPLATE, {"SealingKeyArn": OTHER_KEY}), {}

    class Nowhere:
        def __init__(self):
            self.stack = "carillon"

        def physical(self, logical, given=None):
            return str(given or logical)

    def make(logical, kind, resolved):
        properties[logical] = resolved
        made = _recorded(Nowhere(), logical, resolved)
        attributes = {
            **made.attributes,
            "StreamArn": f"{logical}-stream",
            "QueueName": logical,
            "Name": logical,
        }
        return type(made)(made.ref, attributes)

    Resolver(document, "carillon", make).make_all()
    for name in (*READERS_AND_SENDERS, "OperatorFunction"):
        keys = properties[name]["Environment"]["Variables"]["DATA_KEY_IDS"]
        assert keys == f"{OTHER_KEY},DataKey"
    sealing = [
        statement
        for role, given in properties.items()
        if role.endswith("Role")
        for policy in given["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "kms:EncryptionContext:environment" in str(statement.get("Condition"))
    ]
    assert len(sealing) >= 10
    for statement in sealing:
        assert OTHER_KEY in statement["Resource"], statement["Sid"]
        assert len(statement["Resource"]) == 2


def test_everything_at_rest_is_encrypted_and_nothing_is_public(stack):
    for name, queue in stack.of_type("AWS::SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] is True, name
    for name, topic in stack.of_type("AWS::SNS::Topic").items():
        assert topic["KmsMasterKeyId"] == {"Ref": "DataKey"}, name
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_every_queue_topic_and_bucket_refuses_plain_http(stack):
    covered = str(
        [
            stack.of_type(f"AWS::{kind}")
            for kind in ("SQS::QueuePolicy", "SNS::TopicPolicy", "S3::BucketPolicy")
        ]
    )
    for kind in ("SQS::Queue", "SNS::Topic", "S3::Bucket"):
        for name in stack.of_type(f"AWS::{kind}"):
            assert f"'{name}" in covered, name


def test_every_table_refuses_plain_http_and_to_be_deleted(stack):
    tables = stack.of_type("AWS::DynamoDB::Table")
    assert len(tables) == 5
    for table in tables.values():
        (statement,) = table["ResourcePolicy"]["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == (
            "Deny",
            "*",
            "dynamodb:*",
        )
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
