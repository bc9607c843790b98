"""Who may do what: the roles, the keys' own policies, and the doors of queues, topic and bucket."""

import re

import pytest

HARMLESS = re.compile(
    r"logs:(CreateLogStream|PutLogEvents)"
    r"|dynamodb:(GetItem|BatchGetItem|Query|PutItem|UpdateItem|DeleteItem|Scan)"
    r"|dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams)"
    r"|sqs:(SendMessage|ReceiveMessage|DeleteMessage|GetQueueAttributes)"
    r"|s3:(ListBucket|GetObject|PutObject|PutObjectRetention|DeleteObject)|sns:Publish|lambda:InvokeFunction"
    r"|kms:(GenerateDataKey|Decrypt)"
)

USING = {
    *("lambda:InvokeFunction", "sqs:SendMessage", "sns:Publish", "events:PutEvents"),
    *("states:StartExecution", "ecs:RunTask", "ssm:SendCommand"),
}
TARGET_VERBS = USING | {
    *(
        "dynamodb:BatchWriteItem",  # load-table, into the tables that TaskTables lists
        "iam:PassRole",
        "states:DescribeExecution",
        "states:StopExecution",
        "ecs:DescribeTasks",
        "ecs:StopTask",
        "ecs:TagResource",  # at a task's start only
    ),
    *("ssm:ListCommands", "ssm:ListCommandInvocations", "ssm:CancelCommand"),
    *("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"),
}

CHANNEL_VERBS = {"events:PutEvents", "ssm:GetParameter"}

PURPOSES = {
    ("TickRole", "GenerateDataKey"): {"dispatch", "output"},
    ("TickRole", "Decrypt"): {"output"},
    ("WorkerRole", "GenerateDataKey"): {"dispatch", "output"},
    ("WorkerRole", "Decrypt"): {"dispatch", "output", "secret"},
    ("ApiRole", "GenerateDataKey"): {"dispatch", "output", "secret", "cursor", "totp", "confirmation"},
    ("ApiRole", "Decrypt"): {"output", "dead-letter", "cursor", "totp", "confirmation"},
    ("DeadLetterRole", "GenerateDataKey"): {"dispatch", "output", "dead-letter"},
    ("DeadLetterRole", "Decrypt"): {"dispatch", "output"},
    ("FollowRole", "GenerateDataKey"): {"dispatch"},
    ("OperatorRole", "GenerateDataKey"): {"secret", "output", "dead-letter", "totp"},
    ("OperatorRole", "Decrypt"): {"secret", "output", "dead-letter", "totp"},
    ("CompletionRole", "GenerateDataKey"): {"dispatch"},
}


def roles(stack):
    return stack.of_type("AWS::IAM::Role")


def allowed(stack):
    found = [(role, statement) for role in roles(stack) for statement in stack.statements(role)]
    return [(role, statement) for role, statement in found if statement["Effect"] == "Allow"]


def test_a_wildcard_resource_always_gives_its_reason(stack):
    wild = [line for line in stack.source.splitlines() if re.search(r"""(Resource:|-) ["']\*["']""", line)]
    assert wild
    assert [line for line in wild if "#" not in line] == []


def test_no_role_has_a_right_on_everything(stack):
    for role, statement in allowed(stack):
        # Run Command's own verbs know no resource, and Lambda makes network interfaces of no name.
        if statement.get("Sid") not in ("FollowCommands", "JoinSubnets"):
            assert "*" not in statement["Resource"], (role, statement)


def test_wildcards_in_the_arns_of_task_targets_are_pinned_to_this_account(stack):
    wild = [statement for _, statement in allowed(stack) if "arn:*:" in str(statement["Resource"])]
    assert len(wild) == 3
    for statement in wild:
        assert statement["Condition"]["StringEquals"]["aws:ResourceAccount"] == {"Ref": "AWS::AccountId"}


