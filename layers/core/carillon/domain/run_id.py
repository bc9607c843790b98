"""Run ids: readable, deterministic, URL-safe, sorted by time.

`nightly-etl@20261122T020000Z` is a fire time, `nightly-etl@20261122T021417Z~k3f9x2mq` a manual trigger,
`nightly-etl@20261122T021417Z~p-k3f9x2mq` one that was given a payload, and `nightly-etl@20261122T020000Z.extract` a
step. `.` sorts before `~`, so a workflow's steps stand right behind it.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from carillon.domain.errors import RunNotFound
from carillon.domain.moments import from_key, to_key

SCHEDULE_ID = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
_RUN_KEY = re.compile(r"\d{8}T\d{6}Z(?:~[a-z0-9-]{1,40})?(?:\.[A-Za-z0-9_.-]{1,80})?")

_REPETITION = re.compile(r"[~-]r\d{1,4}$")
_WITH_PAYLOAD = re.compile(r"(?P<trigger>\d{8}T\d{6}Z~p-[a-z0-9]+)(?:-r\d{1,4})?(?:\.|$)")
_PAYLOAD: Final = "~payload"


@dataclass(frozen=True, slots=True, order=True)
class RunId:
    """The identity of one run: its schedule and its key in the Runs table."""

    schedule_id: str
    run_key: str

    def __str__(self) -> str:
        return f"{self.schedule_id}@{self.run_key}"

    @property
    def moment(self) -> datetime:
        """The time the key begins with: the fire time, or when a manual run was asked for."""
        return from_key(self.run_key)

    @classmethod
    def of_fire_time(cls, schedule_id: str, fire_at: datetime) -> "RunId":
        """The one id that a fire time can have."""
        return cls(schedule_id, to_key(fire_at))

    @classmethod
    def of_trigger(
        cls, schedule_id: str, asked_at: datetime, tail: str, *, has_payload: bool = False
    ) -> "RunId":
        """The id of a manual run; `tail` makes two of one second differ.

        That there is a payload is part of the id, so that nobody can take one away, or give one, in the table.
        """
        return cls(schedule_id, f"{to_key(asked_at)}~{'p-' if has_payload else ''}{tail}")

    @property
    def is_payload(self) -> bool:
        """Whether it is where a payload is kept, and no run."""
        return self.run_key.endswith(_PAYLOAD)

    @property
    def payload(self) -> "RunId | None":
        """Under which id the payload of this run's trigger is kept, which no run can have; None without a payload."""
        found = _WITH_PAYLOAD.match(self.run_key)
        return None if found is None else RunId(self.schedule_id, f"{found['trigger']}{_PAYLOAD}")

    def repetition(self, number: int) -> "RunId":
        """The id of the number-th run by hand of the same work; a repetition's own are numbered with the first's."""
        base = _REPETITION.sub("", self.run_key)
        return RunId(self.schedule_id, f"{base}{'-' if '~' in base else '~'}r{number}")

    @classmethod
    def parse(cls, text: str) -> "RunId":
        """Reads an id as people paste it; RunNotFound when it cannot be one."""
        schedule_id, _, run_key = text.partition("@")
        if not SCHEDULE_ID.fullmatch(schedule_id) or not _RUN_KEY.fullmatch(run_key):
            raise RunNotFound(f"{text[:100]!r} is not a run id; one looks like nightly-etl@20261122T020000Z")
        return cls(schedule_id, run_key)
