"""Writes down every AWS call of the function at work as the actions that IAM would check."""

from tests.template.least_privilege.policy import Call

KEYS = {
    "Schedules": "schedule_id",
    "Runs": "schedule_id",
    "Access": "kind",
    "Guards": "guard",
    "Audit": "day_shard",
}
SINGLE = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"}
TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


class Recorder:
    """Listens to a botocore session; `function` is who calls."""

    def __init__(self, account, region, data_key):
        self._account, self._region, self._data_key = account, region, data_key
        self.calls, self.sent, self.function = {}, [], None

    def listen(self, session):
        session.register("provide-client-params", self._heard)

    def _heard(self, params, model, **_):
        if self.function is None:
            return
        service = model.service_model.service_name
        for action, resource, context in getattr(self, f"_{service}")(model.name, params):
            facts = {**self._everywhere(), **context}
            call = Call(self.function, action, resource, tuple(sorted(facts.items())))
            self.calls[call] = self.calls.get(call, 0) + 1

    def _everywhere(self):
        return {
            "aws:ResourceAccount": (self._account,),
            "aws:RequestedRegion": (self._region,),
            "aws:SecureTransport": ("true",),
        }

    def _arn(self, service, rest):
        return f"arn:aws:{service}:{self._region}:{self._account}:{rest}"

    def _dynamodb(self, name, params):
        if name in SINGLE:
            index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
            rows = [params[part] for part in ("Key", "Item") if part in params]
            yield (
                f"dynamodb:{name}",
                self._table(params["TableName"]) + index,
                self._leading(params["TableName"], rows),
            )
        elif name in ("BatchGetItem", "BatchWriteItem"):
            for table, asked in params["RequestItems"].items():
                rows = asked["Keys"] if name == "BatchGetItem" else [r["PutRequest"]["Item"] for r in asked]
                yield f"dynamodb:{name}", self._table(table), self._leading(table, rows)
        elif name == "TransactWriteItems":
            for action in params["TransactItems"]:
                ((kind, inner),) = action.items()
                row = inner.get("Key") or inner["Item"]
                table = inner["TableName"]
                yield f"dynamodb:{TRANSACTED[kind]}", self._table(table), self._leading(table, [row])
        else:
            raise AssertionError(f"the recorder does not know dynamodb's {name}")

    def _table(self, name):
        return self._arn("dynamodb", f"table/{name}")

    def _leading(self, table, rows):
        (key,) = {attribute for part, attribute in KEYS.items() if part in table}
        found = sorted({row[key]["S"] for row in rows})
        return {"dynamodb:LeadingKeys": tuple(found)} if found else {}

    def _sqs(self, name, params):
        self.sent += [entry["MessageBody"] for entry in params.get("Entries", ())]
        action = {"SendMessageBatch": "SendMessage"}.get(name, name)
        yield f"sqs:{action}", self._arn("sqs", params["QueueUrl"].rpartition("/")[2]), {}

    def _sns(self, name, params):
        yield f"sns:{name}", params["TopicArn"], {}

    def _s3(self, name, params):
        action = {"ListObjectsV2": "ListBucket", "HeadObject": "GetObject"}.get(name, name)
        key = f"/{params['Key']}" if "Key" in params else ""
        prefix = {"s3:prefix": (params["Prefix"],)} if "Prefix" in params else {}
        yield f"s3:{action}", f"arn:aws:s3:::{params['Bucket']}{key}", prefix
        if "ObjectLockMode" in params:
            yield "s3:PutObjectRetention", f"arn:aws:s3:::{params['Bucket']}{key}", {}

    def _lambda(self, name, params):
        function = params["FunctionName"]
        arn = function if function.startswith("arn:") else self._arn("lambda", f"function:{function}")
        yield "lambda:InvokeFunction" if name == "Invoke" else f"lambda:{name}", arn, {}

    def _kms(self, name, params):
        key = params.get("KeyId", self._data_key)
        arn = key if key.startswith("arn:") else self._arn("kms", f"key/{key}")
        facts = {f"kms:EncryptionContext:{k}": (v,) for k, v in params.get("EncryptionContext", {}).items()}
        if "SigningAlgorithm" in params:
            facts["kms:SigningAlgorithm"] = (params["SigningAlgorithm"],)
        yield f"kms:{name}", arn, facts
