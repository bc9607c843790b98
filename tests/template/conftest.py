"""The template as CloudFormation would see it, with questions that several tests ask."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.template import expand

TEMPLATE = Path(__file__).resolve().parents[2] / "template.yaml"


@dataclass(frozen=True)
class Stack:
    document: dict[str, Any]
    source: str

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties by logical id."""
        resources = self.document["Resources"].items()
        return {name: r.get("Properties", {}) for name, r in resources if r["Type"] == kind}

    def properties(self, name: str) -> dict[str, Any]:
        return self.document["Resources"][name]["Properties"]

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        return self.of_type("AWS::Lambda::Function")

    def role_of(self, function: str) -> str:
        return self.functions[function]["Role"]["Fn::GetAtt"][0]

    def statements(self, role: str) -> list[dict[str, Any]]:
        """The role's statements with Action and Resource as lists; conditional ones are taken as wanted."""
        found = []
        for policy in self.properties(role)["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                plain = statement["Fn::If"][1] if "Fn::If" in statement else statement
                found.append(
                    {**plain, "Action": _listed(plain["Action"]), "Resource": _listed(plain["Resource"])}
                )
        return found

    def may(self, function: str, action: str) -> list[dict[str, Any]]:
        """The statements that give a function an action."""
        return [s for s in self.statements(self.role_of(function)) if action in s["Action"]]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="session")
def stack() -> Stack:
    return Stack(expand(TEMPLATE, {}), TEMPLATE.read_text(encoding="utf-8"))
