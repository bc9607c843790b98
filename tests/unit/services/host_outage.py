"""`python -m tests.unit.services.host_outage`: 500 due runs and a host that is down for ten minutes."""

import sys
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle

from carillon.domain.outcome import Outcome, OutcomeKind, retryable, timed_out
from carillon.domain.run import RunState
from carillon.services.host_gate import HostGate, Pass
from tests.fakes.clock import FakeChance
from tests.fakes.world import World

RUNS, DOWN_SECONDS = 500, 600
OK = Outcome(OutcomeKind.SUCCESS, "200 OK", status=200)
DOWN = retryable("connection_refused", "No connection.")


class Host:
    """A target whose host is down for a while."""

    def __init__(self, world, down_for):
        self.world, self.up_at, self.calls = world, world.clock.now() + timedelta(seconds=down_for), []

    def execute(self, call):
        now = self.world.clock.now()
        self.calls.append((now, call.run_id, call.attempt))
        return OK if now >= self.up_at else DOWN


def work_through(world, seconds):
    """Second by second: the worker takes what has arrived, the tick comes every minute."""
    waiting = []
    for second in range(seconds):
        if second % 60 == 0:
            world.tick.run(range(1))
        now = world.clock.now()
        waiting += [(now + timedelta(seconds=sent.delay_seconds), sent) for sent in world.queue.sent]
        world.queue.sent.clear()
        due, waiting = [w for w in waiting if w[0] <= now], [w for w in waiting if w[0] > now]
        for _, sent in due:
            world.work(sent)
        world.clock.advance(1)


def outage(runs, down_for, **how):
    world = World()
    for number in range(runs):
        world.add(f"etl-{number}", expression="0 2 * * *", **how)
    host = world.targets["http"] = Host(world, down_for)
    return world, host


@dataclass(frozen=True)
class Figures:
    """What a host was sent while it was down and afterwards, and how the runs ended."""

    during: int
    after: int
    states: Counter

    def __str__(self):
        ended = ", ".join(f"{count} {state}" for state, count in self.states.items())
        return f"{self.during:>4} calls while it was down, {self.after} after it, runs: {ended}"


def refusing(workers):
    """Every call is refused at once; so many workers each have a gate of their own over the shared row."""
    world, host = outage(RUNS, DOWN_SECONDS)
    gates = cycle(
        [HostGate(world.facts, {}, world.clock, FakeChance(seed), world.log) for seed in range(workers)]
    )
    work = world.work

    def work_anywhere(message=None):
        world.execute._gate = next(gates)
        return work(message)

    world.work = work_anywhere
    work_through(world, 1500)
    during = sum(call[0] < host.up_at for call in host.calls)
    states = Counter(row.state for row in world.database.runs.values())
    return Figures(during, len(host.calls) - during, states)


def hanging(workers, places, seconds):
    """Every call hangs until its deadline: what is under way when the first ones fail is called, and no more."""
    world = World()
    gates = [HostGate(world.facts, {}, world.clock, FakeChance(seed), world.log) for seed in range(workers)]
    up_at = world.clock.now() + timedelta(seconds=DOWN_SECONDS)
    waiting = [(world.clock.now(), run) for run in range(RUNS)]
    under_way, calls, done = [], [], 0
    while waiting or under_way:
        now = world.clock.now()
        for ends_at, leave, gate in [each for each in under_way if each[0] <= now]:
            under_way.remove((ends_at, leave, gate))
            is_up = ends_at - timedelta(seconds=seconds) >= up_at
            gate.tell(leave, OK if is_up else timed_out("no answer"))
            done += is_up
            waiting += [] if is_up else [(now, leave)]
        for due in [each for each in waiting if each[0] <= now][: places - len(under_way)]:
            waiting.remove(due)
            gate = gates[len(calls) % workers]
            leave = gate.ask("example.com", now + timedelta(seconds=seconds))
            if isinstance(leave, Pass):
                calls.append(now)
                under_way.append((now + timedelta(seconds=seconds), leave, gate))
            else:
                waiting.append((leave.again_at, due[1]))
        world.clock.advance(1)
    during = sum(moment < up_at for moment in calls)
    return Figures(during, len(calls) - during, Counter({RunState.SUCCEEDED: done}))


def main():
    """Print what each kind of outage cost the host."""
    sys.stdout.write(f"{RUNS} due runs, a host that is down for {DOWN_SECONDS} s\n")
    for workers in (1, 10, 100):
        sys.stdout.write(f"refuses, {workers:>3} workers: {refusing(workers)}\n")
    sys.stdout.write(f"hangs 10 s, 10 workers with 100 calls at once: {hanging(10, 100, 10)}\n")


if __name__ == "__main__":
    main()
