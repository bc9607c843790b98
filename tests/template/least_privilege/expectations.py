"""What must be denied to each function, and why a right that no recorded call used is there all the same."""

from tests.template.least_privilege.policy import Call
from tests.template.least_privilege.stage import HANDLERS, STACK

_LOGS = "Lambda itself writes the log with the function's role"
_QUEUE = "the event source polls the queue with the function's role"
_STREAM = "the event source reads the stream with the function's role"
_FAILED = "Lambda itself notes what the function gave up on"
_TOPIC = "SNS asks for it in the function's name when the topic is encrypted; only through SNS"
_TARGETS = "only for what the stack's parameter lists; test_rights_of_targets.py plays those calls"
_SWEPT = "for runs that end here with a slot or outputs held, as tests/faults/crash_points plays"
_STEP = "for a workflow's step that could not be delivered, as tests/faults/crash_points plays"
_PAUSE = "for schedules that pause by themselves after failures; the follower's own tests play them"
_ADMINS = "counts administrators and removes users and roles; tests/contract/test_access.py plays it"

NOT_PLAYED = {
    **{(function, "Log"): _LOGS for function in HANDLERS},
    **{(function, "TakeMessages"): _QUEUE for function in ("worker", "deadletter")},
    **{(function, "ReadTheStream"): _STREAM for function in ("archive", "follow")},
    ("archive", "ReadTheAuditStream"): _STREAM,
    **{(function, "NoteFailures"): _FAILED for function in ("archive", "follow")},
    ("follow", "SealAlertsOnTheTopicOnly"): _TOPIC,
    **{
        ("worker", sid): _TARGETS
        for sid in (
            "TaskBuckets", "TaskObjects", "TaskTables", "UseTargets", "GiveRolesToContainers", "TagTasksAtTheirStart",
            "FollowExecutions", "FollowTasks", "FollowCommands",
        )
    },
    ("tick", "ClaimAndAdvance", "dynamodb:BatchGetItem"): "reads the calendars of schedules that name some",
    ("tick", "RecordRuns", "dynamodb:GetItem"): _SWEPT,
    ("tick", "HoldSlotsAndKeepAlerts"): _SWEPT,
    ("tick", "OpenOutputs"): _SWEPT,
    ("deadletter", "ReadJobs"): _STEP,
    ("deadletter", "EndRuns", "dynamodb:BatchGetItem"): _STEP,
    ("deadletter", "EndRuns", "dynamodb:Query"): _STEP,
    ("deadletter", "EndRuns", "dynamodb:PutItem"): _STEP,
    ("deadletter", "HoldSlots"): _SWEPT,
    ("deadletter", "WakeTheNext"): _SWEPT,
    ("follow", "PauseAfterFailures"): _PAUSE,
    ("follow", "TellThatItPaused"): _PAUSE,
    ("follow", "RememberFailuresAndFreeSlots"): _PAUSE,
    ("operator", "SealAnew", "kms:GenerateDataKey"): "the stage has one key; tests/contract/test_re_seal.py has two",
    ("api", "KnowPrincipals", "dynamodb:BatchGetItem"): "reads the stack's own roles of users who have some",
    ("api", "KnowPrincipals", "dynamodb:UpdateItem"): _ADMINS,
    ("api", "KnowPrincipals", "dynamodb:DeleteItem"): _ADMINS,
    ("operator", "CloseAuditDays", "s3:GetObject"): "a day that was closed before is compared; the play closes one day",
}  # fmt: skip

_EVERYWHERE = (
    ("iam:PassRole", "arn:aws:iam::123456789012:role/anything"),
    ("iam:CreateUser", "arn:aws:iam::123456789012:user/eve"),
    ("sts:AssumeRole", "arn:aws:iam::123456789012:role/anything"),
    ("lambda:UpdateFunctionCode", "arn:aws:lambda:us-east-1:123456789012:function:carillon-worker"),
    ("logs:DeleteLogGroup", "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/carillon-worker"),
    ("s3:DeleteObject", "arn:aws:s3:::carillon-archive/runs/x"),
    ("s3:BypassGovernanceRetention", "arn:aws:s3:::carillon-archive/audit/x"),
    ("sqs:PurgeQueue", "arn:aws:sqs:us-east-1:123456789012:carillon-DispatchQueue"),
)
_PURPOSES = {
    "tick": {"dispatch": "S", "output": "SO"},
    "worker": {"dispatch": "SO", "output": "SO", "secret": "O"},
    "api": {"dispatch": "S", "output": "SO", "secret": "S", "dead-letter": "O", "cursor": "SO", "totp": "SO",
            "confirmation": "SO"},
    "deadletter": {"dispatch": "SO", "output": "SO", "dead-letter": "S"},
    "archive": {},
    "follow": {"dispatch": "S"},
    "completion": {"dispatch": "S"},
    "operator": {"secret": "SO", "output": "SO", "dead-letter": "SO", "totp": "SO"},  # pragma: allowlist secret
}  # fmt: skip
"""Who may seal (S) and open (O) for which purpose; everything else is a probe that must be denied."""