def test_roles_hold_only_the_plain_verbs_of_their_work(stack):
    for role, statement in allowed(stack):
        for action in statement["Action"]:
            more = {"WorkerRole": TARGET_VERBS, "FollowRole": CHANNEL_VERBS}.get(role, set())
            assert HARMLESS.fullmatch(action) or action in more, (role, action)


def test_the_follower_reaches_a_bus_and_a_webhooks_key_only_where_the_stack_names_them(stack):
    statements = {s.get("Sid"): s for s in stack.statements("FollowRole")}
    source = stack.source.partition("FollowRole:")[2].partition("# ----")[0]
    assert "- HasAlertBus\n                - Sid: AlertTheBus\n" in source
    assert "- HasAlertWebhookKey\n                - Sid: SignForTheWebhook\n" in source
    assert statements["AlertTheBus"]["Resource"] == [{"Ref": "AlertBusArn"}]
    (parameter,) = statements["SignForTheWebhook"]["Resource"]
    assert parameter["Fn::Sub"].endswith(":parameter${AlertWebhookKey}")


def test_the_verbs_of_targets_are_given_only_for_what_the_stack_lists_and_never_for_itself(stack):
    statements = {s.get("Sid"): s for s in stack.statements("WorkerRole")}
    listed = {"Fn::Split": [",", {"Ref": "TargetArns"}]}
    given = {a for s in statements.values() for a in s["Action"] if s["Resource"] == [listed]}
    assert given == {*USING, "iam:PassRole"}
    assert statements["GiveRolesToContainers"]["Condition"]["StringEquals"] == {
        "iam:PassedToService": "ecs-tasks.amazonaws.com"
    }
    assert statements["FollowTasks"]["Condition"]["ArnLike"]["ecs:cluster"] == listed
    assert "${AWS::StackName}_*" in str(statements["FollowExecutions"]["Resource"])
    deny = statements["NeverCarillonItself"]
    assert (deny["Effect"], {"Ref": "AlertsTopic"} in deny["Resource"]) == ("Deny", True)


def test_no_job_reads_or_writes_the_stacks_tables_archive_and_failures_whatever_is_listed(stack):
    statements = {s.get("Sid"): s for s in stack.statements("WorkerRole")}
    data, failures = statements["NeverCarillonsData"], statements["NeverCarillonsFailures"]
    assert {data["Effect"], failures["Effect"]} == {"Deny"}
    kept = {*stack.of_type("AWS::DynamoDB::Table"), *stack.of_type("AWS::S3::Bucket")}
    named = {each["Fn::GetAtt"][0] for each in data["Resource"] if "Fn::GetAtt" in each}
    assert named == kept
    assert {"Fn::Sub": "${ArchiveBucket.Arn}/*"} in data["Resource"]
    jobs = {a for sid in ("TaskBuckets", "TaskObjects", "TaskTables") for a in statements[sid]["Action"]}
    assert set(data["Action"]) == jobs
    queues = {each["Fn::GetAtt"][0] for each in failures["Resource"]}
    assert queues == set(stack.of_type("AWS::SQS::Queue")) - {"DispatchQueue"}


def test_what_targets_need_is_given_only_where_a_target_is_listed(stack):
    source = stack.source.partition("WorkerRole:")[2].partition("# ----")[0]
    for sid in (
        *("UseTargets", "GiveRolesToContainers", "TagTasksAtTheirStart"),
        *("FollowExecutions", "FollowTasks", "FollowCommands"),
    ):
        assert f"- HasTargetArns\n                - Sid: {sid}\n" in source


def test_the_worker_joins_subnets_only_where_some_are_given(stack):
    chosen, subnets, otherwise = stack.functions["WorkerFunction"]["VpcConfig"]["Fn::If"]
    assert (chosen, otherwise) == ("HasWorkerSubnets", {"Ref": "AWS::NoValue"})
    assert set(subnets) == {"SubnetIds", "SecurityGroupIds"}
    assert all("VpcConfig" not in each for name, each in stack.functions.items() if name != "WorkerFunction")


