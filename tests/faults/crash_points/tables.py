"""The tables of one stack in moto, read and emptied in place: making them anew for each life would cost the most."""

import copy
import json
import zlib
from base64 import b64decode

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.utilities import DynamoJsonEncoder

from carillon.adapters.dynamo.head_item import read_head
from local.moto_fixes import copy_each_table_once_a_transaction
from local.moto_speed import hurry
from tests.contract import tables
from tests.faults.crash_points.wire import ACCOUNT, REGION

copy_each_table_once_a_transaction()
hurry()


class Tables:
    """moto's own rows."""

    def __init__(self, client):
        tables.create(client)
        self._tables = dynamodb_backends[ACCOUNT][REGION].tables
        for table in self._tables.values():
            # The harness tells the stream itself; moto would copy it with every transaction.
            table.stream_shard = None

    def clear(self):
        """Takes every row out."""
        for table in self._tables.values():
            table.items.clear()

    def saved(self):
        """Every row as it stands, to be put back."""
        return {name: copy.deepcopy(table.items) for name, table in self._tables.items()}

    def put_back(self, saved):
        """The rows as they were saved, and no others."""
        for name, items in saved.items():
            self._tables[name].items = copy.deepcopy(items)

    def _rows(self, name):
        table = self._tables[name]
        rows = (
            item
            for each in table.items.values()
            for item in (each.values() if table.has_range_key else (each,))
        )
        return [json.loads(json.dumps(row.attrs, cls=DynamoJsonEncoder)) for row in rows]

    def runs(self):
        """The rows of runs by their id."""
        return {_id(row): row for row in self._rows("RunsTable") if "run_key" in row and "origin" in row}

    def awake(self):
        """Ids of the rows that the wake index holds."""
        return {key for key, row in self.runs().items() if {"wake_shard", "wake_at"} <= row.keys()}

    def heads(self):
        """The heads of schedules by id."""
        rows = self._rows("SchedulesTable")
        return {row["schedule_id"]["S"]: read_head(row) for row in rows if row["part"]["S"] == "head"}

    def has_letters(self):
        """Whether alerts are on their way."""
        rows = [row for row in self._rows("GuardsTable") if row["guard"]["S"] == "fact#alerts"]
        return any('"letters":[{' in _text(row["value"]) for row in rows)

    def slots(self):
        """The run keys that each schedule's overlap slot names as holders."""
        rows = [row for row in self._rows("GuardsTable") if row["guard"]["S"].startswith("slot#")]
        return {row["guard"]["S"][5:]: row.get("holders", {"S": ""})["S"].split() for row in rows}


def _text(value):
    return value["S"] if "S" in value else zlib.decompress(b64decode(value["B"])).decode()


def _id(row):
    return f"{row['schedule_id']['S']}@{row['run_key']['S']}"
