"""`python -m tests.faults.model [--full]`: searches the worlds and prints how many states each has."""

import argparse

from tests.faults.model.holes import HOLES
from tests.faults.model.search import search
from tests.faults.model.worlds import LARGE, SMALL, model_of

FULL_LIMIT = 2_000_000


def main():
    """Prints a line per world and a last line of totals; a violation is told with its trace."""
    options = argparse.ArgumentParser(prog="python -m tests.faults.model")
    options.add_argument("--full", action="store_true", help="the large worlds too (some minutes)")
    options.add_argument("--limit", type=int, default=FULL_LIMIT, help="states held per world")
    chosen = options.parse_args()
    found = [
        _told(name, world, chosen.limit) for name, world in (SMALL | (LARGE if chosen.full else {})).items()
    ]
    opened = [_opened(hole) for hole in HOLES]
    states = sum(each.states for each in found)
    whole = sum(each.complete for each in found)
    bad = sum(bool(each.complaint) for each in found) + opened.count(False)
    print(
        f"model: {states:,} states and {sum(each.transitions for each in found):,} steps in {len(found)} worlds "
        f"({whole} searched whole), {len(HOLES)} holes opened by taking safeguards away, {bad} failures"
    )
    return 1 if bad else 0


def _told(name, world, limit):
    found = search(model_of(world), limit)
    whole = "whole" if found.complete else f"first {limit:,}"
    print(f"{name:58} {found.states:>9,} states {found.seconds:6.1f} s  {whole}", flush=True)
    if found.complaint:
        print(found.told())
    return found


def _opened(hole):
    found = search(hole.model(opened=True))
    print(f"{hole.name:58} {len(found.trace):>3} steps  without {hole.without}")
    return found.complaint == hole.complaint


if __name__ == "__main__":
    raise SystemExit(main())
