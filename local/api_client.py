"""The API as any client uses it: over HTTP, with a token; for the tour, the chaos command and the tests."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Mapping
from typing import Any


class ApiError(RuntimeError):
    """The API refused; `status` and the problem document say why."""

    def __init__(self, method: str, path: str, status: int, problem: Any) -> None:
        super().__init__(f"{method} {path} answered {status}: {json.dumps(problem, ensure_ascii=False)}")
        self.status = status
        self.problem = problem


class ApiClient:
    """Calls the API; after `login` with a token."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._token: str | None = None
        self.password = ""

    @property
    def token(self) -> str:
        """Give the token of the login."""
        return self._token or ""

    def login(self, user: str, password: str) -> None:
        """Get a token and use it from now on."""
        self._token = self.post("/v1/login", {"user": user, "password": password})["token"]
        self.password = password

    def get(self, path: str) -> Any:
        """Read one document."""
        return self.call("GET", path)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a document or a command."""
        return self.call("POST", path, body)

    def runs(self, schedule_id: str) -> list[dict[str, Any]]:
        """Give every run of a schedule, page by page."""
        path = f"/v1/schedules/{schedule_id}/runs?limit=100"
        page = self.get(path)
        found: list[dict[str, Any]] = page["items"]
        while page.get("next_cursor"):
            page = self.get(f"{path}&cursor={urllib.parse.quote(page['next_cursor'])}")
            found += page["items"]
        return found

    def run(self, run_id: str) -> dict[str, Any]:
        """Give one run with its events."""
        return dict(self.get(f"/v1/runs/{urllib.parse.quote(run_id, safe='')}"))

    def run_at_its_end(self, run_id: str, seconds: float) -> dict[str, Any]:
        """Give one run once it has ended, or as it stands when the time is up."""
        until = time.monotonic() + seconds
        while (run := self.run(run_id))["ended_at"] is None and time.monotonic() < until:
            time.sleep(0.5)
        return run

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Any:
        """Make one request, with more headers if wished; ApiError for any answer that is no success."""
        headers = {"Content-Type": "application/json", **(more or {})}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if path.endswith("/trigger"):
            headers |= {"X-Timestamp": str(int(time.time())), "X-Nonce": uuid.uuid4().hex}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            raise ApiError(method, path, error.code, _problem(error.read())) from error
        return json.loads(text) if text else None


def _problem(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode(errors="replace")
