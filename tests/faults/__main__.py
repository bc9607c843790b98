"""`python -m tests.faults [--seeds N] [--first N] [--full]`: plays seeds, searches the model, sums up in one line."""

import argparse
from collections import Counter
from time import perf_counter

from tests.faults.model.holes import HOLES
from tests.faults.model.search import search
from tests.faults.model.worlds import LARGE, SMALL, model_of
from tests.faults.simulator.simulation import simulate

LINES_OF_TRACE = 60


def main():
    """Plays the seeds, searches the worlds; 1 when anything is wrong."""
    options = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    options.add_argument("--seeds", type=int, default=500, help="how many seeds the simulator plays")
    options.add_argument(
        "--first", type=int, default=0, help="the first seed; a failing one is replayed by it"
    )
    options.add_argument("--full", action="store_true", help="the model's large worlds too")
    chosen = options.parse_args()
    played, complaints = _play(range(chosen.first, chosen.first + chosen.seeds))
    searched = _search(SMALL | (LARGE if chosen.full else {}))
    failures = len(complaints) + searched["failures"]
    print(
        f"faults: {chosen.seeds:,} seeds, {played['runs']:,} runs, {played['steps']:,} steps, "
        f"{played['deaths']:,} deaths, {played['checks']:,} invariants checked; "
        f"model: {len(SMALL) + len(HOLES)} worlds, {searched['states']:,} states; {failures} failures"
    )
    return 1 if failures else 0


def _play(seeds):
    totals, complaints, began = Counter(), [], perf_counter()
    for number, seed in enumerate(seeds, 1):
        report = simulate(seed)
        totals.update(steps=report.steps, checks=report.checks, runs=report.runs, deaths=report.deaths)
        if report.complaint:
            complaints.append(seed)
            print(f"seed {seed}: {report.complaint}")
            for moment, who, what in report.trace[-LINES_OF_TRACE:]:
                print(f"  {moment:%H:%M:%S.%f} {who}: {what}")
        if number % 500 == 0:
            speed = totals["steps"] / (perf_counter() - began)
            print(f"{number:,} seeds, {totals['steps']:,} steps, {speed:,.0f} a second", flush=True)
    return totals, complaints


def _search(worlds):
    totals = Counter()
    for name, world in worlds.items():
        found = search(model_of(world))
        totals.update(states=found.states, failures=bool(found.complaint))
        print(f"{name}: {found.states:,} states {found.complaint}", flush=True)
        if found.complaint:
            print(found.told())
    for hole in HOLES:
        found = search(hole.model(opened=True))
        totals.update(failures=found.complaint != hole.complaint)
    return totals


if __name__ == "__main__":
    raise SystemExit(main())
