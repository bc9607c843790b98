"""A representative day of a stack: every door, every state that a run can come to, every event file."""

import gzip
import json
from datetime import timedelta

import pyotp

from carillon.domain.moments import to_rfc3339
from local.inventory import ACCOUNT, REGION
from local.receiver import Receiver
from tests.functions.event_files import event, names

PASSWORD = "a password of my own, and long"  # pragma: allowlist secret


class Play:
    """Drives a stage's functions through their doors, as users, queues and streams would."""

    def __init__(self, stage, planted):
        self._stage, self._planted = stage, planted
        self._token, self._nonce, self._receiver, self.seed = None, 0, None, None

    def run(self):
        """The whole day."""
        self._receiver = Receiver()
        try:
            self._act()
        finally:
            self.received = self._receiver.calls()
            self._receiver.stop()

    def _act(self):
        self._begin()
        self._sensitive()
        self._schedules()
        self._ticks()
        self._call_back()
        self._streams()
        self._event_files()
        self._undeliverable()
        self._ticks()
        self._streams()
        self._stage.replay("completion", "completion-command")
        self._end_of_work_elsewhere()
        self._stage.replay("follow", "follow-clock")
        self._stage.clock.sleep(86_400)
        for name in (n for n in names() if n.startswith("operator-")):
            self._stage.replay("operator", name)
        today = f"{self._stage.now() - timedelta(days=1):%Y-%m-%d}"
        self._stage.invoke("operator", {"command": "re-archive", "from": today, "to": today})
        # What the operator has done since was never streamed, so it is what the archive lacks.
        self._stage.clock.sleep(86_400)
        tomorrow = f"{self._stage.now() - timedelta(days=1):%Y-%m-%d}"
        lacked = {"command": "re-archive-audit", "from": tomorrow, "to": tomorrow}
        assert self._stage.invoke("operator", lacked)["rows"] > 0

    def call(self, method, path, document=None, **headers):
        """One request as the administrator."""
        path, _, query = path.partition("?")
        self._nonce += 1
        sent = {
            "content-type": "application/json",
            "x-timestamp": to_rfc3339(self._stage.now()),
            "x-nonce": f"nonce-{self._nonce:012}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        if self._token:
            sent["authorization"] = f"Bearer {self._token}"
        request = event("api-health")
        http = {**request["requestContext"]["http"], "method": method, "path": path}
        request |= {"rawPath": path, "rawQueryString": query, "headers": sent, "isBase64Encoded": False}
        request["requestContext"] = {**request["requestContext"], "http": http}
        if document is not None:
            request["body"] = json.dumps(document)
        answer = self._stage.invoke("api", request)
        return answer["statusCode"], json.loads(answer["body"]) if answer.get("body") else None

    def _begin(self):
        made = self._stage.invoke("operator", {"command": "bootstrap", "user": "admin"})
        credentials = {"user": "admin", "password": made["password"]}
        _, answer = self.call("POST", "/v1/login", credentials)
        self._token = answer["token"]
        self._enrol(made["password"])
        change = {"current_password": made["password"], "new_password": PASSWORD}
        self._confirmed("POST", "/v1/me/password", change)
        _, answer = self.call("POST", "/v1/login", {"user": "admin", "password": PASSWORD})
        self._token = answer["token"]

    def _must(self, wanted, *request):
        status, answer = self.call(*request)
        assert status == wanted, (request[:2], status, answer)
        return answer

    def _enrol(self, password):
        self.seed = self._must(201, "POST", "/v1/me/totp", {"password": password})["secret"]
        self._must(200, "POST", "/v1/me/totp/activate", {"code": self._code()})

    def _code(self):
        return pyotp.TOTP(self.seed).at(self._stage.now())

    def _confirmed(self, *request):
        """What is asked for twice: the request, and then a code of the next step."""
        asked = self._must(202, *request)["confirmation"]
        self._stage.clock.sleep(30)
        self._stage.cool("api")
        path = f"/v1/confirmations/{asked['confirmation_id']}"
        status, answer = self.call("POST", path, {"code": self._code()})
        assert status < 300, (request[:2], status, answer)

    def _sensitive(self):
        """A schedule that runs by hand only with a code."""
        job = {"target": {"kind": "http", "url": f"{self._receiver.url}/ok"}}
        timetable = {"expression": "@yearly"}
        document = {"schedule_id": "payroll", "sensitive": True, "timetable": timetable, "job": job}
        self._must(201, "POST", "/v1/schedules", document)
        self._confirmed("POST", "/v1/schedules/payroll/trigger", {"payload": {"month": "2026-11"}})

    def _schedules(self):
        ok, fails = f"{self._receiver.url}/ok", f"{self._receiver.url}/fail"
        soon = {"expression": "* * * * *"}
        headers = {"X-Key": "Bearer ${secrets.KEY}"}
        url, body = f"{ok}/${{secrets.KEY}}", {"nested": ["${secrets.KEY}"]}
        target = {"kind": "http", "url": url, "headers": headers, "body": body}
        task = {"target": target, "secrets": {"KEY": self._planted}}
        once = {"target": {"kind": "http", "url": fails}, "retry": {"max_attempts": 1}}
        again = {**once, "retry": {"max_attempts": 2, "base_seconds": 90, "cap_seconds": 90}}
        flow = {
            "steps": {
                "list": {"target": {"kind": "http", "url": ok, "body": {"given.$": "payload.day"}}},
                "each": {
                    "target": {"kind": "http", "url": ok, "body": {"n.$": "item"}},
                    "needs": ["list"],
                    "for_each": {"over": "[steps.list.output.status]"},
                    "compensate": {"target": {"kind": "http", "url": ok}},
                },
                "last": {**once, "needs": ["each"], "when": "steps.list.output.status == `200`"},
            }
        }
        queue = {"policies": {"overlap": "queue", "max_concurrent": 1}}
        for schedule_id, job, more in (
            ("plain", task, {}),
            ("failing", once, {}),
            ("again", again, queue),
            ("flow", flow, {}),
            ("echoing", self._echoing(f"{fails}/${{secrets.KEY}}"), {}),
            ("quoting", self._quoting(), {}),
            ("waiting", {**task, "wait": "callback", "wait_timeout_seconds": 120}, queue),
        ):
            document = {"schedule_id": schedule_id, "timetable": soon, "job": job, **more}
            status, answer = self.call("POST", "/v1/schedules", document)
            assert status == 201, answer
        follower = {"after": {"schedule_id": "failing", "on": "failure"}}
        self.call("POST", "/v1/schedules", {"schedule_id": "chained", "timetable": follower, "job": once})
        for schedule_id, body in (("failing", None), ("flow", {"payload": {"day": "2026-11-21"}})):
            status, answer = self.call("POST", f"/v1/schedules/{schedule_id}/trigger", body)
            assert status == 202, answer
        self._begin_work_elsewhere()
        first, last = "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"
        self.call(
            "POST", "/v1/schedules/failing/backfills", {"first": first, "last": last, "max_concurrent": 2}
        )

    def _begin_work_elsewhere(self):
        """A state machine that nobody of the stack has made, and a run that waits for its execution."""
        states = json.dumps({"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}})
        role = f"arn:aws:iam::{ACCOUNT}:role/any"
        machine = self._stage.client("stepfunctions").create_state_machine(
            name="nightly", definition=states, roleArn=role
        )["stateMachineArn"]
        job = {"target": {"kind": "stepfunctions", "arn": machine}, "wait": "completion"}
        document = {"schedule_id": "elsewhere", "timetable": {"expression": "@yearly"}, "job": job}
        status, answer = self.call("POST", "/v1/schedules", document)
        assert status == 201, answer
        self.call("POST", "/v1/schedules/elsewhere/trigger")

    def _end_of_work_elsewhere(self):
        (execution,) = self._stage.client("stepfunctions").list_executions(
            stateMachineArn=f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:nightly"
        )["executions"]
        detail = {"executionArn": execution["executionArn"], "name": execution["name"], "status": "SUCCEEDED"}
        told = event("completion-command") | {"source": "aws.states", "region": REGION, "detail": detail}
        assert self._stage.invoke("completion", told) == {"noted": "sent"}
        self._stage.deliver()

    def _echoing(self, url):
        """A target that fails and repeats its path, with the secret in it."""
        target = {"kind": "http", "url": url, "headers": {"X-Key": "${secrets.KEY}"}}
        return {"target": target, "retry": {"max_attempts": 1}, "secrets": {"KEY": self._planted}}

    def _quoting(self):
        """A task that refuses its argument, and says which one it was."""
        arguments = {"bucket": "${secrets.KEY}", "prefix": "app/", "older_than_days": 1}
        target = {"kind": "python", "task": "delete-old-objects", "arguments": arguments}
        return {"target": target, "retry": {"max_attempts": 1}, "secrets": {"KEY": self._planted}}

    def _ticks(self):
        for _ in range(4):
            self._stage.clock.sleep(125)
            self._stage.replay("tick", "tick")
            self._stage.replay("tick", "tick-range")
            self._stage.deliver()

    def _call_back(self):
        """The target of a waiting run, which repeats the secret that it was given."""
        called = [(call.key, dict(call.headers)) for call in self._receiver.calls()]
        run, headers = next(each for each in reversed(called) if "Carillon-Callback-Token" in each[1])
        path = f"/v1/runs/{run.replace('@', '%40')}/complete"
        said = {"output": [self._planted], "message": f"called back with {self._planted}"}
        bearer, self._token = self._token, None
        status, answer = self.call(
            "POST", path, said, carillon_callback_token=headers["Carillon-Callback-Token"]
        )
        self._token = bearer
        assert (status, answer["state"]) == (200, "SUCCEEDED"), answer
        assert self.call("GET", path.replace("complete", "output")) == (200, {"output": ["***"]})

    def _streams(self):
        for name in ("follow", "archive"):
            self._stage.stream("RunsTable", name, lambda row: "ended_at" in row)
        self._stage.stream("AuditTable", "archive")

    def _event_files(self):
        order = sorted(
            (n for n in names() if n.startswith("api-")), key=lambda n: ("delete" in n, "logout" in n)
        )
        for name in (n for n in order if n != "api-logout"):
            given = event(name)
            headers = {
                **given["headers"],
                "x-timestamp": to_rfc3339(self._stage.now()),
                "x-nonce": f"file-{name}-0001",
            }
            if "authorization" in headers:
                headers["authorization"] = f"Bearer {self._token}"
            self._stage.invoke("api", {**given, "headers": headers})
        self._read_archived()
        for run in self._runs():
            for verb in ("", "/output", "/log"):
                self.call("GET", f"/v1/runs/{run}{verb}")
            self.call("POST", f"/v1/runs/{run}/cancel", {})
            self.call("POST", f"/v1/runs/{run}/retry", {})
        for path in (
            "runs?state=failed",
            "runs?state=unfinished",
            "schedules?order=next",
            "audit?actor=admin",
            "audit?object=schedule:failing",
        ):
            self.call("GET", f"/v1/{path}")
        self.call("POST", "/v1/me/totp", {"password": PASSWORD})
        self.call("GET", "/v1/confirmations")

    def _runs(self):
        found = []
        for schedule_id in ("failing", "flow", "waiting", "echoing", "quoting"):
            _, answer = self.call("GET", f"/v1/schedules/{schedule_id}/runs?limit=3")
            found += [run["run_id"].replace("@", "%40") for run in (answer or {}).get("items", [])]
        return found

    def _read_archived(self):
        bucket, key = self._stage.refs["ArchiveBucket"].ref, "runs/date=2026-01-02/hour=03/1.jsonl.gz"
        self._stage.client("s3").put_object(Bucket=bucket, Key=key, Body=gzip.compress(b""))
        status, _ = self.call("GET", "/v1/runs/failing%4020260102T030000Z")
        assert status == 404

    def _undeliverable(self):
        for name in ("worker-batch", "worker-poison"):
            self._stage.replay("worker", name)
        for name in ("dead-letter", "dead-letter-poison"):
            self._stage.replay("deadletter", name)
        self.call("POST", "/v1/schedules/failing/trigger")
        sqs, url = self._stage.client("sqs"), self._stage.refs["DispatchQueue"].ref
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            record = {"messageId": message["MessageId"], "body": message["Body"]}
            self._stage.invoke("deadletter", {"Records": [record]})
        _, letters = self.call("GET", "/v1/dead-letters")
        for letter in (letters or {}).get("items", []):
            self.call("POST", f"/v1/dead-letters/{letter['message_id']}/redrive")
