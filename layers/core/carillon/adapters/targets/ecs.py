"""Calls an ecs target, asks how its task stands, and stops it."""

from carillon.adapters.targets.deadline import Deadline
from carillon.adapters.targets.followed import FollowedTarget
from carillon.domain.outcome import Outcome
from carillon.domain.target_call import TargetCall
from carillon.domain.targets import ecs
from carillon.domain.targets.arn import Arn, region_of


class EcsTarget(FollowedTarget):
    """A container task. The token covers one attempt: another attempt wants another task."""

    kind = ecs.KIND
    service = "ecs"
    errors = ecs.ERRORS

    def _call(self, call: TargetCall, arn: Arn, deadline: Deadline) -> Outcome:
        answer = self._send("run_task", ecs.run_task_request(call, self._stack), arn.region, deadline)
        return answer if isinstance(answer, Outcome) else ecs.read_started(answer)

    def ask(self, remote_id: str) -> Outcome | None:
        """How the task ended, None while it goes on; Unavailable."""
        request = {"cluster": ecs.cluster_of(remote_id), "tasks": [remote_id]}
        answer = self._ask("describe_tasks", request, region_of(remote_id))
        return answer if isinstance(answer, Outcome) else ecs.read_task(answer, remote_id)

    def stop(self, remote_id: str, why: str) -> None:
        """Stops the task; Unavailable."""
        request = {"cluster": ecs.cluster_of(remote_id), "task": remote_id, "reason": why[:255]}
        self._ask("stop_task", request, region_of(remote_id))
