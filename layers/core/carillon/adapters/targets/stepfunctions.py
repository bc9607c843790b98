"""Calls a stepfunctions target, asks how its execution stands, and stops it."""

from carillon.adapters.targets.deadline import Deadline
from carillon.adapters.targets.followed import FollowedTarget
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.target_call import TargetCall
from carillon.domain.targets import stepfunctions
from carillon.domain.targets.arn import Arn, region_of
from carillon.domain.targets.stepfunctions import EXISTS, execution_arn, has_failed, logs_of, start_request


class StepFunctionsTarget(FollowedTarget):
    """A state machine. The execution's name is the run's, so a start that is repeated finds the first one."""

    kind = stepfunctions.KIND
    service = "stepfunctions"
    errors = stepfunctions.ERRORS

    def _call(self, call: TargetCall, arn: Arn, deadline: Deadline) -> Outcome:
        started = self._start(call, arn, deadline)
        if isinstance(started, Outcome):
            return started
        found = self._send(
            "describe_execution", {"executionArn": started}, arn.region, deadline, is_repeatable=True
        )
        if isinstance(found, Outcome):
            return found
        if not has_failed(found):
            return _started(started, "The run's execution was there already")
        # Its failure is why this attempt is made: it needs an execution of its own.
        again = self._start(call, arn, deadline, again=True)
        if isinstance(again, Outcome):
            return again
        return _started(again, "This attempt's execution was there already")

    def _start(self, call: TargetCall, arn: Arn, deadline: Deadline, *, again: bool = False) -> Outcome | str:
        """The outcome, or the ARN of the execution that has the name already."""
        request = start_request(call, self._stack, again=again)
        answer = self._send("start_execution", request, arn.region, deadline, is_repeatable=True)
        if not isinstance(answer, Outcome):
            return _started(str(answer["executionArn"]), "The execution was started")
        return execution_arn(call.spec["arn"], request["name"]) if answer.error == EXISTS else answer

    def ask(self, remote_id: str) -> Outcome | None:
        """How the execution ended, None while it goes on; Unavailable."""
        answer = self._ask("describe_execution", {"executionArn": remote_id}, region_of(remote_id))
        return answer if isinstance(answer, Outcome) else stepfunctions.read_execution(answer)

    def stop(self, remote_id: str, why: str) -> None:
        """Stops the execution; one that has ended stays as it is. Unavailable."""
        request = {"executionArn": remote_id, "error": "Carillon.Stopped", "cause": why[:1000]}
        self._ask("stop_execution", request, region_of(remote_id))


def _started(arn: str, what: str) -> Outcome:
    output = {"execution_arn": arn, "logs": logs_of(arn)}
    return Outcome(OutcomeKind.SUCCESS, f"{what}: {arn}.", output=output, remote_id=arn)
