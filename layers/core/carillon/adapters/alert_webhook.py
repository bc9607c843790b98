"""The alerts webhook: an address that is sent each alert as JSON, checked and called as an http target is."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from carillon.adapters.targets.http import HttpTarget
from carillon.domain.errors import CarillonError
from carillon.domain.outcome import OutcomeKind
from carillon.domain.secrets import Secret
from carillon.domain.target_call import TargetCall
from carillon.ports.world import Clock

DEADLINE: Final = timedelta(seconds=5)


class AlertWebhook:
    """One POST for each alert, signed where there is a key; `key` reads it and is asked once it has answered."""

    def __init__(self, target: HttpTarget, url: str, key: Callable[[], str], clock: Clock) -> None:
        self._target = target
        self._url = url
        self._key = key
        self._clock = clock

    def publish(self, subject: str, message: Mapping[str, Any]) -> None:
        """Sends one alert; any answer but a success is a CarillonError that says why."""
        now, key = self._clock.now(), self._key()
        spec = {"kind": "http", "url": self._url, "body": {"subject": subject, **message}}
        if key:
            spec["sign_with"] = Secret(key)
        call = TargetCall(
            run_id=str(message["alert_id"]),
            schedule_id=str(message.get("schedule_id", "")),
            attempt=1,
            fire_at=now,
            deadline_at=now + DEADLINE,
            spec=spec,
            log=lambda _: None,
        )
        outcome = self._target.execute(call)
        if outcome.kind is not OutcomeKind.SUCCESS:
            raise CarillonError(f"The webhook: {outcome.message}")
