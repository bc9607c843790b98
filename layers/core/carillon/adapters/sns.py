"""The alerts topic: an SNS topic that people and machines subscribe to."""

import json
from collections.abc import Mapping
from typing import Any, Final

from carillon.adapters.aws import call

MAX_SUBJECT: Final = 100


class SnsAlertTopic:
    """Publishes alerts as JSON documents.

    Raises Throttled and Unavailable. A publish whose answer was lost is repeated by the SDK, so a subscriber
    may see an alert twice; its `alert_id` tells.
    """

    def __init__(self, client: Any, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, subject: str, message: Mapping[str, Any]) -> None:
        """Sends one alert; the subject is cut to what SNS takes."""
        call(
            self._client,
            "publish",
            TopicArn=self._topic_arn,
            Subject=_as_subject(subject),
            Message=json.dumps(message, ensure_ascii=False),
        )


def _as_subject(text: str) -> str:
    """SNS wants at most 100 printable ASCII characters in one line, the first no space."""
    line = " ".join(text.split()).encode("ascii", "replace").decode()
    return "".join(char if char.isprintable() else "?" for char in line)[:MAX_SUBJECT] or "Alert"
