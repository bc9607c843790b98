"""Calls a lambda target: waits for its answer, or hands the event to the function's own queue."""

import base64
from typing import Any

from carillon.adapters.targets.aws import AwsTarget
from carillon.adapters.targets.deadline import Deadline
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.target_call import TargetCall
from carillon.domain.targets import lambda_
from carillon.domain.targets.arn import Arn
from carillon.domain.targets.aws_spec import encoded, told_input


class LambdaTarget(AwsTarget):
    """A function; Invoke takes no idempotency key, so an answer that is lost leaves its effect unknown."""

    kind = lambda_.KIND
    service = "lambda"
    errors = lambda_.ERRORS

    def _call(self, call: TargetCall, arn: Arn, deadline: Deadline) -> Outcome:
        if call.spec.get("mode") == "async":
            answer = self._send("invoke", _request(call, "Event"), arn.region, deadline)
            if isinstance(answer, Outcome):
                return answer
            return Outcome(OutcomeKind.SUCCESS, "Lambda took the event.", status=answer.get("StatusCode"))
        request = _request(call, "RequestResponse") | {"LogType": "Tail"} | lambda_.client_context(call)
        answer = self._send("invoke", request, arn.region, deadline, cancelled=call.cancelled)
        if isinstance(answer, Outcome):
            return answer
        for line in _tail(answer.get("LogResult")):
            call.log(line)
        return lambda_.read_lambda_answer(
            answer["Payload"].read().decode(errors="replace"), answer.get("FunctionError")
        )


def _request(call: TargetCall, invocation: str) -> dict[str, Any]:
    text = _json(told_input(call, "payload"))
    return {"FunctionName": call.spec["arn"], "InvocationType": invocation, "Payload": text.encode()}


def _json(payload: object) -> str:
    # A payload is always JSON, so a text needs its quotes.
    return encoded([payload])[1:-1]


def _tail(log: str | None) -> list[str]:
    return base64.b64decode(log or "").decode(errors="replace").splitlines()
