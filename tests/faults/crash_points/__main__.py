"""`python -m tests.faults.crash_points [--pairs N] [--seed S]`: every point of every scenario, then pairs of points."""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]


def main():
    """Tries everything, tells each failure with its story, and ends with one line; 0 when nothing failed."""
    sys.path[:0] = [str(ROOT / part) for part in ("functions", "layers/core")]
    from tests.faults.crash_points import campaign
    from tests.faults.crash_points.scenarios import SCENARIOS

    options = _options()
    began, total = time.monotonic(), campaign.Tally()
    with campaign.laboratory() as laboratory:
        for scenario in SCENARIOS:
            if options.only in ("", scenario.name):
                total += laboratory.enumerated(scenario, thorough=not options.quick)
                say(f"  {scenario.name}: {total.points} points so far, {len(total.failures)} failures")
        if options.pairs:
            total += laboratory.with_pairs(options.seed, options.pairs)
    for failure in total.failures[:20]:
        say(failure)
    seconds = time.monotonic() - began
    say(f"crash points: {len(SCENARIOS)} scenarios, {total} in {seconds:.0f} s")
    return 1 if total.failures else 0


def say(what):
    """Prints at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _options():
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crash_points")
    parser.add_argument("--pairs", type=int, default=0, help="lives with two faults, drawn from the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="one scenario by its name")
    parser.add_argument("--quick", action="store_true", help="each call refused in one way instead of three")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
