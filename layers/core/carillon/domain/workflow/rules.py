"""Trigger rules: whether a step may start, given how the steps it needs have ended.

Names and meanings are Airflow's. A step that its rule keeps from running ends at once as skipped or as failed
upstream, and what comes after it is judged by that.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class TriggerRule(StrEnum):
    """What a step asks of the steps it needs."""

    ALL_SUCCESS = "all_success"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ALL_DONE_MIN_ONE_SUCCESS = "all_done_min_one_success"
    ALL_SKIPPED = "all_skipped"
    ONE_FAILED = "one_failed"
    ONE_SUCCESS = "one_success"
    ONE_DONE = "one_done"
    NONE_FAILED = "none_failed"
    NONE_FAILED_MIN_ONE_SUCCESS = "none_failed_min_one_success"
    NONE_SKIPPED = "none_skipped"
    ALWAYS = "always"


class StepResult(StrEnum):
    """How far a step is: live, or one of the four ways to have ended."""

    LIVE = "live"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    """What a rule says of a step that has not started."""

    RUN = "run"
    WAIT = "wait"
    SKIP = "skip"
    FAIL_UPSTREAM = "fail_upstream"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of the needed steps ended in each way; the rest are not done."""

    total: int
    succeeded: int = 0
    failed: int = 0
    upstream_failed: int = 0
    skipped: int = 0

    @property
    def done(self) -> bool:
        """Whether every needed step has ended."""
        return self.succeeded + self.bad + self.skipped == self.total

    @property
    def bad(self) -> int:
        """Needed steps that failed or that a failure kept from running."""
        return self.failed + self.upstream_failed


def tally(results: Iterable[StepResult | None]) -> Tally:
    """The tally of the needed steps' results, None for a step without one."""
    counts: dict[StepResult | None, int] = {}
    total = 0
    for result in results:
        total += 1
        counts[result] = counts.get(result, 0) + 1
    return Tally(
        total,
        counts.get(StepResult.SUCCEEDED, 0),
        counts.get(StepResult.FAILED, 0),
        counts.get(StepResult.UPSTREAM_FAILED, 0),
        counts.get(StepResult.SKIPPED, 0),
    )


def judge(rule: TriggerRule, needed: Tally) -> Verdict:
    """What the rule says; a step that needs nothing always runs."""
    return Verdict.RUN if needed.total == 0 else _JUDGES[rule](needed)


def _all_success(t: Tally) -> Verdict:
    if t.bad:
        return Verdict.FAIL_UPSTREAM
    if t.skipped:
        return Verdict.SKIP
    return _run_if(t.done)


def _all_failed(t: Tally) -> Verdict:
    return Verdict.SKIP if t.succeeded or t.skipped else _run_if(t.done)


def _all_done_min_one_success(t: Tally) -> Verdict:
    if t.done and not t.succeeded:
        return Verdict.FAIL_UPSTREAM if t.bad else Verdict.SKIP
    return _run_if(t.done)


def _all_skipped(t: Tally) -> Verdict:
    return Verdict.SKIP if t.succeeded or t.bad else _run_if(t.done)


def _one_failed(t: Tally) -> Verdict:
    return Verdict.SKIP if t.done and not t.bad else _run_if(t.bad)


def _one_success(t: Tally) -> Verdict:
    if t.done and not t.succeeded:
        return Verdict.FAIL_UPSTREAM if t.bad else Verdict.SKIP
    return _run_if(t.succeeded)


def _one_done(t: Tally) -> Verdict:
    ran = t.succeeded + t.failed
    return Verdict.SKIP if t.done and not ran else _run_if(ran)


def _none_failed(t: Tally) -> Verdict:
    return Verdict.FAIL_UPSTREAM if t.bad else _run_if(t.done)


def _none_failed_min_one_success(t: Tally) -> Verdict:
    if t.bad:
        return Verdict.FAIL_UPSTREAM
    return Verdict.SKIP if t.skipped == t.total else _run_if(t.done)


def _none_skipped(t: Tally) -> Verdict:
    return Verdict.SKIP if t.skipped else _run_if(t.done)


def _run_if(condition: object) -> Verdict:
    return Verdict.RUN if condition else Verdict.WAIT


_JUDGES: Final[Mapping[TriggerRule, Callable[[Tally], Verdict]]] = {
    TriggerRule.ALL_SUCCESS: _all_success,
    TriggerRule.ALL_FAILED: _all_failed,
    TriggerRule.ALL_DONE: lambda t: _run_if(t.done),
    TriggerRule.ALL_DONE_MIN_ONE_SUCCESS: _all_done_min_one_success,
    TriggerRule.ALL_SKIPPED: _all_skipped,
    TriggerRule.ONE_FAILED: _one_failed,
    TriggerRule.ONE_SUCCESS: _one_success,
    TriggerRule.ONE_DONE: _one_done,
    TriggerRule.NONE_FAILED: _none_failed,
    TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS: _none_failed_min_one_success,
    TriggerRule.NONE_SKIPPED: _none_skipped,
    TriggerRule.ALWAYS: lambda _: Verdict.RUN,
}
