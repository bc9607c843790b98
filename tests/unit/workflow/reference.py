"""A workflow interpreter written naively from Airflow's documentation: no import from the product, no cleverness.

A rule is a predicate over how the needed steps ended. A step runs when its predicate holds now; it is out when no
way in which the unfinished ones could still end makes the predicate true, which is found by trying all of them.
"""

from itertools import combinations_with_replacement

SUCCEEDED, FAILED, UPSTREAM_FAILED, SKIPPED = "succeeded", "failed", "upstream_failed", "skipped"
ENDS = (SUCCEEDED, FAILED, UPSTREAM_FAILED, SKIPPED)
WANTS_SUCCESS = {
    "all_success",
    "none_failed",
    "none_failed_min_one_success",
    "one_success",
    "all_done_min_one_success",
}


def satisfied(rule, ends):  # noqa: C901 - one case for each rule, as the documentation lists them
    """Whether a rule lets a step start; None in `ends` is a step that has not ended."""
    complete = None not in ends
    bad = [end for end in ends if end in (FAILED, UPSTREAM_FAILED)]
    good = [end for end in ends if end == SUCCEEDED]
    skipped = [end for end in ends if end == SKIPPED]
    match rule:
        case "all_success":
            return all(end == SUCCEEDED for end in ends)
        case "all_failed":
            return all(end in (FAILED, UPSTREAM_FAILED) for end in ends)
        case "all_done":
            return complete
        case "all_done_min_one_success":
            return complete and bool(good)
        case "all_skipped":
            return all(end == SKIPPED for end in ends)
        case "one_failed":
            return bool(bad)
        case "one_success":
            return bool(good)
        case "one_done":
            return any(end in (SUCCEEDED, FAILED) for end in ends)
        case "none_failed":
            return complete and not bad
        case "none_failed_min_one_success":
            return complete and not bad and bool(good)
        case "none_skipped":
            return complete and not skipped
        case "always":
            return True
    raise AssertionError(rule)


def decide(rule, ends):
    """run, wait, skip or fail_upstream."""
    if not ends or satisfied(rule, ends):
        return "run"
    known = [end for end in ends if end is not None]
    for future in combinations_with_replacement(ENDS, len(ends) - len(known)):
        if satisfied(rule, known + list(future)):
            return "wait"
    is_failure = rule in WANTS_SUCCESS and (FAILED in known or UPSTREAM_FAILED in known)
    return "fail_upstream" if is_failure else "skip"


class Interpreter:
    """Runs a workflow step by step; `steps` maps a name to (needs, rule, may_fail)."""

    def __init__(self, steps):
        self.steps = steps
        self.ends = {}
        self.running = []

    def settle(self):
        """Starts and skips until nothing moves any more; the names newly started and newly skipped."""
        started, skipped = set(), {}
        moved = True
        while moved:
            moved = False
            for name, (needs, rule, _) in self.steps.items():
                if name in self.ends or name in self.running:
                    continue
                verdict = decide(rule, [self.ends.get(need) for need in needs])
                if verdict == "run":
                    self.running.append(name)
                    started.add(name)
                elif verdict != "wait":
                    self.ends[name] = UPSTREAM_FAILED if verdict == "fail_upstream" else SKIPPED
                    skipped[name] = self.ends[name]
                moved = moved or verdict != "wait"
        return started, skipped

    def end(self, name, how):
        self.running.remove(name)
        self.ends[name] = how

    @property
    def outcome(self):
        """None while something runs."""
        if self.running:
            return None
        lost = [name for name, end in self.ends.items() if end == FAILED and not self.steps[name][2]]
        return "failed" if lost else "succeeded"
