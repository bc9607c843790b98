"""The tick's own function, invoked once per further range of shards."""

import json
from typing import Any


class OwnFunction:
    """Implements the `TickRanges` port by asynchronous invocations of this very function."""

    def __init__(self, client: Any, function_name: str) -> None:
        self._client = client
        self._function_name = function_name

    def start(self, shards: range) -> None:
        """Asks Lambda to tick this range; it is accepted or raises."""
        payload = json.dumps({"shards": [shards.start, shards.stop]}).encode()
        self._client.invoke(FunctionName=self._function_name, InvocationType="Event", Payload=payload)