def test_worker_and_api_know_the_same_lists_of_targets_and_what_is_the_stacks_own(stack):
    worker, api = (
        stack.functions[name]["Environment"]["Variables"] for name in ("WorkerFunction", "ApiFunction")
    )
    assert worker["TARGET_ARNS"] == api["TARGET_ARNS"] == {"Ref": "TargetArns"}
    assert worker["OWN_ARNS"] == api["OWN_ARNS"]
    text, parts = worker["OWN_ARNS"]["Fn::Sub"]
    assert "function:${AWS::StackName}-*" in text
    queues = {part["Fn::GetAtt"][0] for part in parts.values() if "Fn::GetAtt" in part}
    assert queues == set(stack.of_type("AWS::SQS::Queue"))
    data = {part["Fn::GetAtt"][0] for part in parts["Data"]["Fn::Join"][1]}
    assert data == {*stack.of_type("AWS::DynamoDB::Table"), *stack.of_type("AWS::S3::Bucket")}
    assert set(stack.of_type("AWS::SNS::Topic")) == {"AlertsTopic"}
    assert "${AlertsTopic}" in text
    assert all("${AWS::StackName}-" in str(each["FunctionName"]) for each in stack.functions.values())


def test_the_audit_table_is_append_only_for_everybody(stack):
    verbs = set()
    for _, statement in allowed(stack):
        if "AuditTable" in str(statement["Resource"]):
            verbs.update(statement["Action"])
    assert "dynamodb:PutItem" in verbs
    assert not verbs & {"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}


def test_only_users_and_roles_are_ever_deleted_and_only_by_the_api(stack):
    deleting = [(role, s["Resource"]) for role, s in allowed(stack) if "dynamodb:DeleteItem" in s["Action"]]
    assert deleting == [("ApiRole", [{"Fn::GetAtt": ["AccessTable", "Arn"]}])]


def test_what_is_archived_of_the_audit_log_is_deleted_by_nobody_and_written_by_one_each(stack):
    writers = {}
    for role, statement in allowed(stack):
        if "ArchiveBucket" in str(statement["Resource"]):
            assert not {"s3:DeleteObject", "s3:DeleteObjectVersion"} & set(statement["Action"])
            assert "s3:BypassGovernanceRetention" not in statement["Action"]
            for resource in statement["Resource"]:
                if "s3:PutObject" in statement["Action"] and "audit" in str(resource):
                    writers[resource["Fn::Sub"].partition("/")[2]] = role
    assert writers == {
        "audit/*": "ArchiveRole",
        "audit/date=*/again/*": "OperatorRole",
        "audit-manifests/*": "OperatorRole",
    }


def test_only_the_worker_may_scan_what_tasks_are_given_and_the_operator_what_it_seals_anew(stack):
    scans = {role: str(s["Resource"]) for role, s in allowed(stack) if "dynamodb:Scan" in s["Action"]}
    assert set(scans) == {"WorkerRole", "OperatorRole"}
    assert "TaskTables" in scans["WorkerRole"]
    assert "AuditTable" not in scans["OperatorRole"]


def test_the_access_table_is_for_the_api_and_the_operator(stack):
    holders = {role for role, s in allowed(stack) if "AccessTable" in str(s["Resource"])}
    assert holders == {"ApiRole", "OperatorRole"}


@pytest.mark.parametrize(
    ("role", "allowed_from"), [("ClockRole", "scheduler.amazonaws.com"), ("TickRole", "lambda.amazonaws.com")]
)
def test_only_the_clock_and_the_tick_itself_may_invoke_and_only_the_tick(stack, role, allowed_from):
    invokers = {name: s for name, s in allowed(stack) if "lambda:InvokeFunction" in s["Action"]}
    assert set(invokers) == {"ClockRole", "TickRole", "SealClockRole", "AlertClockRole", "WorkerRole"}
    assert invokers["AlertClockRole"]["Resource"] == [{"Fn::GetAtt": ["FollowFunction", "Arn"]}]
    assert invokers["SealClockRole"]["Resource"] == [{"Fn::GetAtt": ["OperatorFunction", "Arn"]}]
    assert len(invokers[role]["Resource"]) == 1
    assert re.search("TickFunction|-tick", str(invokers[role]["Resource"]))
    trust = roles(stack)[role]["AssumeRolePolicyDocument"]["Statement"]
    assert [s["Principal"] for s in trust] == [{"Service": allowed_from}]


@pytest.mark.parametrize("function", ["FollowFunction"])
def test_the_data_key_serves_alerts_only_through_the_topic(stack, function):
    (statement,) = [
        s for s in stack.may(function, "kms:GenerateDataKey") if "kms:ViaService" in str(s["Condition"])
    ]
    condition = statement["Condition"]["StringEquals"]
    assert condition["kms:EncryptionContext:aws:sns:topicArn"] == {"Ref": "AlertsTopic"}
    assert condition["kms:ViaService"]["Fn::Sub"].startswith("sns.")


SENDERS = ["TickRole", "WorkerRole", "ApiRole", "DeadLetterRole", "FollowRole", "CompletionRole"]


@pytest.mark.parametrize(
    ("key", "signers"), [("TokenKey", ["ApiRole"]), ("RootKey", [*SENDERS, "OperatorRole"])]
)
def test_who_signs_is_said_by_the_key_alone_and_an_administrator_cannot(stack, key, signers):
    found = []
    for statement in stack.properties(key)["KeyPolicy"]["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not {"kms:*", "kms:S*", "kms:CreateGrant"} & set(actions)
        if "kms:Sign" in actions:
            named = statement["Principal"]["AWS"]
            found += [role["Fn::GetAtt"][0] for role in (named if isinstance(named, list) else [named])]
    assert found == signers
    assert not [s for _, s in allowed(stack) if "kms:Sign" in s["Action"]]


def test_the_data_key_serves_each_function_for_named_purposes_only(stack):
    purposes = {}
    for role, statement in allowed(stack):
        condition = statement.get("Condition", {}).get("StringEquals", {})
        if "DataKey" not in str(statement["Resource"]) or "kms:ViaService" in condition:
            continue
        named = condition["kms:EncryptionContext:purpose"]
        for action in statement["Action"]:
            named = named if isinstance(named, list) else [named]
            purposes.setdefault((role, action.removeprefix("kms:")), set()).update(named)
    assert purposes == PURPOSES


@pytest.mark.parametrize(
    ("key", "spec", "rotates"),
    [("DataKey", None, True), ("TokenKey", "ECC_NIST_P256", None), ("RootKey", "ECC_NIST_P256", None)],
)
def test_keys_are_of_their_kind_outlive_the_stack_and_have_an_alias(stack, key, spec, rotates):
    properties = stack.properties(key)
    assert (properties.get("KeySpec"), properties.get("EnableKeyRotation")) == (spec, rotates)
    assert stack.document["Resources"][key]["DeletionPolicy"] == "Retain"
    aliases = stack.of_type("AWS::KMS::Alias").values()
    assert [a["AliasName"]["Fn::Sub"] for a in aliases if a["TargetKeyId"] == {"Ref": key}]


@pytest.mark.parametrize("policy", ["QueuesPolicy", "AlertsTopicPolicy", "ArchiveBucketPolicy"])
def test_plain_http_is_refused(stack, policy):
    (deny,) = [s for s in stack.properties(policy)["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    assert deny["Principal"] == "*"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_queue_policy_covers_every_queue(stack):
    queues = {entry["Ref"] for entry in stack.properties("QueuesPolicy")["Queues"]}
    assert queues == set(stack.of_type("AWS::SQS::Queue"))


def test_the_archive_is_private_versioned_and_lockable(stack):
    bucket = stack.properties("ArchiveBucket")
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert stack.document["Resources"]["ArchiveBucket"]["DeletionPolicy"] == "Retain"
