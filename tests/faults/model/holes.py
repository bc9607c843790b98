"""The holes that an earlier wording of the protocol had, each as the smallest world in which it shows.

`without` names every safeguard that has to go before the hole opens; `depth` is the length of the shortest way in.
Of several safeguards those in `alone` suffice by themselves.
"""

from dataclasses import dataclass, replace

from tests.faults.model import protocol, workflow


@dataclass(frozen=True)
class Hole:
    """A hole: its world is clean as designed, and without these safeguards comes to this complaint."""

    name: str
    world: object
    without: str
    complaint: str
    depth: int
    alone: str = ""

    def model(self, *, opened):
        """The model of its world, with the safeguards or without them."""
        config = replace(self.world, without=frozenset(self.without.split())) if opened else self.world
        return (workflow.Workflow if isinstance(config, workflow.Config) else protocol.Protocol)(config)


def _claims(acts, *timetables, number=1):
    return protocol.Config(timetables=timetables, workers=0, sweeps=False, operator_acts=number, acts=acts)


def _one(**world):
    return protocol.Config(timetables=((1,),), **world)


_PAUSING = _one(operator_acts=2, acts=("pauses", "resumes"))
_RECREATING = ("deletes", "recreates")

HOLES = (
    Hole("H1 an edit between read and claim", _claims(("edits",), (1, 3), (1, 2, 3)),
         "head_version", "fire time 2 was lost", 5),
    Hole("H1 a new incarnation between read and claim", _claims(_RECREATING, (1, 3), (1, 2, 3), number=2),
         "version_raised generation_raised", "fire time 2 was lost", 7,
         alone="version_raised generation_raised"),
    Hole("H2 pause and resume jump over a due fire time", _claims(("pauses", "resumes"), (1, 2), number=2),
         "jumped_recorded", "fire time 1 was lost", 4),
    Hole("H2 an edit jumps over a due fire time", _claims(("edits",), (1, 2), (2,)),
         "jumped_recorded", "fire time 1 was lost", 2),
    Hole("H2 a delete jumps over a due fire time", _claims(("deletes",), (1, 2)),
         "jumped_recorded", "fire time 1 was lost", 2),
    Hole("H3 a start after the pause was answered", _one(operator_acts=1, acts=("pauses",)),
         "pause_ends_queued", "a run started after the schedule was paused, and the answer to that", 9),
    Hole("H3 the head asked before the wait", _one(operator_acts=1, acts=("pauses",)),
         "head_after_wait", "a run started after the schedule was paused, and the answer to that", 10),
    Hole("H4 a verdict before the fire time", _PAUSING,
         "verdict_at_its_time", "a run was ended before its time although its schedule fires then", 10),
    Hole("H5 a fire time of the pause runs after it", _PAUSING,
         "active_since", "a fire time inside a pause ran after it", 11),
    Hole("H6 a new incarnation meets the old one's rows", _claims(_RECREATING, (1, 2), number=2),
         "claimed_until", "fire time 1 met an older row", 9),
    Hole("H6 a cached revision runs the old job", protocol.Config(
        operator_acts=2, acts=_RECREATING, sweeps=False, lease_outlasts=("repeat", "call", "finish")),
         "revisions_continue cache_by_generation", "a run executed another generation's job", 13,
         alone="revisions_continue"),
    Hole("H7 the sweep writes over an end", _one(),
         "sweep_condition", "a SUCCEEDED row became RETRYING", 13),
    Hole("H7 a lost attempt ends the next one's row", _one(workers=2),
         "finish_claim_id finish_attempt", "an attempt ended a row that another one owns", 19,
         alone="finish_claim_id finish_attempt"),
    Hole("H8 a repeated start takes back a lost row", _one(lost=1, lease_outlasts=("call", "finish")),
         "own_write_in_its_state expiry_claim_id lease_check",
         "an attempt called its target after another had taken over", 13,
         alone="lease_check"),
    Hole("H9 wake_at moved onto an ended row", _one(),
         "extend_condition", "a SUCCEEDED row has a wake_at", 12),
    Hole("H10 a duplicate starts the next attempt early", _one(duplicates=1, failures=1),
         "attempt_tag not_before", "a retry started before its time", 15,
         alone="not_before"),
    Hole("H10 a dead letter ends a running row", _one(duplicates=1, poison=1, attempts=1),
         "dead_letter_condition", "a running row was ended as undeliverable", 11),
    Hole("H10 early messages burn their receives", _one(redrive=True),
         "early_is_acked", "a run was undeliverable although nothing failed", 9),
    Hole("H11 a call without a look at the lease", _one(workers=2),
         "lease_check", "an attempt called its target after another had taken over", 12),
    Hole("H12 compensation forgotten after FAILED", workflow.Config(crashes=1, failures=1),
         "straight_to_compensating", "stuck: no way on without help from people", 21),
    Hole("H13 skewed clocks turn compensation round", workflow.Config(failures=1, skew=True),
         "finished_after_needed", "step 0 is compensated before a step that needed it", 26),
    Hole("H14 a step starts in a cancelled workflow", workflow.Config(cancels=1),
         "parent_read", "a step started although its message came after the cancel", 13),
    Hole("H14 an ended step that nobody nudges", workflow.Config(crashes=1, failures=1),
         "nudge parent_wake", "stuck: no way on without help from people", 0,
         alone="parent_wake"),
)  # fmt: skip
