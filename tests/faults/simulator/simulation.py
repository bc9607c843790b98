"""One seed: some minutes of a stack's life under attack, then peace, in which everything must come to an end."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from carillon.domain.backfill import BackfillState, Order, Reprocess
from carillon.domain.backfill_document import BackfillRequest
from carillon.domain.dispatch import Dispatch
from carillon.domain.errors import CarillonError
from carillon.domain.job import Wait
from carillon.domain.run import Run
from carillon.domain.run_change import RunChange
from carillon.domain.schedule import Overlap, ScheduleState
from tests.faults.simulator.cast import OPERATOR, WORKER_TIMEOUT, Cast, definition, period_of
from tests.faults.simulator.odds import odds_of
from tests.faults.simulator.stage import BEGIN, Died, Odds, Stage
from tests.faults.simulator.witness import Witness

MINUTE = timedelta(seconds=60)
WAR = timedelta(minutes=5)
LONGEST_PEACE = timedelta(minutes=60)
MOST_WORKERS = 5
PERIODS = (20, 30, 60, 120)
OVERLAPS = (
    *[(Overlap.ALLOW, None)] * 3,
    (Overlap.SKIP, 1),
    (Overlap.SKIP, 2),
    (Overlap.QUEUE, 1),
    (Overlap.QUEUE, 2),
    (Overlap.REPLACE, 1),
)
WORKFLOWS = 0.15
WAITS = (*[None] * 5, Wait(40), Wait(90, 15))
TIMEOUTS = {"worker": WORKER_TIMEOUT, "operator": timedelta(seconds=29), "tick": MINUTE}
SCHEDULES = ("etl", "mail")

ACTS = (
    "create",
    "edit",
    "edit",
    "pause",
    "pause",
    "resume",
    "resume",
    "resume",
    "delete",
    "trigger",
    "cancel",
    "backfill",
    "call_off",
)


@dataclass(frozen=True)
class Report:
    """What one seed came to."""

    seed: int
    steps: int
    checks: int
    runs: int
    deaths: int
    complaint: str
    trace: tuple


class Simulation:
    """The director: decides who moves, what arrives, when time passes."""

    def __init__(self, seed, odds=None, missing=()):
        self._seed = seed
        self.stage = Stage(seed, odds or odds_of(seed), missing)
        self.witness = Witness(self.stage)
        self.cast = Cast(self.stage, self.witness)
        self._next_tick = BEGIN + timedelta(seconds=self.stage.random.uniform(0, 50))
        self._minute = 0
        self._deaths = 0

    def run(self):
        """The whole life; stops at the first thing that is wrong."""
        self._create_in_peace()
        while self.stage.now < BEGIN + WAR and not self.witness.complaint:
            self._move()
        self._make_peace()
        while not self.witness.complaint and not self._is_over():
            self._move()
        if not self.witness.complaint:
            self.witness.settles_debts()
        complaint = self.witness.complaint
        self._empty_the_stage()
        stage = self.stage
        return Report(
            self._seed, stage.calls + stage.steps, self.witness.checks, len(self.witness.runs), self._deaths,
            complaint, tuple(stage.trace),
        )  # fmt: skip

    def _create_in_peace(self):
        war, self.stage.odds = self.stage.odds, Odds()
        for schedule_id in SCHEDULES:
            self.witness.overlap[schedule_id] = self.stage.random.choice(OVERLAPS)
            self._operate("create", schedule_id)
        while self.stage.actors:
            self._turn(self.stage.actors[0])
        self.stage.odds = war

    # ---- one move
    def _move(self):
        random, ready = self.stage.random, self.stage.ready()
        drawn = random.random()
        if ready and drawn < 0.7:
            self._turn(random.choice(ready))
        elif self._deliver():
            return
        elif not self.stage.is_healed and drawn > 0.97:
            # Only a new incarnation needs the claim to be one transaction, as the model shows.
            acts = [act for act in ACTS if act != "delete"] if self.stage.odds.split else ACTS
            self._operate(random.choice(acts), random.choice(SCHEDULES))
        elif drawn > 0.95 and not self.stage.is_healed:
            self.cast.database.index()
        elif ready:
            self._turn(random.choice(ready))
        else:
            self._pass_time()

    def _turn(self, actor):
        self.stage.turn(actor)
        if actor.ended:
            self._judge(actor)

    def _judge(self, actor):
        error = actor.error
        if isinstance(error, Died):
            self._deaths += 1
        elif error is not None and not isinstance(error, CarillonError):
            self.witness.must(False, f"{actor.name} failed with {error!r}")
        actor.after(error)

    def _begin(self, name, work, after=None):
        random, skew = self.stage.random, self.stage.odds.skew_seconds
        # Lambda ends an invocation at its timeout; some seeds' workers outlive theirs, as nothing should.
        outlives = name == "worker" and not self.stage.is_healed and random.random() < 0.3
        dies_at = None if outlives else self.stage.now + TIMEOUTS.get(name.split()[0], MINUTE)
        actor = self.stage.begin(name, work, random.uniform(-skew, skew), dies_at)
        actor.after = after or (lambda error: None)
        return actor

    # ---- what arrives
    def _deliver(self):
        queue, random = self.cast.queue, self.stage.random
        workers = sum(actor.name == "worker" for actor in self.stage.actors)
        waiting = queue.deliverable()
        if waiting and workers < MOST_WORKERS:
            message = random.choice(waiting)
            queue.receive(message)
            self._begin(
                "worker", partial(self.cast.work, self._body(message)), partial(self._worked, message)
            )
            return True
        if queue.dead:
            message = queue.dead.pop()
            work = partial(self.cast.take_in, str(message.number), message.body)
            self._begin("deadletter", work, partial(self._taken_in, message))
            return True
        return self._let_speak() or self._stream()

    def _let_speak(self):
        callbacks = self.cast.callbacks
        due = callbacks.due()
        if not due:
            return False
        speaker = self.stage.random.choice(due)
        callbacks.speakers.remove(speaker)
        actor = self._begin(
            "target",
            partial(callbacks.say, self.cast.answer, speaker),
            partial(callbacks.said, speaker),
        )
        actor.speaks_for = speaker.run_id, speaker.attempt
        return True

    def _stream(self):
        """An end of a backfill's run is told to what follows it, which leaves to the tick what it cannot do."""
        ends = self.witness.backfilled
        if not ends:
            return False
        before, after = ends.pop(0)
        self._begin("follow", partial(self.cast.work_off.after, [RunChange("id", "1", before, after)]))
        return True

    def _body(self, message):
        """What the message says; without the attempt tag it says what its run waits for."""
        if not self.stage.weakness.lacks("attempt tag"):
            return message.body
        dispatch = Dispatch.decode(message.body)
        run = self.cast.database.runs.get(dispatch.run_id)
        return (dispatch if run is None else replace(dispatch, attempt=run.attempt + 1)).encode()

    def _worked(self, message, error):
        if error is None:
            self.cast.queue.acknowledge(message)
        else:
            self.cast.queue.give_back(message)

    def _taken_in(self, message, error):
        if error is not None:
            self.cast.queue.dead.append(message)

    # ---- people
    def _operate(self, act, schedule_id):
        if any(actor.name == f"operator of {schedule_id}" for actor in self.stage.actors):
            return
        work = getattr(self, f"_{act}")
        self._begin(f"operator of {schedule_id}", partial(work, schedule_id))

    def _definition(self, schedule_id):
        random, (overlap, room) = self.stage.random, self.witness.overlap[schedule_id]
        period, attempts, grace = (
            random.choice(PERIODS),
            random.choice((1, 2, 3)),
            random.choice((20, 60, 300)),
        )
        wait, is_workflow = random.choice(WAITS), random.random() < WORKFLOWS
        return definition(schedule_id, period, attempts, grace, overlap, room, wait, is_workflow=is_workflow)

    def _create(self, schedule_id):
        self.cast.create(OPERATOR, self._definition(schedule_id))

    def _edit(self, schedule_id):
        head, _ = self.cast.replace(OPERATOR, self._definition(schedule_id), None)
        now = self.witness.heads[schedule_id]
        if (now.timetable, now.generation) == (head.timetable, head.generation):
            self.witness.promise(schedule_id).timetable = head.timetable

    def _pause(self, schedule_id):
        head = self.cast.pause(OPERATOR, schedule_id)
        now = self.witness.heads[schedule_id]
        self.witness.promise(schedule_id).paused = (now.state, now.head_version) == (
            head.state,
            head.head_version,
        )

    def _resume(self, schedule_id):
        self.cast.resume(OPERATOR, schedule_id)

    def _delete(self, schedule_id):
        head = self.witness.heads.get(schedule_id)
        generation = head.generation if head else 0
        self.cast.delete(OPERATOR, schedule_id, None)
        promise = self.witness.promise(schedule_id)
        promise.deleted_generation = max(promise.deleted_generation, generation)

    def _trigger(self, schedule_id):
        run = self.cast.trigger(OPERATOR, schedule_id)
        self.witness.must(run.run_id in self.witness.runs, f"{run.run_id} was answered and has no row")

    def _cancel(self, schedule_id):
        runs = self.witness.runs.items()
        open_runs = [key for key, run in runs if key.schedule_id == schedule_id and not run.state.is_terminal]
        if open_runs:
            self.cast.stop(OPERATOR, str(self.stage.random.choice(open_runs)))

    def _backfill(self, schedule_id):
        head, random = self.witness.heads.get(schedule_id), self.stage.random
        if head is None:
            return
        last = self.stage.now - timedelta(seconds=random.choice((0, 30, 120, 1200)))
        first = last - random.randint(1, 5) * timedelta(seconds=period_of(head.timetable))
        asked = BackfillRequest(
            first,
            last,
            random.choice(list(Order)),
            random.randint(1, 3),
            random.choice(list(Reprocess)),
            False,
        )
        begun = self.cast.backfills.begin(OPERATOR, schedule_id, asked)
        known = (schedule_id, begun.backfill_id) in self.cast.database.backfills
        self.witness.must(known, f"backfill {begun.backfill_id} was answered and has no row")

    def _call_off(self, schedule_id):
        active = [each for each in self._active_backfills() if each.schedule_id == schedule_id]
        if active:
            ended = self.cast.backfills.cancel(OPERATOR, schedule_id, active[0].backfill_id)
            self.witness.must(ended.state is BackfillState.CANCELLED, "a backfill called off goes on")

    def _active_backfills(self):
        rows = self.cast.database.backfills.values()
        return [each for each in rows if each.state is BackfillState.ACTIVE]

    # ---- time
    def _pass_time(self):
        stage = self.stage
        moments = [actor.until for actor in stage.actors] + [self._next_tick]
        moments += [message.at for message in self.cast.queue.waiting]
        moments += [speaker.at for speaker in self.cast.callbacks.speakers]
        target = max(stage.now, min(moments)) + timedelta(milliseconds=stage.random.choice((0, 1, 400, 2500)))
        self.witness.time_passes(stage.now, target)
        stage.now = target
        if not self.stage.chance(stage.odds.lag):
            self.cast.database.index()
        if stage.now >= self._next_tick:
            self._tick()

    def _tick(self):
        random = self.stage.random
        if not self.stage.chance(self.stage.odds.missed_tick):
            for _ in range(1 + self.stage.chance(self.stage.odds.missed_tick)):
                self._begin("tick", self.cast.tick_once)
        self._minute += 1
        self._next_tick = BEGIN + self._minute * MINUTE + timedelta(seconds=random.uniform(0, 50))

    # ---- the end
    def _make_peace(self):
        self.stage.odds = Odds(skew_seconds=self.stage.odds.skew_seconds)
        self.stage.is_healed = True
        self.cast.database.index()
        self._peace_began = self.stage.now

    def _is_over(self):
        """Whether all runs of the war have ended; wrong when that takes too long."""
        since, now = self._peace_began, self.stage.now
        if now <= since + 4 * MINUTE:
            return False
        open_runs = [
            str(run.run_id) for run in self._rows() if not run.state.is_terminal and run.not_before < since
        ]
        paused = {name for name, head in self.witness.heads.items() if head.state is ScheduleState.PAUSED}
        left = [each.backfill_id for each in self._active_backfills() if each.schedule_id not in paused]
        if now > since + LONGEST_PEACE:
            self.witness.must(not open_runs, f"still unfinished after {LONGEST_PEACE}: {open_runs}")
            self.witness.must(not left, f"backfills still under way after {LONGEST_PEACE}: {left}")
        return not open_runs and not left

    def _rows(self):
        return [run for run in self.cast.database.runs.values() if isinstance(run, Run)]

    def _empty_the_stage(self):
        """Lets every actor go, so that its thread is free for the next seed."""
        self.stage.is_healed = True
        while self.stage.actors:
            for actor in list(self.stage.actors):
                actor.dies_at = BEGIN
                self.stage.odds = Odds(die=1.0)
                self.stage.turn(actor)


def simulate(seed, odds=None, missing=()):
    """Plays one seed, with the odds that belong to it or others, perhaps without some safeguards."""
    return Simulation(seed, odds, missing).run()
