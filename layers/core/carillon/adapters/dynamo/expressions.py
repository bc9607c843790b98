"""A call's expressions. Every attribute is aliased, so that none can meet one of DynamoDB's 573 reserved words."""

from collections.abc import Mapping
from typing import Any

from carillon.adapters.dynamo.wire import Value


class Expression:
    """Collects the names and values of one call's expressions."""

    __slots__ = ("_names", "_values")

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Value] = {}

    def name(self, attribute: str) -> str:
        """The attribute's alias."""
        alias = f"#{attribute}"
        self._names[alias] = attribute
        return alias

    def value(self, value: Value) -> str:
        """A placeholder for the value."""
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = value
        return placeholder

    def compare(self, attribute: str, operator: str, value: Value) -> str:
        """A comparison such as `#wake_at <= :v0`."""
        return f"{self.name(attribute)} {operator} {self.value(value)}"

    def between(self, attribute: str, low: Value, high: Value) -> str:
        """A range, both ends included."""
        return f"{self.name(attribute)} BETWEEN {self.value(low)} AND {self.value(high)}"

    def absent(self, attribute: str) -> str:
        """That the attribute is not there; of a key attribute: that the row is not."""
        return f"attribute_not_exists({self.name(attribute)})"

    def present(self, attribute: str) -> str:
        """That the attribute is there."""
        return f"attribute_exists({self.name(attribute)})"

    def same(self, attribute: str, value: Value | None) -> str:
        """That the attribute still is what was read, None meaning absent."""
        return self.absent(attribute) if value is None else self.compare(attribute, "=", value)

    def append(self, attribute: str, values: list[Value]) -> str:
        """An assignment that adds to the end of a list that is there."""
        alias = self.name(attribute)
        return f"{alias} = list_append({alias}, {self.value({'L': values})})"

    def update(self, changes: Mapping[str, Value | None], *assignments: str) -> str:
        """An update expression that sets the changes, removes those that are None, and makes the assignments."""
        kept = {attribute: value for attribute, value in changes.items() if value is not None}
        sets = [*(self.compare(attribute, "=", value) for attribute, value in kept.items()), *assignments]
        gone = [self.name(attribute) for attribute, value in changes.items() if value is None]
        clauses = ["SET " + ", ".join(sets)] if sets else []
        return " ".join([*clauses, "REMOVE " + ", ".join(gone)] if gone else clauses)

    def arguments(self) -> dict[str, Any]:
        """The names and values, as the call's arguments."""
        found: dict[str, Any] = {"ExpressionAttributeNames": self._names}
        if self._values:
            found["ExpressionAttributeValues"] = self._values
        return found
