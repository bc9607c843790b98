"""A small evaluator of IAM policies: identity policies, key policies, and the conditions that the template uses.

Whatever it does not know - an operator, an element - is an error, so that no statement is silently taken as harmless.
"""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    """One action on one resource with the context that conditions look at; values are tuples of texts."""

    function: str
    action: str
    resource: str
    context: tuple = ()

    @property
    def facts(self):
        return dict(self.context)

    def __str__(self):
        shown = ", ".join(f"{key}={'|'.join(values)}" for key, values in self.context)
        return f"{self.function}: {self.action} on {self.resource}" + (f" ({shown})" if shown else "")


@dataclass(frozen=True)
class Grant:
    """One action of one allowing statement of a role or a key."""

    holder: str
    sid: str
    action: str


@dataclass
class Verdict:
    """Whether a call is allowed, and the grants that allow it."""

    allowed: bool
    grants: tuple = field(default=())


def decide(call, role_arn, statements, key_policies):
    """The verdict on a call by whoever has the role; keys decide together with the role, or alone by name."""
    applying = [s for s in statements if applies(s, call)]
    if any(s["Effect"] == "Deny" for s in applying):
        return Verdict(False)
    own = tuple(grant(call.function, s, call) for s in applying)
    if not call.action.startswith("kms:") or call.resource not in key_policies:
        return Verdict(bool(own), own)
    by_name, by_account = [], False
    for statement in key_policies[call.resource]:
        if statement["Effect"] != "Allow" or not applies({**statement, "Resource": [call.resource]}, call):
            continue
        principals = listed(statement["Principal"].get("AWS", []))
        if role_arn in principals:
            by_name.append(grant("key", statement, call))
        by_account = by_account or any(each.endswith(":root") for each in principals)
    if by_name:
        return Verdict(True, (*by_name, *own))
    return Verdict(bool(own) and by_account, own)


def grant(holder, statement, call):
    action = next(a for a in listed(statement["Action"]) if like(a, call.action, ignore_case=True))
    return Grant(holder, statement["Sid"], action)


def applies(statement, call):
    """Whether a statement speaks of a call."""
    unknown = statement.keys() - {"Sid", "Effect", "Action", "Resource", "Condition", "Principal"}
    assert not unknown, f"{statement['Sid']} has {unknown}, which this evaluator does not know"
    return (
        any(like(action, call.action, ignore_case=True) for action in listed(statement["Action"]))
        and any(like(resource, call.resource) for resource in listed(statement["Resource"]))
        and all(
            holds(operator, key, listed(wanted), call.facts)
            for operator, tests in statement.get("Condition", {}).items()
            for key, wanted in tests.items()
        )
    )


def holds(operator, key, wanted, facts):
    """Whether one condition holds; a key that is absent fails, but for the ForAllValues of it."""
    for_all = operator.startswith("ForAllValues:")
    compare = COMPARE[operator.removeprefix("ForAllValues:")]
    found = facts.get(key)
    if operator == "Null":
        return (found is None) == (wanted == ["true"])
    if found is None:
        return for_all
    check = all if for_all else any
    return check(any(compare(each, value) for each in wanted) for value in found)


def like(pattern, value, *, ignore_case=False):
    """Whether a pattern with * and ? fits."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(escaped, value, re.IGNORECASE if ignore_case else 0) is not None


COMPARE = {
    "StringEquals": lambda wanted, value: str(wanted) == value,
    "StringLike": lambda wanted, value: like(str(wanted), value),
    "ArnLike": lambda wanted, value: like(str(wanted), value),
    "ArnEquals": lambda wanted, value: like(str(wanted), value),
    "Bool": lambda wanted, value: str(wanted).lower() == value,
    "Null": None,
}


def listed(value):
    return value if isinstance(value, list) else [value]
