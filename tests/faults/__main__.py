"""`python -m tests.faults`: kills functions at every call, plays seeds, searches the model, sums up in one line.

`--seeds N --first N` choose the simulator's seeds (a failing one is replayed with `--seeds 1`), `--pairs N` lives with
two faults, `--points all` each call in every way instead of one, `--points none` no crash points, `--full` the model's
large worlds too.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[2]
LINES_OF_TRACE = 60


def main():
    """Attacks in three ways; 1 when anything is wrong."""
    sys.path[:0] = [str(ROOT / part) for part in ("functions", "layers/core")]
    chosen, began = _options(), perf_counter()
    points, played, searched = _crash(chosen), _play(chosen), _search(chosen.full)
    failures = points["failures"] + played["failures"] + searched["failures"]
    print(
        f"faults: {points['scenarios']} scenarios, {points['points']:,} crash points and {points['pairs']:,} pairs "
        f"tried, {chosen.seeds:,} seeds, {played['steps'] + points['calls']:,} steps, "
        f"{played['checks'] + points['checks']:,} invariants checked, "
        f"{searched['states']:,} states of the model, {perf_counter() - began:.0f} s, {failures} failures",
        flush=True,
    )
    return 1 if failures else 0


def _options():
    options = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    options.add_argument("--seeds", type=int, default=500)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--pairs", type=int, default=100)
    options.add_argument("--points", choices=("each", "all", "none"), default="each")
    options.add_argument("--full", action="store_true")
    return options.parse_args()


def _crash(chosen):
    """Every single point of every scenario, and pairs drawn from the first seed."""
    from tests.faults.crash_points import campaign
    from tests.faults.crash_points.scenarios import SCENARIOS

    if chosen.points == "none":
        return Counter()
    total = campaign.Tally()
    with campaign.laboratory() as laboratory:
        for scenario in SCENARIOS:
            total += laboratory.enumerated(scenario, thorough=chosen.points == "all")
            print(
                f"{scenario.name}: {total.points:,} points so far, {len(total.failures)} failures", flush=True
            )
        total += laboratory.with_pairs(chosen.first, chosen.pairs)
    for failure in total.failures[:20]:
        print(failure)
    print(f"crash points: {len(SCENARIOS)} scenarios, {total}", flush=True)
    counted = {name: getattr(total, name) for name in ("points", "pairs", "calls", "checks")}
    return Counter(scenarios=len(SCENARIOS), failures=len(total.failures), **counted)


def _play(chosen):
    """The simulator's seeds; a complaint is told with its story."""
    from tests.faults.simulator.simulation import simulate

    totals, began = Counter(), perf_counter()
    for number, seed in enumerate(range(chosen.first, chosen.first + chosen.seeds), 1):
        report = simulate(seed)
        totals.update(steps=report.steps, checks=report.checks, runs=report.runs, deaths=report.deaths)
        if report.complaint:
            totals.update(failures=1)
            print(f"seed {seed}: {report.complaint}")
            for moment, who, what in report.trace[-LINES_OF_TRACE:]:
                print(f"  {moment:%H:%M:%S.%f} {who}: {what}")
        if number % 500 == 0:
            speed = totals["steps"] / (perf_counter() - began)
            print(f"{number:,} seeds, {totals['steps']:,} steps, {speed:,.0f} a second", flush=True)
    print(
        f"simulator: {chosen.seeds:,} seeds, {totals['runs']:,} runs, {totals['steps']:,} steps, "
        f"{totals['deaths']:,} deaths, {totals['checks']:,} invariants checked, {totals['failures']} failures",
        flush=True,
    )
    return totals


def _search(full):
    """The model's worlds, none of which may go wrong, and its holes, each of which must be found."""
    from tests.faults.model.holes import HOLES
    from tests.faults.model.search import search
    from tests.faults.model.worlds import LARGE, SMALL, model_of

    totals = Counter()
    for name, world in (SMALL | (LARGE if full else {})).items():
        found = search(model_of(world))
        totals.update(states=found.states, failures=bool(found.complaint))
        print(f"{name}: {found.states:,} states {found.complaint}", flush=True)
        if found.complaint:
            print(found.told())
    for hole in HOLES:
        found = search(hole.model(opened=True))
        totals.update(failures=found.complaint != hole.complaint)
    print(
        f"model: {totals['states']:,} states, {len(HOLES)} holes opened, {totals['failures']} failures",
        flush=True,
    )
    return totals


if __name__ == "__main__":
    raise SystemExit(main())
