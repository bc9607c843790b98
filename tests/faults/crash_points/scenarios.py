"""What a stack lives through while its calls fail: tiny scenarios, and what must come of each.

`calm` is how every run of a fire time ends when nothing fails. Under faults a run may end in one of `also` too,
where the scenario's promise allows it. The rows of fire times are always exactly these, but for `vanishing` ones:
what an operator takes away before it is due and claimed leaves no row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from carillon.domain.backfill import Order, Reprocess
from carillon.domain.backfill_document import BackfillRequest
from carillon.domain.callback import CallbackVerb
from carillon.domain.errors import (
    CallbackAnswered,
    CallbackTokenRefused,
    RunEnded,
    RunNotWaiting,
    ScheduleExists,
    ScheduleNotFound,
)
from carillon.domain.outcome import Outcome, OutcomeKind
from carillon.domain.run import RunState
from carillon.domain.run_id import RunId
from carillon.domain.waiting import Answer
from carillon.services.answer_callback import Caller
from tests.faults.crash_points.cloud import BEGIN, SUCCESS

_S = RunState
BUSY = Outcome(OutcomeKind.RETRYABLE, "later", error="http_503")
REFUSED = Outcome(OutcomeKind.PERMANENT, "never", error="http_400")


def always_well(call):
    return SUCCESS


def busy_at_first(call):
    return BUSY if call.attempt == 1 else SUCCESS


def first_fire_time_is_busy(call):
    return BUSY if call.attempt == 1 and call.fire_at == BEGIN else SUCCESS


def refused(call):
    return REFUSED


@dataclass(frozen=True)
class Scenario:
    """One scenario; times are seconds from BEGIN, fire times are (schedule id, seconds)."""

    name: str
    schedules: tuple
    calm: Mapping[tuple[str, int], RunState]
    script: tuple = ()
    answers: Callable = always_well
    also: Mapping[tuple[str, int], tuple[RunState, ...]] = field(default_factory=dict)
    vanishing: frozenset[tuple[str, int]] = frozenset()
    max_attempts: int = 4
    room: int | None = None
    first_tick: int = -30

    @property
    def last(self):
        """When the last thing is asked for or due."""
        return max([0, *(at for _, at in self.calm), *(at for at, _ in self.script)])

    def expected(self):
        """Run ids of all fire times and the states that each may end in."""
        return {
            run_id(*fire_time): frozenset({state, *self.also.get(fire_time, ())})
            for fire_time, state in self.calm.items()
        }

    def may_be_missing(self):
        """Run ids of the fire times that an operator may take away before they are claimed."""
        return frozenset(run_id(*fire_time) for fire_time in self.vanishing)

    def calm_states(self):
        """How each run of a fire time ends when nothing fails."""
        return {run_id(*fire_time): state for fire_time, state in self.calm.items()}


def run_id(schedule_id, seconds):
    return str(RunId.of_fire_time(schedule_id, BEGIN + timedelta(seconds=seconds)))


def schedule(schedule_id, expression, overlap="allow", max_attempts=4, backoff=2, grace=300, **job):
    """A schedule as people write it; its retries come after a fixed time."""
    target = {"kind": "http", "method": "POST", "url": "https://example.com/"}
    retry = {"max_attempts": max_attempts, "backoff": "fixed", "base_seconds": backoff}
    return {
        "schedule_id": schedule_id,
        "timetable": {"expression": expression},
        "policies": {"overlap": overlap, "misfire": {"grace_seconds": grace}},
        "job": {"target": target, "timeout_seconds": 10, "retry": retry, **job},
    }


# ---- what people do; None says that no answer came


def pause(cloud):
    answered = cloud.ask("pause_schedule", "etl")
    if answered:
        cloud.witness.forbidden["etl", 1] = cloud.clock.now()
    return answered


def resume(cloud):
    cloud.witness.forbidden.clear()
    return cloud.ask("resume_schedule", "etl")


def edit(document, *takes_away):
    """Edits; once that is answered, the fire times that it takes away must not start."""

    def act(cloud):
        answered = cloud.ask("replace_schedule", cloud.definition(document), None)
        if answered:
            cloud.witness.taken_away |= {run_id("etl", at): cloud.clock.now() for at in takes_away}
        return answered

    return act


def delete(cloud):
    answered = cloud.ask("delete_schedule", "etl", None, settled=ScheduleNotFound)
    if answered:
        cloud.witness.forbidden["etl", 1] = cloud.clock.now()
    return answered


def create(document):
    return lambda cloud: cloud.ask("create_schedule", cloud.definition(document), settled=ScheduleExists)


def trigger(cloud):
    # Whoever gets no answer does not ask again: the run is there, or it is not.
    cloud.ask("trigger_schedule", "etl")
    return True


def cancel(seconds):
    return lambda cloud: cloud.ask("stop_run", run_id("etl", seconds), settled=RunEnded)


def give_up_the_message(cloud):
    """SQS moves the message to the dead letters, as after five receives in vain."""
    while cloud.messages:
        message = cloud.messages.pop()
        message.at = cloud.clock.now()
        cloud.dead.append(message)
    return True


def call_back(cloud):
    """The target answers with the token of the run's latest attempt, as often as it takes."""
    token = cloud.tokens.get(run_id("etl", 0))
    caller, answer = Caller(token=token), Answer(CallbackVerb.COMPLETE, "done by hand")

    def say():
        try:
            cloud.function("api").answer_callback(caller, run_id("etl", 0), answer, {"rows": 3})
        except (RunEnded, CallbackTokenRefused, CallbackAnswered, RunNotWaiting):
            return True
        return True

    return cloud.invoke("api", say) if token is not None else None


