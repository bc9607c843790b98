"""The ETL act: a workflow over 10,000 rows that succeeds once, and once fails in load and takes everything back.

The rows are made here: a CSV in a bucket. `extract` copies it, `transform` cuts it into parts, `load` puts them into a
table, part by part. In the second CSV one row of the last part has no key: load fails for good, and what was loaded,
transformed and extracted before is undone, last completed first.
"""

from typing import Any, Final

from local.api_client import ApiClient
from local.demo.show import below, title
from local.stack import LaptopCloud

STORE: Final = "etl-orders"
ROWS: Final = 10_000
# Beside the CSV: its copy and the four parts.
_OBJECTS_KEPT: Final = 6
_WAIT_SECONDS: Final = 90
_ACTS: Final = (
    ("etl", None, "SUCCEEDED", ROWS, _OBJECTS_KEPT),
    ("etl-bad-row", ROWS - 1, "COMPENSATED", 0, 1),
)


class EtlAct:
    """Both workflows over data made here; the tables and buckets are those that the laptop's tasks may use."""

    def __init__(self, cloud: LaptopCloud, api: ApiClient) -> None:
        self._s3, self._dynamodb, self._api = cloud.client("s3"), cloud.client("dynamodb"), api
        self._run_ids: dict[str, str] = {}

    def play(self) -> list[str]:
        """Run both, print their trees, and say what is wrong with them."""
        title(5, "A workflow over 10,000 rows; then one of them cannot be loaded")
        self._begin()
        return self._end()

    def _begin(self) -> None:
        self._s3.create_bucket(Bucket=STORE)
        self._dynamodb.create_table(
            TableName=STORE,
            KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "order_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for name, bad_row, *_ in _ACTS:
            self._s3.put_object(Bucket=STORE, Key=f"{name}/orders.csv", Body=orders(name, bad_row).encode())
            self._api.post("/v1/schedules", document(name))
            self._run_ids[name] = self._api.post(f"/v1/schedules/{name}/trigger")["run_id"]

    def _end(self) -> list[str]:
        wrong = []
        for name, _, *expected in _ACTS:
            run = self._api.run_at_its_end(self._run_ids[name], _WAIT_SECONDS)
            show(run)
            found = [run["state"], self._rows(name), self._objects(name)]
            if found != expected:
                wrong.append(f"{name}: state, rows and objects had to be {expected} and are {found}")
        return wrong

    def _rows(self, name: str) -> int:
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=STORE, ProjectionExpression="order_id"
        )
        return sum(item["order_id"]["S"].startswith(f"{name}:") for page in pages for item in page["Items"])

    def _objects(self, name: str) -> int:
        return int(self._s3.list_objects_v2(Bucket=STORE, Prefix=f"{name}/")["KeyCount"])


def orders(name: str, bad_row: int | None) -> str:
    """A CSV of orders; the bad row has an empty id."""
    lines = (
        f"{'' if number == bad_row else f'{name}:{number:05}'},bell {number % 12},{number * 7 % 1000}\n"
        for number in range(ROWS)
    )
    return "order_id,item,amount\n" + "".join(lines)


def document(name: str) -> dict[str, Any]:
    """The workflow as the API takes it."""
    delete = {"bucket": STORE}
    part = {"table": STORE, "bucket": STORE, "key.$": "item.key", "id_attribute": "order_id"}
    return {
        "schedule_id": name,
        "description": "extract, transform and load the orders of a CSV",
        "timetable": {"expression": "@yearly"},
        "job": {
            "timeout_seconds": 300,
            "steps": {
                "extract": {
                    "target": _task(
                        "copy-object",
                        {
                            "from_bucket": STORE,
                            "from_key": f"{name}/orders.csv",
                            "bucket": STORE,
                            "key": f"{name}/work.csv",
                        },
                    ),
                    "compensate": {
                        "target": _task("delete-objects", delete | {"keys.$": "[steps.extract.output.key]"})
                    },
                },
                "transform": {
                    "needs": ["extract"],
                    "target": _task(
                        "csv-to-json-lines",
                        {"bucket": STORE, "key.$": "steps.extract.output.key", "prefix": f"{name}/parts"},
                    ),
                    "compensate": {
                        "target": _task("delete-objects", delete | {"keys.$": "steps.transform.output.keys"})
                    },
                },
                "load": {
                    "needs": ["transform"],
                    "for_each": {"over": "steps.transform.output.parts", "max_concurrent": 2},
                    "target": _task("load-table", part),
                    "compensate": {"target": _task("unload-table", part)},
                },
            },
        },
    }


def show(run: dict[str, Any]) -> None:
    """Print a run's tree with times, in the order in which its rows began."""
    print(f"\n   {run['run_id']:<38} {run['state']:<12} {_took(run):>9}")
    for row in sorted(run["steps"], key=_began):
        name = row["run_id"].partition(".")[2]
        print(f"   {_began(row)[11:19]}  {name:<28} {row['state']:<12} {_took(row):>9}")
        if row["state"] != "SUCCEEDED":
            below(row["message"], 13)


def _began(row: dict[str, Any]) -> str:
    return str(row["started_at"] or row["created_at"])


def _took(row: dict[str, Any]) -> str:
    return "" if row["duration_ms"] is None else f"{row['duration_ms']} ms"


def _task(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "python", "task": name, "arguments": arguments}
