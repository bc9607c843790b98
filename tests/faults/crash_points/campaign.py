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
    AllAnswersLost,
    DiesAfter,
    DiesBefore,
    Outage,
    Partial,
)
from tests.faults.crash_points.life import begin, live
from tests.faults.crash_points.scenarios import SCENARIOS
from tests.faults.crash_points.tables import Tables
from tests.faults.crash_points.wire import REGION, Aws

PAIRED = (*DEATHS, *LOST_ANSWERS)


@dataclass
class Tally:
    """What was tried and what failed."""

    points: int = 0
    pairs: int = 0
    lives: int = 0
    calls: int = 0
    checks: int = 0
    failures: list = field(default_factory=list)

    def __iadd__(self, other):
        self.points += other.points
        self.pairs += other.pairs
        self.lives += other.lives
        self.calls += other.calls
        self.checks += other.checks
        self.failures += other.failures
        return self

    def __str__(self):
        return (
            f"{self.points:,} points and {self.pairs:,} pairs, {self.lives:,} lives, {self.calls:,} AWS calls, "
            f"{self.checks:,} invariants checked, {len(self.failures)} failures"
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
        self._begun = {}

    def live(self, scenario, *faults):
        """One life; what it did with the calls and the witness in it."""
        if scenario.name not in self._begun:
            self._begun[scenario.name] = begin(self._wire, self._tables, scenario)
        return live(self._wire, self._tables, scenario, self._begun[scenario.name], faults)

    def calls_of(self, scenario):
        """The calls of a life without a fault: which function made which."""
        return list(self.live(scenario).wire.calls)

    def enumerated(self, scenario, *, thorough):
        """Every single fault of a scenario."""
        calls = self.calls_of(scenario)
        single = (
            deaths(calls, thorough)
            + lost_answers(calls)
            + refusals(calls, thorough)
            + outages(calls)
            + everywhere()
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
            tally.pairs += 1
            tally.add(scenario, faults, cloud)
        return tally


def deaths(calls, thorough=False):
    """Deaths before and after each call.

    Between two effects of one invocation it is the same death wherever it strikes: nothing but the process is gone. So
    one stands for all of them, unless all are wanted.
    """
    if thorough:
        return [kind(n) for kind in DEATHS for n, _ in _numbered(calls)]
    before = [DiesBefore(n) for n, call in _numbered(calls) if n == 1 or _is_new(calls[n - 2], call)]
    return [*before, *(DiesAfter(n) for n, call in _numbered(calls) if not call.is_read)]


def _is_new(last, call):
    return (last.invocation, last.targets_called) != (call.invocation, call.targets_called)


def lost_answers(calls, thorough=False):
    """Answers lost with the effect done, of each call that has an effect: in all tries, and in the first try alone.

    The latter one by one only if wanted: `everywhere` has them all in one life.
    """
    kinds = LOST_ANSWERS if thorough else (AllAnswersLost,)
    return [kind(n) for kind in kinds for n, call in _numbered(calls) if not call.is_read]


def refusals(calls, thorough=False):
    """Calls refused until the SDK gives up, and calls that do only a part.

    Each call in every way, or the first call of each operation of each function in one of the ways.
    """
    first = _first_of_each(calls)
    chosen = [n for n, _ in _numbered(calls)] if thorough else first
    kinds = REFUSALS if thorough else ()
    refused = [kind(n) for kind in kinds for n in chosen] or [REFUSALS[n % len(REFUSALS)](n) for n in first]
    return [*refused, *(Partial(n) for n in chosen if calls[n - 1].operation in PARTIAL)]


def outages(calls):
    """Each operation of each function refused for minutes, from its first call on."""
    return [Outage(n) for n in _first_of_each(calls)]


def _first_of_each(calls):
    first = {(call.function, call.operation): n for n, call in reversed(list(_numbered(calls)))}
    return sorted(first.values())


def everywhere():
    """One life each in which every call has its trouble, as often as the SDK stands it."""
    return [kind(0) for kind in EVERYWHERE]


def _numbered(calls):
    return enumerate(calls, start=1)
