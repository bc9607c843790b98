"""The alerts bus: an EventBridge bus that is given each alert as an event, for rules to send on."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from carillon.adapters.aws import call
from carillon.domain.errors import CarillonError

SOURCE: Final = "carillon"
DETAIL_TYPE: Final = "Carillon Run Alert"


class AlertBus:
    """One event for each alert; `connect` makes the client when the first is sent. Throttled, Unavailable."""

    def __init__(self, connect: Callable[[], Any], bus_arn: str) -> None:
        self._connect = connect
        self._bus_arn = bus_arn

    def publish(self, subject: str, message: Mapping[str, Any]) -> None:
        """PutEvents of one entry; an entry that the bus refused is a CarillonError."""
        entry = {
            "EventBusName": self._bus_arn,
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Detail": json.dumps({"subject": subject, **message}, ensure_ascii=False),
        }
        answer = call(self._connect(), "put_events", Entries=[entry])
        refused = [each for each in answer.get("Entries", ()) if each.get("ErrorCode")]
        if refused:
            raise CarillonError(
                f"The bus refused it: {refused[0]['ErrorCode']}: {refused[0].get('ErrorMessage')}"
            )
