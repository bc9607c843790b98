"""Every scenario at every point with every fault, and what came of it."""

import random
from contextlib import contextmanager
from dataclasses import dataclass, field

from moto import mock_aws

from tests.faults.crash_points.cloud import environment
from tests.faults.crash_points.faults import (
    DEATHS,
    EVERYWHERE,
    LOST_ANSWERS,
    PARTIAL,
    REFUSALS,
    DiesAfter,
    DiesBefore,
    Outage,
    Partial,
)
from tests.faults.crash_points.life import live
from tests.faults.crash_points.scenarios import SCENARIOS
from tests.faults.crash_points.tables import REGION, Tables
from tests.faults.crash_points.wire import Aws

PAIRED = (*DEATHS, *LOST_ANSWERS)


@dataclass
class Tally:
    """What was tried and what failed."""

    points: int = 0
    lives: int = 0
    calls: int = 0
    checks: int = 0
    failures: list = field(default_factory=list)

    def __iadd__(self, other):
        self.points += other.points
        self.lives += other.lives
        self.calls += other.calls
        self.checks += other.checks
        self.failures += other.failures
        return self

    def __str__(self):
        return (
            f"{self.points} points, {self.lives} lives, {self.calls} AWS calls, "
            f"{self.checks} invariants checked, {len(self.failures)} failures"
        )

    def add(self, scenario, faults, cloud):
        self.lives += 1
        self.calls += len(cloud.wire.calls)
        self.checks += cloud.witness.checks
        if cloud.witness.complaints:
            self.failures.append(
                Failure(scenario.name, faults, tuple(cloud.witness.complaints), tuple(cloud.lines))
            )


@dataclass(frozen=True)
class Failure:
    """A life in which something was not kept."""

    scenario: str
    faults: tuple
    complaints: tuple[str, ...]
    lines: tuple[str, ...]

    def __str__(self):
        told = "\n    ".join((*self.complaints, *self.lines))
        return f"{self.scenario} with {', '.join(map(str, self.faults)) or 'no fault'}:\n    {told}"


@contextmanager
def laboratory():
    """A wire and tables, made once for many lives."""
    with mock_aws(), environment(AWS_DEFAULT_REGION=REGION):
        wire = Aws()
        yield Campaign(wire, Tables(wire.clients["dynamodb"]))


class Campaign:
    """Lives through scenarios, again and again."""

    def __init__(self, wire, tables):
        self._wire, self._tables = wire, tables

    def live(self, scenario, *faults):
        """One life; what it did with the calls and the witness in it."""
        return live(self._wire, self._tables, scenario, faults)

    def calls_of(self, scenario):
        """The calls of a life without a fault: which function made which."""
        return list(self.live(scenario).wire.calls)

    def enumerated(self, scenario, *, thorough):
        """Every single fault of a scenario."""
        calls = self.calls_of(scenario)
        single = (
            deaths(calls) + lost_answers(calls) + refusals(calls, thorough) + outages(calls) + everywhere()
        )
        return self.try_all(scenario, single)

    def try_all(self, scenario, faults):
        """A life for each of these faults; those that never come to pass do not count."""
        tally = Tally()
        for fault in faults:
            cloud = self.live(scenario, fault)
            if self._wire.suffered:
                tally.points += 1
                tally.add(scenario, (fault,), cloud)
        return tally

    def with_pairs(self, seed, count):
        """Lives with two faults, drawn from the seed: the second may strike the recovery from the first."""
        chance, tally = random.Random(seed), Tally()
        lengths = {scenario.name: len(self.calls_of(scenario)) for scenario in SCENARIOS}
        for _ in range(count):
            scenario = chance.choice(SCENARIOS)
            first = chance.randint(1, lengths[scenario.name])
            second = first + chance.randint(1, 15)
            faults = (chance.choice(PAIRED)(first), chance.choice(PAIRED)(second))
            cloud = self.live(scenario, *faults)
            tally.points += sum(1 for _ in self._wire.suffered)
            tally.add(scenario, faults, cloud)
        return tally


def deaths(calls):
    """Deaths before and after each call. The point before a call is that after the call before it, unless there is
    none in the invocation or a target was called in between."""
    before = [DiesBefore(n) for n, call in _numbered(calls) if n == 1 or _is_new(calls[n - 2], call)]
    return [*before, *(DiesAfter(n) for n, _ in _numbered(calls))]


def _is_new(last, call):
    return (last.invocation, last.targets_called) != (call.invocation, call.targets_called)


def lost_answers(calls):
    """Answers lost with the effect done, once and in all tries, of each call that has an effect."""
    return [kind(n) for kind in LOST_ANSWERS for n, call in _numbered(calls) if not call.is_read]


def refusals(calls, thorough=False):
    """Each call refused until the SDK gives up, in one of the ways, or in each of them; some of them partially."""
    kinds = len(REFUSALS)
    each = [REFUSALS[n % kinds](n) for n, _ in _numbered(calls)]
    if thorough:
        each = [kind(n) for kind in REFUSALS for n, _ in _numbered(calls)]
    return [*each, *(Partial(n) for n, call in _numbered(calls) if call.operation in PARTIAL)]


def outages(calls):
    """Each operation of each function refused for minutes, from its first call on."""
    first = {(call.function, call.operation): n for n, call in reversed(list(_numbered(calls)))}
    return [Outage(n) for n in sorted(first.values())]


def everywhere():
    """One life each in which every call has its trouble, as often as the SDK stands it."""
    return [kind(0) for kind in EVERYWHERE]


def _numbered(calls):
    return enumerate(calls, start=1)
