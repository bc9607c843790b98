"""The second factor: a sensitive schedule is run only once a code confirms it, and the same code is refused again.

Asked for before the window and confirmed after it, because the code that activates the factor is used up by that.
"""

import urllib.parse
from dataclasses import dataclass, field
from typing import Any

import pyotp

from local.api_client import ApiClient, ApiError
from local.demo.show import below, title

SCHEDULE = "payroll"
_PATIENCE_SECONDS = 30


@dataclass(slots=True)
class TwiceConfirmed:
    """One operation in two steps."""

    api: ApiClient
    receiver_url: str
    _secret: str = ""
    _waiting: dict[str, Any] = field(default_factory=dict)

    def ask(self) -> None:
        """Enrol, make a sensitive schedule, and ask for a run of it."""
        self._secret = self.api.post("/v1/me/totp", {"password": self.api.password})["secret"]
        codes = self.api.post("/v1/me/totp/activate", {"code": self._code()})["recovery_codes"]
        self.api.post("/v1/schedules", self._document())
        self._waiting = self._trigger()
        title(2, "A second factor: what is sensitive is asked for, and not done yet")
        below(f"{self._waiting['sentence']} {self._waiting['reason']}")
        below(f"The admin has an authenticator now, and {len(codes)} recovery codes.")

    def confirm(self) -> list[str]:
        """Confirm with a computed code; say what is wrong with what follows, nothing when it is right."""
        if self.api.runs(SCHEDULE):
            return [f"{SCHEDULE} ran before it was confirmed"]
        code = self._code()
        run_id = self.api.post(self._path(self._waiting), {"code": code})["run_id"]
        run = self.api.run_at_its_end(run_id, _PATIENCE_SECONDS)
        title(4, "The same, confirmed by a code; the audit log tells of it")
        print(f"   {run_id} {run['state']}")
        trail = self.api.get(f"/v1/audit?object={urllib.parse.quote(f'schedule:{SCHEDULE}')}")["items"]
        for entry in trail:
            print(f"   {entry['at'][11:19]}  {entry['actor']:<6} {entry['action']:<17} {_how(entry)}")
        found = [] if run["state"] == "SUCCEEDED" else [f"{run_id} ended {run['state']}"]
        if not any(entry["confirmed_by"] for entry in trail):
            found.append("the audit log does not say how the run was confirmed")
        return found + self._again(code)

    def _again(self, code: str) -> list[str]:
        try:
            self.api.post(self._path(self._trigger()), {"code": code})
        except ApiError as refused:
            print(f"   The same code again: {refused.status} {refused.problem['code']}.")
            return [] if refused.problem["code"] == "code_refused" else [f"the code was refused: {refused}"]
        return ["the same code was good twice"]

    def _document(self) -> dict[str, Any]:
        target = {"kind": "http", "method": "POST", "url": f"{self.receiver_url}/{SCHEDULE}"}
        return {
            "schedule_id": SCHEDULE,
            "sensitive": True,
            "timetable": {"expression": "@yearly"},
            "job": {"target": target},
        }

    def _trigger(self) -> dict[str, Any]:
        answer = self.api.post(f"/v1/schedules/{SCHEDULE}/trigger")
        return dict(answer["confirmation"])

    def _code(self) -> str:
        return pyotp.TOTP(self._secret).now()

    @staticmethod
    def _path(confirmation: dict[str, Any]) -> str:
        return f"/v1/confirmations/{confirmation['confirmation_id']}"


def _how(entry: dict[str, Any]) -> str:
    return f"confirmed by {entry['confirmed_by']}" if entry["confirmed_by"] else entry["outcome"]
