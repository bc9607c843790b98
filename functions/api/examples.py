"""One example of each body, as the description shows it; a test has the API take every one of them."""

from collections.abc import Mapping
from typing import Any, Final

_PRESENT: Final = "four words chosen by dice"
_NEXT: Final = "four other words by dice"
_JOB: Final = {"target": {"kind": "http", "method": "POST", "url": "https://api.example.com/jobs"}}
_SCHEDULE: Final = {
    "schedule_id": "nightly-etl",
    "description": "Loads yesterday's orders.",
    "tags": {"team": "data"},
    "timetable": {"expression": "30 2 * * *", "zone": "Europe/Berlin"},
    "job": _JOB,
}
_ROLE: Final = {
    "role": "data-team",
    "description": "Runs what is tagged for the data team.",
    "permissions": [{"resource": "schedules", "actions": ["read", "trigger"], "scope": "tag:team=data"}],
    "inherits": [],
}
_CALENDAR: Final = {"name": "de-holidays", "dates": ["2026-12-25", "2026-12-26"]}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "POST /v1/login": {"user": "ada", "password": _PRESENT},
    "POST /v1/me/password": {
        "current_password": _PRESENT,
        "new_password": _NEXT,
    },
    "POST /v1/me/totp": {"password": _PRESENT},
    "POST /v1/me/totp/activate": {"code": "492039"},
    "POST /v1/confirmations/{confirmation_id}": {"code": "492039"},
    "POST /v1/users": {"user": "ada", "kind": "person", "roles": ["operator"]},
    "PUT /v1/users/{user}": {"description": "On call", "roles": ["operator"], "enabled": True},
    "POST /v1/roles": _ROLE,
    "PUT /v1/roles/{role}": _ROLE,
    "POST /v1/schedules": _SCHEDULE,
    "PUT /v1/schedules/{schedule_id}": _SCHEDULE,
    "POST /v1/schedules/{schedule_id}/pause": {"until": "2026-11-23T06:00:00Z"},
    "POST /v1/schedules/{schedule_id}/resume": {"catch_up": True},
    "POST /v1/schedules/{schedule_id}/skip-next": {"count": 1},
    "POST /v1/schedules/{schedule_id}/trigger": {"payload": {"day": "2026-11-21"}},
    "POST /v1/schedules/{schedule_id}/backfills": {
        "first": "2026-11-01T00:00:00Z",
        "last": "2026-11-07T23:59:59Z",
        "max_concurrent": 2,
    },
    "POST /v1/timetables/preview": {"expression": "30 2 * * *", "zone": "Europe/Berlin", "count": 5},
    "POST /v1/calendars": _CALENDAR,
    "PUT /v1/calendars/{name}": _CALENDAR,
    "POST /v1/runs/{run_id}/cancel": {"compensate": False},
    "POST /v1/runs/{run_id}/settle": {"note": "Rows removed by hand, ticket 4711."},
    "POST /v1/runs/{run_id}/complete": {"output": {"rows": 10000}},
    "POST /v1/runs/{run_id}/fail": {"reason": "disk_full", "message": "No space left.", "retryable": True},
}
"""Method and path → a body."""
