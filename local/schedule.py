"""EventBridge Scheduler on the laptop: the first event at once, then one at each turn of the period."""

import json
import threading
import time
import uuid
from datetime import UTC, datetime

from local.inventory import Clock
from local.invoker import Invoker


class RunningClock:
    """Fires one schedule until it is stopped."""

    def __init__(self, clock: Clock, invoker: Invoker) -> None:
        self._clock = clock
        self._invoker = invoker
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"clock-{clock.function}", daemon=True)

    def start(self) -> None:
        """Fire now, and begin to wait for the next turn."""
        self._thread.start()

    def stop(self) -> None:
        """Fire no more."""
        self._stopping.set()

    def _run(self) -> None:
        planned = time.time()
        while not self._stopping.wait(max(0.0, planned - time.time())):
            self._invoker.invoke_later(self._clock.function, self._payload(planned))
            # A laptop that slept fires once when it wakes, not once for every minute it missed.
            planned = next_turn(time.time(), self._clock.every_seconds)

    def _payload(self, planned: float) -> bytes:
        moment = datetime.fromtimestamp(planned, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        payload = self._clock.payload
        for name, value in {
            "schedule-arn": self._clock.arn,
            "scheduled-time": moment,
            "execution-id": str(uuid.uuid4()),
            "attempt-number": "1",
        }.items():
            payload = payload.replace(f"<aws.scheduler.{name}>", value)
        json.loads(payload)  # a payload that is no JSON is the template's fault, told here
        return payload.encode()


def next_turn(now: float, every_seconds: int) -> float:
    """Give the first whole multiple of the period after now."""
    return (now // every_seconds + 1) * every_seconds