ALL_PURPOSES = (
    "dispatch",
    "output",
    "secret",
    "dead-letter",
    "cursor",
    "totp",
    "confirmation",
    "anything else",
)
_TABLES = ("SchedulesTable", "RunsTable", "AccessTable", "GuardsTable", "AuditTable")
_NO_TABLE = {
    "tick": ("AccessTable",),
    "worker": ("AccessTable",),
    "api": (),
    "deadletter": ("AccessTable",),
    "archive": _TABLES,
    "follow": ("AccessTable",),
    "completion": ("AccessTable", "AuditTable"),
    "operator": (),
}


def probes(stage):
    """Every call that must be denied."""
    arn = {name: made.attributes.get("Arn", "") for name, made in stage.refs.items()}
    for function in HANDLERS:
        for action, resource in _EVERYWHERE:
            yield Call(function, action, resource)
        yield from _of_keys(function, arn)
        yield from _of_tables(function, arn)
        yield from _of_queue(function, arn["DispatchQueue"])
        yield from _of_archive(function, arn["ArchiveBucket"])
        if function != "follow":
            yield Call(function, "sns:Publish", arn["AlertsTopic"])
        if function != "tick":
            tick = f"arn:aws:lambda:us-east-1:123456789012:function:{STACK}-tick"
            yield Call(function, "lambda:InvokeFunction", tick)


def _of_tables(function, arn):
    for table in _NO_TABLE[function]:
        for action in ("GetItem", "Query", "PutItem", "UpdateItem"):
            yield Call(function, f"dynamodb:{action}", arn[table])
    for table in _TABLES:
        yield Call(function, "dynamodb:DeleteTable", arn[table])
    for action in ("UpdateItem", "DeleteItem", "BatchWriteItem"):
        yield Call(function, f"dynamodb:{action}", arn["AuditTable"])
    for table in ("AuditTable",) if function == "operator" else ("AccessTable", "SchedulesTable"):
        yield Call(function, "dynamodb:Scan", arn[table])
    for action in ("PutItem", "UpdateItem") if function in ("worker", "deadletter") else ():
        yield Call(function, f"dynamodb:{action}", arn["SchedulesTable"])


def _of_archive(function, bucket):
    for prefix, readers, writers in (
        ("runs", {"api"}, {"archive", "operator"}),
        ("unreadable", set(), {"archive", "operator"}),
        ("audit", {"archive", "operator"}, {"archive"}),
    ):
        listing = (("s3:prefix", (f"{prefix}/date=2026-11-22/",)),)
        if function not in readers:
            yield Call(function, "s3:GetObject", f"{bucket}/{prefix}/x")
            yield Call(function, "s3:ListBucket", bucket, listing)
        if function not in writers:
            yield Call(function, "s3:PutObject", f"{bucket}/{prefix}/x")
    yield Call(function, "s3:ListBucket", bucket)


def _of_queue(function, queue):
    if function != "worker":
        yield Call(function, "sqs:ReceiveMessage", queue)
    if function in ("archive", "operator"):
        yield Call(function, "sqs:SendMessage", queue)


def _of_keys(function, arn):
    data = arn["DataKey"]
    for purpose in ALL_PURPOSES:
        allowed = _PURPOSES[function].get(purpose, "")
        for letter, action in (("S", "kms:GenerateDataKey"), ("O", "kms:Decrypt")):
            elsewhere = _context(purpose, "another-stack")
            if letter not in allowed:
                yield Call(function, action, data, _context(purpose, STACK))
            if purpose != "cursor":
                yield Call(function, action, data, elsewhere)
    for action in (
        "kms:GenerateDataKey",
        "kms:Decrypt",
        "kms:ReEncryptFrom",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
    ):
        yield Call(function, action, data)
    signing = (("kms:SigningAlgorithm", ("ECDSA_SHA_256",)),)
    if function != "api":
        yield Call(function, "kms:Sign", arn["TokenKey"], signing)
    if function == "archive":
        yield Call(function, "kms:Sign", arn["RootKey"], signing)
    yield Call(function, "kms:Sign", arn["RootKey"], (("kms:SigningAlgorithm", ("ECDSA_SHA_512",)),))
    for key in ("TokenKey", "RootKey"):
        yield Call(function, "kms:PutKeyPolicy", arn[key])
        yield Call(function, "kms:ScheduleKeyDeletion", arn[key])


def _context(purpose, environment):
    facts = {"purpose": purpose, "environment": environment}
    return tuple(sorted((f"kms:EncryptionContext:{key}", (value,)) for key, value in facts.items()))
