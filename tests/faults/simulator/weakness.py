"""Safeguards taken away, by making a store forget part of a condition or a read forget part of a row.

Nothing of the services changes: what they ask for is weakened on its way into the store.
"""

from dataclasses import replace

from carillon.domain.schedule import ScheduleState

CONDITIONS = ("state", "claim_id", "attempt", "wake_at")
HEAD_CONDITIONS = ("head_version", "generation", "next_fire_at")


class Weakness:
    """What is missing from a stack; with nothing missing every method answers what it is given."""

    def __init__(self, stage, missing=()):
        self._stage = stage
        self._missing = frozenset(missing)

    def lacks(self, safeguard):
        """Whether a safeguard is taken away."""
        return safeguard in self._missing

    def condition(self, before, row):
        """The row that a transition is conditional on."""
        forgotten = [name for name in CONDITIONS if self.lacks(f"{name} condition")]
        return before if row is None else replace(before, **{name: getattr(row, name) for name in forgotten})

    def claim(self, claim, head):
        """A claim whose head condition has holes."""
        forgotten = [name for name in HEAD_CONDITIONS if self.lacks(f"{name} condition")]
        if head is None or not forgotten:
            return claim
        return replace(
            claim, schedule=replace(claim.schedule, **{name: getattr(head, name) for name in forgotten})
        )

    def change(self, change):
        """An operator's write without its records."""
        if self.lacks("jumped fire times recorded"):
            change = replace(change, runs=())
        if self.lacks("claimed_until") and change.after.state is ScheduleState.DELETED:
            change = replace(change, after=replace(change.after, claimed_until=None))
        if self.lacks("head_version raised") and change.before is not None:
            change = replace(change, after=replace(change.after, head_version=change.before.head_version))
        return change

    def head(self, head):
        """The head as a worker reads it."""
        actor = self._stage.current
        if head is None or actor is None or actor.name != "worker" or not self.lacks("head check"):
            return head
        return replace(head, state=ScheduleState.ACTIVE, active_since=None)

    def rows(self, runs):
        """Rows as the sweep reads them."""
        if not self.lacks("lease"):
            return runs
        return [replace(run, lease_until=run.lease_until and run.created_at) for run in runs]
