"""Every call that a representative day makes is allowed, forbidden ones are denied, and no right is without a use."""

import pytest

from tests.template.least_privilege.expectations import NOT_PLAYED, probes
from tests.template.least_privilege.policy import Call, decide
from tests.template.least_privilege.stage import HANDLERS

KEY, ROLE = "arn:aws:kms:eu-central-1:1:key/k", "arn:aws:iam::1:role/r"
PURPOSE = "kms:EncryptionContext:purpose"
OPEN = {
    "Sid": "Open",
    "Effect": "Allow",
    "Action": ["kms:Decrypt"],
    "Resource": KEY,
    "Condition": {"StringEquals": {PURPOSE: ["dispatch", "output"]}},
}
BY_ACCOUNT = {
    "Sid": "A", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "kms:*", "Resource": "*",
}  # fmt: skip
BY_NAME = {
    "Sid": "N",
    "Effect": "Allow",
    "Principal": {"AWS": [ROLE]},
    "Action": "kms:Decrypt",
    "Resource": "*",
}


def opens(purpose=None, statements=(OPEN,), key=(BY_ACCOUNT,)):
    context = () if purpose is None else ((PURPOSE, (purpose,)),)
    return decide(Call("f", "kms:Decrypt", KEY, context), ROLE, list(statements), {KEY: list(key)}).allowed


def test_a_condition_holds_for_its_values_only_and_never_for_a_missing_key():
    assert opens("dispatch")
    assert opens("output")
    assert not opens("secret")
    assert not opens()


def test_a_key_decides_together_with_the_role_or_alone_by_name():
    assert not opens("dispatch", key=())
    assert opens(statements=(), key=(BY_NAME,))
    assert not opens(statements=(), key=(BY_ACCOUNT,))


def test_a_denial_goes_before_everything():
    assert not opens("dispatch", statements=(OPEN, {**OPEN, "Effect": "Deny"}))


@pytest.mark.parametrize(
    ("resource", "leading", "allowed"),
    [
        ("table/guards", ("slot#etl",), True),
        ("table/guards", ("slot#etl", "nonce#1"), False),
        ("table/guards", None, True),
        ("table/guards/index/x", ("slot#etl",), False),
    ],
)
def test_leading_keys_must_all_fit_and_a_resource_is_no_prefix(resource, leading, allowed):
    statement = {
        "Sid": "Slots",
        "Effect": "Allow",
        "Action": "dynamodb:*Item",
        "Resource": "arn:aws:dynamodb:eu-central-1:1:table/guards",
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["slot#*"]}},
    }
    context = () if leading is None else (("dynamodb:LeadingKeys", leading),)
    call = Call("f", "dynamodb:UpdateItem", f"arn:aws:dynamodb:eu-central-1:1:{resource}", context)
    assert decide(call, ROLE, [statement], {}).allowed is allowed


def test_what_the_evaluator_does_not_know_is_an_error():
    with pytest.raises(KeyError, match="NumericLessThan"):
        opens("dispatch", statements=({**OPEN, "Condition": {"NumericLessThan": {PURPOSE: "1"}}},))
    with pytest.raises(AssertionError, match="NotAction"):
        opens("dispatch", statements=({**OPEN, "NotAction": "kms:Sign"},))


@pytest.fixture(scope="module")
def stage(day):
    """A stage on which the play is over."""
    return day.stage


@pytest.mark.slow
def test_every_call_of_every_function_is_allowed_to_it(stage):
    assert {call.function for call in stage.recorder.calls} == set(HANDLERS)
    assert [str(call) for call in stage.recorder.calls if not stage.verdict(call).allowed] == []


@pytest.mark.slow
def test_every_forbidden_probe_is_denied(stage):
    tried = list(probes(stage))
    assert len(tried) > 300
    assert [str(probe) for probe in tried if stage.verdict(probe).allowed] == []


@pytest.mark.slow
def test_every_right_is_used_or_says_why_it_is_there(stage):
    used = {
        (call.function, grant.sid, grant.action)
        for call in stage.recorder.calls
        for grant in stage.verdict(call).grants
    }
    given = {
        (function, statement["Sid"], action)
        for function in HANDLERS
        for statement in stage.statements(function)
        if statement["Effect"] == "Allow"
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
    }
    explained = {g for g in given if NOT_PLAYED.get(g[:2]) or NOT_PLAYED.get(g)}
    assert given - used - explained == set()
