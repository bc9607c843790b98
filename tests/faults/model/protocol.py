"""The protocol model: DESIGN's section 4 without AWS, with every safeguard as a switch, and what must always hold."""

from dataclasses import dataclass

from tests.faults.model.claiming import tick_steps
from tests.faults.model.executing import queue_steps, worker_steps
from tests.faults.model.operating import operator_steps
from tests.faults.model.recovering import sweep_steps, timer_steps, undertaker_steps
from tests.faults.model.state import NEVER, UNFINISHED, Head, Left, State, put, same

SAFEGUARDS = frozenset(
    [
        "next_fire_at",
        "head_version",
        "rows_first",
        "put_if_absent",
        "version_raised",
        "jumped_recorded",
        "pause_ends_queued",
        "edit_aims_anew",
        "active_since",
        "claimed_until",
        "revisions_continue",
        "generation_raised",
        "head_after_wait",
        "verdict_at_its_time",
        "early_is_acked",
        "head_check",
        "attempt_tag",
        "not_before",
        "start_condition",
        "fresh_claim_id",
        "own_write_known",
        "own_write_in_its_state",
        "lease_check",
        "finish_claim_id",
        "finish_state",
        "finish_attempt",
        "sweep_condition",
        "extend_condition",
        "expiry_claim_id",
        "dead_letter_condition",
        "cache_by_generation",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """Who takes part, what may go wrong how often, and which safeguards are taken away."""

    timetables: tuple = ((1, 2),)
    ticks: int = 1
    workers: int = 1
    sweeps: bool = True
    split: bool = False
    lag: bool = False
    redrive: bool = False
    attempts: int = 2
    crashes: int = 0
    lost: int = 0
    drops: int = 0
    duplicates: int = 0
    poison: int = 0
    failures: int = 0
    operator_acts: int = 0
    acts: tuple = ()
    exclusive_calls: bool = False
    lease_outlasts: tuple = ()
    no_waste: bool = False
    without: frozenset = frozenset()

    @property
    def end(self):
        """The last moment: the last fire time of any timetable."""
        return max(max(fires) for fires in self.timetables)


class Protocol:
    """The model that `search` explores."""

    def __init__(self, config):
        unknown = config.without - SAFEGUARDS
        if unknown:
            raise ValueError(f"no safeguards of these names: {sorted(unknown)}")
        self.config = config

    def on(self, safeguard):
        """Whether a safeguard is in place."""
        return safeguard not in self.config.without

    def initial(self):
        """A schedule just made, before its first fire time."""
        config = self.config
        fires = config.timetables[0]
        head = Head("active", 1, 1, 1, fires, fires[0], 0, 0)
        moments = (None,) * (config.end + 1)
        left = Left(
            config.crashes,
            config.lost,
            config.drops,
            config.duplicates,
            config.poison,
            config.failures,
            config.operator_acts,
        )
        zeros = (0,) * (config.end + 1)
        return State(
            0, head, head, moments, (), (), ((),) * config.ticks, ((),) * config.workers, (), (), (), 1,
            zeros, zeros, zeros, ((),) * config.workers, left, "",
        )  # fmt: skip

    def steps(self, state):
        """Every next step of every actor."""
        yield from timer_steps(self, state)
        yield from tick_steps(self, state)
        yield from worker_steps(self, state)
        yield from queue_steps(self, state)
        yield from sweep_steps(self, state)
        yield from undertaker_steps(self, state)
        yield from operator_steps(self, state)

    def write_head(self, state, head):
        """The head rewritten; with lag, the due index may go on showing the one before."""
        return state._replace(head=head, lagging=state.head if self.config.lag else head)

    def on_time(self, state):
        """A fire time has come: from now on its generation must have a row for it."""
        head, fire = state.head, state.now
        if head.state == "deleted" or fire not in head.fires or fire <= head.until:
            return state
        row = state.rows[fire]
        wrong = state.wrong
        is_own = row is not None and row.generation == head.generation
        if head.state == "active" and is_own and row.state == "SKIPPED" and fire > head.since:
            wrong = wrong or "a run was ended before its time although its schedule fires then"
        asleep = put(state.asleep, fire, int(head.state == "paused"))
        return state._replace(owed=put(state.owed, fire, head.generation), asleep=asleep, wrong=wrong)

    def on_start(self, state, fire, before):
        """An attempt started: was it allowed to?"""
        head, wrong = state.head, ""
        if before.early:
            wrong = "a retry started before its time"
        elif state.now < fire:
            wrong = "a run started before its fire time"
        elif not before.attempt and state.acked:
            if head.state != "active" or before.generation != head.generation:
                wrong = f"a run started after the schedule was {head.state}, and the answer to that"
            elif fire not in head.fires:
                wrong = "a run started after an edit took its fire time away, and the answer to that"
            elif state.asleep[fire]:
                wrong = "a fire time inside a pause ran after it"
        return state if not wrong else state._replace(wrong=state.wrong or wrong)

    def on_call(self, state, place, fire, started):
        """A target is called: at most once per attempt, by the row's owner, with its own generation's job."""
        wrong, row = "", state.rows[fire]
        bit = 1 << started.attempt
        if state.calls[fire] & bit:
            wrong = f"attempt {started.attempt} called its target twice"
        elif not same(row, started):
            wrong = "an attempt called its target after another had taken over"
        elif self.config.exclusive_calls and self._others_call(state, place, fire):
            wrong = "two attempts of one run were calling at once"
        state = state._replace(calls=put(state.calls, fire, state.calls[fire] | bit))
        if "recreates" in self.config.acts:
            state, job = self._job(state, place, started)
            wrong = wrong or ("" if job == started.generation else "a run executed another generation's job")
        return state if not wrong else state._replace(wrong=state.wrong or wrong)

    @staticmethod
    def _others_call(state, place, fire):
        return any(
            number != place and local and local[0] == "finish" and local[1][0] == fire
            for number, local in enumerate(state.workers)
        )

    def _job(self, state, place, started):
        """The generation of the job that the worker finds: in its cache, or else in the table."""
        key = (started.revision, started.generation if self.on("cache_by_generation") else 0)
        warm = dict(state.warm[place])
        if key not in warm:
            is_newest = started.revision >= state.head.revision
            warm[key] = state.head.generation if is_newest else started.generation
        return state._replace(warm=put(state.warm, place, tuple(sorted(warm.items())))), warm[key]

    def wrong(self, state):
        """What must hold in every state."""
        if state.wrong:
            return state.wrong
        head = state.head
        for fire, row in enumerate(state.rows):
            if row is not None and row.wake != (row.state in UNFINISHED):
                return f"a {row.state} row {'has a' if row.wake else 'has no'} wake_at"
            if self.config.no_waste and row is not None and row.state == "UNKNOWN" and not state.calls[fire]:
                return "the only attempt was given away uncalled, because an answer was lost"
            owed = state.owed[fire]
            if not owed or (row is not None and row.generation == owed):
                continue
            has_passed = head.generation > owed or head.next > fire
            if has_passed and not any(local and fire in local[-3] for local in state.ticks if len(local) > 2):
                return f"fire time {fire} was lost" if row is None else f"fire time {fire} met an older row"
        return ""

    def is_done(self, state):
        """Everything due is on record, every row has ended, and nobody is in the middle of anything."""
        if state.now < self.config.end or state.sweep or state.operator or state.undertaker:
            return False
        if any(state.ticks) or any(state.workers):
            return False
        if state.head.state == "active" and state.head.next != NEVER:
            return False
        return not self.config.workers or all(
            row is None or row.state not in UNFINISHED for row in state.rows
        )