def backfill(cloud):
    """Two days ago and yesterday at five, one after the other."""
    begin_at, end_at = BEGIN - timedelta(days=2), BEGIN
    request = BackfillRequest(begin_at, end_at, Order.OLDEST, 1, Reprocess.NONE, False)
    return cloud.ask("backfills.begin", "etl", request)


def load_is_refused(call):
    return REFUSED if call.run_id.endswith(".load") else SUCCESS


def workflow():
    """Two steps, of which the second fails, so that the first is taken back."""
    document = schedule("etl", DAILY)
    task = {key: document["job"][key] for key in ("target", "timeout_seconds", "retry")}
    steps = {"extract": {**task, "compensate": task}, "load": {**task, "needs": ["extract"]}}
    return {**document, "job": {"steps": steps}}


DAILY = "0 2 * * *"
TWICE = "0,10 0 2 * * *"
"""At 0 and 10 seconds."""
EDITED = "30 2 2 * * *"
"""At 150 seconds."""

SCENARIOS = (
    Scenario("fire", (schedule("etl", DAILY),), {("etl", 0): _S.SUCCEEDED}),
    Scenario(
        "two at once",
        tuple(schedule(name, DAILY) for name in ("a", "b")),
        {(name, 0): _S.SUCCEEDED for name in ("a", "b")},
    ),
    Scenario("retry", (schedule("etl", DAILY),), {("etl", 0): _S.SUCCEEDED}, answers=busy_at_first),
    Scenario(
        "at most once",
        (schedule("etl", DAILY, max_attempts=1),),
        {("etl", 0): _S.SUCCEEDED},
        also={("etl", 0): (_S.UNKNOWN, _S.FAILED)},
        max_attempts=1,
    ),
    Scenario(
        "failure",
        (schedule("etl", DAILY, max_attempts=1),),
        {("etl", 0): _S.FAILED},
        answers=refused,
        also={("etl", 0): (_S.UNKNOWN,)},
        max_attempts=1,
    ),
    Scenario(
        "overlap skip",
        (schedule("etl", TWICE, overlap="skip", backoff=15),),
        {("etl", 0): _S.SUCCEEDED, ("etl", 10): _S.SKIPPED},
        answers=first_fire_time_is_busy,
        also={("etl", 0): (_S.SKIPPED,), ("etl", 10): (_S.SUCCEEDED,)},
        room=1,
    ),
    Scenario(
        "overlap queue",
        (schedule("etl", TWICE, overlap="queue", backoff=15),),
        {("etl", 0): _S.SUCCEEDED, ("etl", 10): _S.SUCCEEDED},
        answers=first_fire_time_is_busy,
        room=1,
    ),
    Scenario(
        "overlap replace",
        (schedule("etl", TWICE, overlap="replace", backoff=15),),
        {("etl", 0): _S.CANCELLED, ("etl", 10): _S.SUCCEEDED},
        answers=first_fire_time_is_busy,
        also={("etl", 0): (_S.SKIPPED, _S.SUCCEEDED)},
        room=1,
    ),
    Scenario("run now", (schedule("etl", "0 5 * * *"),), {}, script=((0, trigger),)),
    Scenario(
        "edit",
        (schedule("etl", "0,20 0 2 * * *"),),
        {("etl", 0): _S.SUCCEEDED, ("etl", 20): _S.SKIPPED, ("etl", 150): _S.SUCCEEDED},
        script=((5, edit(schedule("etl", EDITED), 0, 20)),),
        # A run that has not started when its fire time goes does not run; one whose edit is not answered may.
        also={("etl", 0): (_S.SKIPPED,), ("etl", 20): (_S.SUCCEEDED,)},
        vanishing=frozenset({("etl", 20)}),
    ),
    Scenario(
        "pause",
        (schedule("etl", "0,20 0,3 2 * * *"),),
        {
            ("etl", 0): _S.SKIPPED,
            ("etl", 20): _S.SKIPPED,
            ("etl", 180): _S.SUCCEEDED,
            ("etl", 200): _S.SUCCEEDED,
        },
        script=((0, pause), (60, resume)),
        also={("etl", 0): (_S.SUCCEEDED,), ("etl", 20): (_S.SUCCEEDED,)},
    ),
    Scenario(
        "delete and recreate",
        (schedule("etl", TWICE),),
        {("etl", 0): _S.SKIPPED, ("etl", 10): _S.SKIPPED, ("etl", 150): _S.SUCCEEDED},
        script=((0, delete), (20, create(schedule("etl", EDITED)))),
        vanishing=frozenset({("etl", 10)}),
        also={("etl", 0): (_S.SUCCEEDED,), ("etl", 10): (_S.SUCCEEDED,)},
    ),
    Scenario(
        "cancel",
        (schedule("etl", TWICE, backoff=15),),
        {("etl", 0): _S.CANCELLED, ("etl", 10): _S.CANCELLED},
        script=((-1, cancel(10)), (5, cancel(0))),
        answers=first_fire_time_is_busy,
        also={("etl", 0): (_S.SUCCEEDED,), ("etl", 10): (_S.SUCCEEDED,)},
    ),
    Scenario(
        "dead letter",
        (schedule("etl", DAILY),),
        {("etl", 0): _S.FAILED},
        script=((-10, give_up_the_message),),
        also={("etl", 0): (_S.SUCCEEDED,)},
    ),
    Scenario(
        "callback",
        (schedule("etl", DAILY, wait="callback", wait_timeout_seconds=60),),
        {("etl", 0): _S.SUCCEEDED},
        script=((10, call_back),),
        also={("etl", 0): (_S.TIMED_OUT,)},
    ),
    Scenario(
        "callback overdue",
        (schedule("etl", DAILY, wait="callback", wait_timeout_seconds=20, max_attempts=1),),
        {("etl", 0): _S.TIMED_OUT},
        also={("etl", 0): (_S.UNKNOWN,)},
        max_attempts=1,
    ),
    Scenario(
        "backfill",
        (schedule("etl", "0 5 * * *"),),
        {("etl", -45 * 3600): _S.SUCCEEDED, ("etl", -21 * 3600): _S.SUCCEEDED},
        script=((0, backfill),),
    ),
    Scenario("workflow", (workflow(),), {("etl", 0): _S.COMPENSATED}, answers=load_is_refused),
    Scenario(
        "missed",
        (schedule("etl", "0 2 2 * * *", grace=10), schedule("late", "0 2 2 * * *")),
        {("etl", 120): _S.SKIPPED, ("late", 120): _S.SUCCEEDED},
        first_tick=180,
    ),
)
