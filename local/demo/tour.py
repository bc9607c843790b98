"""Plays the scenes against the API, watches until everything has ended, and judges.

Everything goes through the HTTP API as a user would, but two things: the operator function makes the first
user, and a queue subscribed to the alerts topic stands for whoever reads the alerts.
"""

import json
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.api_client import ApiClient
from local.demo.etl import EtlAct
from local.demo.preview import foretell
from local.demo.scenes import SCENES, Scene, Window
from local.demo.show import Progress, announce, praise, summary
from local.demo.twice import TwiceConfirmed
from local.demo.verdict import Evidence, claimed_ahead, differences, settled, within
from local.inventory import ACCOUNT, REGION
from local.receiver import Receiver
from local.stack import LaptopCloud, Plan

_LEAD_SECONDS = 8
_GRACE_SECONDS = 40
_POLL_SECONDS = 2


def demo(seconds: int) -> int:
    """Run the tour; 0 when every fire time was recorded once and every job ended as it should."""
    receiver = Receiver()
    try:
        with LaptopCloud(Plan(folder=Plan().folder / "demo")) as cloud:
            return Tour(cloud, receiver, seconds).play()
    finally:
        receiver.stop()


def open_window(now: datetime, seconds: int) -> Window:
    """Give a window that begins soon and whose ends fall between fire times."""
    begins = int(now.timestamp()) + _LEAD_SECONDS
    begins += 2 - begins % 5 if begins % 5 <= 2 else 7 - begins % 5
    # At least one whole minute, so that the job of each minute has its turn.
    length = max(seconds, 65) // 5 * 5
    starts_at = datetime.fromtimestamp(begins, UTC)
    return Window(starts_at, starts_at + timedelta(seconds=length))


@dataclass(slots=True)
class Tour:
    """One performance."""

    cloud: LaptopCloud
    receiver: Receiver
    seconds: int

    def play(self) -> int:
        """Set the stage, watch, and judge."""
        api, alerts = self.cloud.admin(), _Alerts(self.cloud)
        wrong, twice = foretell(api), TwiceConfirmed(api, self.receiver.url)
        twice.ask()
        window = open_window(datetime.now(UTC), self.seconds)
        announce(window)
        for scene in SCENES:
            api.post("/v1/schedules", scene.document(window, self.receiver.url))
            if scene.paused:
                api.post(f"/v1/schedules/{scene.schedule_id}/pause")
            if scene.triggered:
                api.post(f"/v1/schedules/{scene.schedule_id}/trigger")
        runs = self._watch(api, window)
        wrong += twice.confirm()
        wrong += EtlAct(self.cloud, api).play()
        return self._judge(window, runs, alerts, wrong)

    def _watch(self, api: ApiClient, window: Window) -> dict[Scene, list[dict[str, Any]]]:
        """Show what ends until all has ended, or the time is up."""
        progress = Progress()
        seen: dict[Scene, list[dict[str, Any]]] = {scene: [] for scene in SCENES}
        waiting = set(SCENES)
        until = window.ends_at + timedelta(seconds=_GRACE_SECONDS)
        while waiting and datetime.now(UTC) < until:
            time.sleep(_POLL_SECONDS)
            over = datetime.now(UTC) > window.ends_at
            for scene in [scene for scene in SCENES if scene in waiting]:
                seen[scene] = api.runs(scene.schedule_id)
                if over and settled(scene, window, seen[scene]):
                    waiting.discard(scene)
            progress.show(within(window, [run for runs in seen.values() for run in runs]))
        return seen

    def _judge(
        self, window: Window, runs: dict[Scene, list[dict[str, Any]]], alerts: "_Alerts", wrong: list[str]
    ) -> int:
        calls = Counter(call.key for call in self.receiver.calls() if call.at < window.ends_at.timestamp())
        due = {scene: within(window, found) for scene, found in runs.items()}
        told = alerts.wait_for({run["run_id"] for scene in SCENES if scene.alerted for run in due[scene]})
        wrong += [
            sentence
            for scene in SCENES
            for sentence in (
                *differences(scene, window, Evidence(due[scene], calls, told)),
                *claimed_ahead(scene, window, runs[scene]),
            )
        ]
        recorded = {run["run_id"] for found in due.values() for run in found}
        wrong += [
            f"the receiver was called for {key or 'no run'}, which is not recorded"
            for key in set(calls) - recorded
        ]
        summary(due)
        if wrong:
            print("\nThis differs from what had to happen:", *wrong, sep="\n  ")
            return 1
        fires = sum(len(scene.fires(window)) for scene in SCENES)
        ahead = sum(map(len, runs.values())) - sum(map(len, due.values()))
        praise(fires, ahead)
        return 0


class _Alerts:
    """A queue that hears the alerts topic."""

    def __init__(self, cloud: LaptopCloud) -> None:
        self._sqs = cloud.client("sqs")
        self._url = self._sqs.create_queue(QueueName="demo-alerts")["QueueUrl"]
        cloud.client("sns").subscribe(
            TopicArn=cloud.inventory.outputs["AlertsTopicArn"],
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:demo-alerts",
            Attributes={"RawMessageDelivery": "true"},
        )

    def wait_for(self, run_ids: set[str]) -> Counter[str]:
        """Give how often each run was told of, after a wait for those that must be."""
        told: Counter[str] = Counter()
        until = time.monotonic() + _GRACE_SECONDS
        while time.monotonic() < until:
            found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            messages = found.get("Messages", [])
            told.update(json.loads(message["Body"]).get("run_id", "") for message in messages)
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            if not messages and run_ids <= set(told):
                break
        return told
