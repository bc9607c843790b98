"""Counts AWS calls and DynamoDB write units as AWS bills them, by looking at every row before and after its write.

A write costs one unit per KB of the larger of the two images, twice that in a transaction. An index costs one unit
for a new or a gone entry, two for a moved one, one for a changed projection, and none when nothing it shows changed.
"""

import math
from collections import Counter

from tests.contract import tables

WRITES = {"put_item", "update_item", "delete_item", "transact_write_items"}


class Meter:
    """A DynamoDB client that counts what goes through it."""

    def __init__(self, client):
        self._client = client
        self._tables = tables.declared()
        self.calls = Counter()
        self.units = Counter()

    def __getattr__(self, operation):
        method = getattr(self._client, operation)

        def counted(**arguments):
            self.calls[operation] += 1
            if operation not in WRITES:
                return method(**arguments)
            touched = list(self._touched(operation, arguments))
            before = [self._row(table, key) for table, key in touched]
            answer = method(**arguments)
            factor = 2 if operation == "transact_write_items" else 1
            for (table, key), old in zip(touched, before, strict=True):
                self._count(table, old, self._row(table, key), factor)
            return answer

        return counted

    def _touched(self, operation, arguments):
        actions = (
            [next(iter(action.values())) for action in arguments["TransactItems"]]
            if operation == "transact_write_items"
            else [arguments]
        )
        for action in actions:
            table = action["TableName"]
            names = [key["AttributeName"] for key in self._tables[table]["KeySchema"]]
            source = action.get("Key") or action["Item"]
            yield table, {name: source[name] for name in names}

    def _row(self, table, key):
        return self._client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")

    def _count(self, table, old, new, factor):
        self.units[table] += factor * kilobytes(max(size(old), size(new)))
        for index in self._tables[table].get("GlobalSecondaryIndexes", ()):
            self.units[f"{table}/{index['IndexName']}"] += index_units(
                self._entry(table, index, old), self._entry(table, index, new)
            )

    def _entry(self, table, index, row):
        """The index's key and what it shows of a row, or None when the row is not in it."""
        keys = [key["AttributeName"] for key in index["KeySchema"]]
        if row is None or any(name not in row for name in keys):
            return None
        own = [key["AttributeName"] for key in self._tables[table]["KeySchema"]]
        projection = index["Projection"]
        shown = (
            row.keys() if projection["ProjectionType"] == "ALL" else projection.get("NonKeyAttributes", [])
        )
        names = {*keys, *own, *shown}
        return [row[name] for name in keys], {name: row[name] for name in names if name in row}


def index_units(old, new):
    if old is None or new is None:
        present = old or new
        return kilobytes(size(present[1])) if present else 0
    if old[0] != new[0]:
        return kilobytes(size(old[1])) + kilobytes(size(new[1]))
    return 0 if old[1] == new[1] else kilobytes(max(size(old[1]), size(new[1])))


def kilobytes(number):
    return max(1, math.ceil(number / 1024))


def size(row):
    """The size of a row by DynamoDB's rules: names in UTF-8, numbers by digits, documents with 3 bytes more."""
    return sum(len(name.encode()) + value_size(value) for name, value in (row or {}).items())


def value_size(value):
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return len(content.lstrip("-").replace(".", "")) // 2 + 2
    if kind == "L":
        return 3 + sum(1 + value_size(entry) for entry in content)
    if kind == "M":
        return 3 + len(content) + size(content)
    return 1
