"""Works out CloudFormation's intrinsic functions, making each resource when it is first referred to.

Whatever cannot be worked out is an error that names the place: a reference to nothing, an attribute
that a resource does not have, an unknown function, a circle.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.inventory import ACCOUNT, REGION
from local.template import TemplateError

_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class _NoValue:
    """What AWS::NoValue stands for: the property is left out."""


NO_VALUE = _NoValue()


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that exists: what Ref gives, and what GetAtt gives by attribute."""

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


Make = Callable[[str, str, Mapping[str, Any]], Made]


class Resolver:
    """Resolves one expanded template; `make` is asked once for each resource, in order of need."""

    def __init__(self, document: Mapping[str, Any], stack: str, make: Make) -> None:
        self._document = document
        self._make = make
        self._made: dict[str, Made] = {}
        self._making: list[str] = []
        self._pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": REGION,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack,
            "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/laptop",
        }
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Join": lambda a: a[0].join(str(part) for part in self.value(a[1])),
            "Fn::Split": lambda a: str(self.value(a[1])).split(a[0]),
            "Fn::Select": lambda a: self.value(a[1])[int(self.value(a[0]))],
            "Fn::Equals": lambda a: str(self.value(a[0])) == str(self.value(a[1])),
            "Fn::And": lambda a: all(self.value(part) for part in a),
            "Fn::Or": lambda a: any(self.value(part) for part in a),
            "Fn::Not": lambda a: not self.value(a[0]),
            "Fn::FindInMap": self._find_in_map,
        }

    def make_all(self) -> dict[str, Made]:
        """Make every resource whose condition holds."""
        for name, resource in self._document["Resources"].items():
            if self._wanted(resource):
                self.resource(name)
        return dict(self._made)

    def outputs(self) -> dict[str, str]:
        """Work out the stack's outputs."""
        entries = self._document.get("Outputs", {}).items()
        return {name: str(self.value(entry["Value"])) for name, entry in entries if self._wanted(entry)}

    def resource(self, name: str) -> Made:
        """Give a resource, made now if it was not yet."""
        if name in self._made:
            return self._made[name]
        if name in self._making:
            raise TemplateError(
                f"Resources refer to each other in a circle: {' > '.join([*self._making, name])}."
            )
        resource = self._document["Resources"].get(name)
        if resource is None or not self._wanted(resource):
            raise TemplateError(f"{self._place()} refers to {name}, which the template does not make.")
        self._making.append(name)
        try:
            properties = self.value(resource.get("Properties", {}))
            self._made[name] = self._make(name, resource["Type"], properties)
        finally:
            self._making.pop()
        return self._made[name]

    def value(self, node: Any) -> Any:
        """Give the node with every intrinsic function worked out."""
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (key, argument) = next(iter(node.items()))
            # A policy's `Condition` block is a mapping; only a name is a reference to a condition.
            if key in self._functions and (key != "Condition" or isinstance(argument, str)):
                return self._functions[key](argument)
            if key.startswith("Fn::"):
                raise TemplateError(f"{self._place()} uses {key}, which the laptop cloud does not know.")
        resolved = {key: self.value(item) for key, item in node.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def condition(self, name: str) -> bool:
        """Say whether a condition of the template holds."""
        conditions = self._document.get("Conditions", {})
        if name not in conditions:
            raise TemplateError(
                f"{self._place()} names the condition {name}, which the template does not have."
            )
        return bool(self.value(conditions[name]))

    def _wanted(self, entry: Mapping[str, Any]) -> bool:
        return "Condition" not in entry or self.condition(entry["Condition"])

    def _place(self) -> str:
        return self._making[-1] if self._making else "The template"

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._pseudo:
            return self._pseudo[name]
        parameter = self._document.get("Parameters", {}).get(name)
        if parameter is None:
            return self.resource(name).ref
        if "Default" not in parameter:
            raise TemplateError(f"The parameter {name} has no default and the laptop cloud sets none.")
        default = parameter["Default"]
        is_list = parameter.get("Type") in {"CommaDelimitedList", "List<Number>"}
        return [part.strip() for part in str(default).split(",")] if is_list else str(default)

    def _attribute(self, argument: str | list[str]) -> str:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        made = self.resource(name)
        if attribute not in made.attributes:
            kind = self._document["Resources"][name]["Type"]
            raise TemplateError(
                f"{self._place()} asks for {name}.{attribute}; {kind} has none on the laptop."
            )
        return made.attributes[attribute]

    def _sub(self, argument: str | list[Any]) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument

        def replace(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return str(self.value(own[name]))
            return str(self._attribute(name) if "." in name else self._ref(name))

        return _PLACEHOLDER.sub(replace, text)

    def _if(self, argument: list[Any]) -> Any:
        name, when_true, when_false = argument
        return self.value(when_true if self.condition(name) else when_false)

    def _find_in_map(self, argument: list[Any]) -> Any:
        name, first, second = (self.value(part) for part in argument)
        try:
            return self._document["Mappings"][name][first][second]
        except KeyError as missing:
            raise TemplateError(f"{self._place()}: the mapping {name} has no {first}, {second}.") from missing
