"""Calls an ssm target, asks how its command stands, and cancels it."""

from carillon.adapters.targets.deadline import Deadline
from carillon.adapters.targets.followed import FollowedTarget
from carillon.domain.outcome import Outcome
from carillon.domain.target_call import TargetCall
from carillon.domain.targets import ssm
from carillon.domain.targets.arn import Arn


class SsmTarget(FollowedTarget):
    """A command on servers; SendCommand takes no idempotency key, so a lost answer leaves its effect unknown."""

    kind = ssm.KIND
    service = "ssm"
    errors = ssm.ERRORS

    def _call(self, call: TargetCall, arn: Arn, deadline: Deadline) -> Outcome:
        answer = self._send("send_command", ssm.send_request(call), arn.region, deadline)
        return answer if isinstance(answer, Outcome) else ssm.read_sent(answer, arn)

    def ask(self, remote_id: str) -> Outcome | None:
        """How the command ended, None while it goes on; Unavailable."""
        region, command_id = ssm.command_of(remote_id)
        commands = self._ask("list_commands", {"CommandId": command_id}, region)
        if isinstance(commands, Outcome):
            return commands
        request = {"CommandId": command_id, "Details": True}
        invocations = self._ask("list_command_invocations", request, region)
        if isinstance(invocations, Outcome):
            return invocations
        return ssm.read_command(commands, invocations, remote_id)

    def stop(self, remote_id: str, why: str) -> None:  # noqa: ARG002 - CancelCommand takes no reason
        """Cancels the command where it has not begun or can be stopped; Unavailable."""
        region, command_id = ssm.command_of(remote_id)
        self._ask("cancel_command", {"CommandId": command_id}, region)
