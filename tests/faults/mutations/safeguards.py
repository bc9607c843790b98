"""The safeguards of the protocol, each with the edit that takes it out of the source.

`holds_too` names safeguards that hold alone what this one holds: then no test needs to notice that this one is gone,
but one must notice that both are.
"""

from dataclasses import dataclass

CORE = "layers/core/carillon"
RULES = (
    "tests/unit/runs",
    "tests/unit/schedules",
    "tests/unit/services",
    "tests/unit/test_dead_letter_verdict.py",
)
STORES = (
    "tests/contract/test_runs.py",
    "tests/contract/test_claims.py",
    "tests/contract/test_heads.py",
    "tests/contract/test_dynamo_faults.py",
    "tests/contract/test_two_ticks.py",
    "tests/contract/test_slots.py",
    "tests/contract/test_dead_letters.py",
)
LIVES = ("tests/faults/test_findings.py", "tests/faults/test_crash_points.py")


@dataclass(frozen=True)
class Edit:
    """One replacement in one file; the old text stands there exactly once."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Safeguard:
    """One thing that keeps a promise."""

    name: str
    edits: tuple[Edit, ...]
    holds_too: tuple[str, ...] = ()
    stages: tuple[tuple[str, ...], ...] = (RULES, STORES, LIVES)


def _edit(path, old, new):
    return Edit(f"{CORE}/{path}", old, new)


_TRANSITIONS = "adapters/dynamo/transitions.py"
_EXECUTE = "services/execute.py"
_IN_DYNAMO = (STORES, LIVES)

SAFEGUARDS = (
    Safeguard(
        "claim id on finish",
        (_edit(_TRANSITIONS, '        expression.same("claim_id", claim_id),\n', ""),),
        stages=_IN_DYNAMO,
    ),
    Safeguard(
        "attempt on finish",
        (_edit(_TRANSITIONS, '        expression.same("attempt", whole(before.attempt)),\n', ""),),
        stages=_IN_DYNAMO,
    ),
    Safeguard(
        "state on every transition",
        (_edit(_TRANSITIONS, '        expression.same("state", text(before.state.value)),\n', ""),),
        stages=_IN_DYNAMO,
    ),
    Safeguard(
        "wake_at in the sweep's condition",
        (_edit(_TRANSITIONS, "    if held_wake:\n        wake_at", "    if False:\n        wake_at"),),
        stages=_IN_DYNAMO,
    ),
    Safeguard(
        "lost-response rule: an equal id is success",
        (
            _edit(
                _TRANSITIONS,
                "    if failed.item is not None and is_own_write(failed.item, after, held_wake=held_wake):\n",
                "    if False:\n",
            ),
        ),
        stages=_IN_DYNAMO,
    ),
    Safeguard(
        "lost-response rule: only in this write's state and attempt",
        (
            _edit(
                _TRANSITIONS,
                "(found.claim_id, found.state, found.attempt) != (after.claim_id, after.state, after.attempt):",
                "found.claim_id != after.claim_id:",
            ),
        ),
        stages=_IN_DYNAMO,
    ),
    Safeguard(
        "put-if-absent",
        (
            _edit(
                "adapters/dynamo/claims.py",
                '_ABSENT.absent("run_key")',
                '_ABSENT.absent("never_there")',
            ),
        ),
        stages=_IN_DYNAMO,
    ),
    Safeguard(
        "advance condition: next_fire_at",
        (
            _edit(
                "adapters/dynamo/claims.py",
                '            expression.same("next_fire_at", next_fire_at),\n',
                "",
            ),
        ),
        stages=_IN_DYNAMO,
    ),
    Safeguard(
        "advance condition: head_version",
        (
            _edit(
                "adapters/dynamo/claims.py",
                '            expression.same("head_version", whole(head.head_version)),\n',
                "",
            ),
        ),
        stages=_IN_DYNAMO,
    ),
    Safeguard(
        "head_version is raised by every operator write",
        (_edit("domain/head_changes.py", "head_version=head.head_version + 1, updated_at", "updated_at"),),
    ),
    Safeguard(
        "wake_at on QUEUED",
        (_edit("domain/new_run.py", "        wake_at=max(start_at, now) + RESEND_AFTER,\n", ""),),
    ),
    Safeguard(
        "attempt tag",
        (
            _edit(
                _EXECUTE,
                "return run.state in WAITS_FOR_A_MESSAGE and message.attempt == run.attempt + 1",
                "return run.state in WAITS_FOR_A_MESSAGE",
            ),
        ),
    ),
    Safeguard(
        "not_before at start",
        (
            _edit(
                _EXECUTE,
                "return _is_awaited(message, run) and run.not_before <= now",
                "return _is_awaited(message, run)",
            ),
        ),
        holds_too=("attempt tag",),
    ),
    Safeguard(
        "lease check of the sweep",
        (
            _edit(
                "domain/recovery.py", "if run.lease_until is not None and run.lease_until > now:", "if False:"
            ),
        ),
    ),
    Safeguard(
        "lease check before the call",
        (_edit("services/attempt.py", "        if deadline_at <= now:\n", "        if False:\n"),),
    ),
    Safeguard(
        "a callback counts for its own attempt",
        (
            _edit(
                "domain/lifecycle.py",
                "        callback=run.callback.closed() if run.callback else None,\n",
                "",
            ),
        ),
    ),
    Safeguard(
        "a row that cannot be read leaves the front of the index",
        (
            _edit(
                "services/sweep.py",
                "why = self._runs.put_off_unreadable(run_id, self._clock.now() + LONGEST_RESEND)",
                "why = None if run_id else LONGEST_RESEND",
            ),
        ),
    ),
    Safeguard(
        "pushing wake_at before work",
        (
            _edit(
                "services/sweep.py",
                "pushed = self._runs.transition(run, recovery.pushed, held_wake=True)",
                "pushed = run",
            ),
        ),
    ),
    Safeguard(
        "fresh claim_id on expiry",
        (_edit("domain/recovery.py", "finish(replace(run, claim_id=claim_id)", "finish(run"),),
    ),
    Safeguard(
        "head check",
        (_edit("services/turn.py", "if not verdict.go or head is None:", "if head is None:"),),
    ),
    Safeguard(
        "head check after the wait",
        (
            _edit(
                _EXECUTE,
                "        self._clock.sleep((message.not_before - self._clock.now()).total_seconds())\n"
                "        run = self._runs.get(message.run_id)\n",
                "        run = self._runs.get(message.run_id)\n"
                "        self._early_head = self._attempt.head(run) if run else None\n"
                "        self._clock.sleep((message.not_before - self._clock.now()).total_seconds())\n",
            ),
            _edit(_EXECUTE, "        head = self._attempt.head(run)\n", "        head = self._early_head\n"),
        ),
    ),
    Safeguard(
        "a pause ends what is queued before it answers",
        (
            _edit(
                "services/pause_schedule.py",
                '        self._end_queued(head, lambda run: run.origin is Origin.FIRE, "paused", message)\n',
                "        _ = message, Origin\n",
            ),
        ),
    ),
    Safeguard(
        "no fire time of a pause runs after it",
        (
            _edit(
                "domain/head_check.py",
                "if head.active_since is not None and run.fire_at <= head.active_since:",
                "if False:",
            ),
        ),
    ),
    Safeguard(
        "dead-letter condition: the state",
        (_edit("domain/dead_letter.py", "if run.state not in WAITS_FOR_A_MESSAGE:", "if False:"),),
    ),
    Safeguard(
        "dead-letter condition: the attempt",
        (_edit("domain/dead_letter.py", "if run.attempt + 1 != message.attempt:", "if False:"),),
    ),
    Safeguard(
        "a step asks whether its workflow still wants it",
        (
            _edit(
                "services/turn.py", "if run.origin in BELOW and not is_wanted(", "if False and not is_wanted("
            ),
        ),
    ),
    Safeguard(
        "a delete leaves a started workflow its steps",
        (
            _edit(
                "services/end_queued.py",
                "if run.origin not in BELOW and is_over(run)",
                "if BELOW and is_over(run)",
            ),
        ),
    ),
    Safeguard(
        "an edit gives running runs their slot",
        (_edit("services/replace_schedule.py", "        self._adopt_runs(head)\n", ""),),
    ),
    Safeguard(
        "slot eviction: only ended runs",
        (_edit("services/slots.py", "return run is None or run.state.is_terminal", "return True"),),
    ),
    Safeguard(
        "slot: a full one is looked through for ended runs",
        (
            _edit(
                "services/slots.py",
                "ended.update(self._ended_among(schedule_id, unseen))",
                "ended.update(())",
            ),
        ),
    ),
    Safeguard(
        "slot: given back by whoever ends a run",
        (
            _edit(
                "services/ended.py",
                "            if run.state.is_terminal:\n                self._release_slot(run)\n",
                "",
            ),
        ),
    ),
    Safeguard(
        "a repeated message of an ended run gives its slot back",
        (
            _edit(
                _EXECUTE,
                "        if run is not None and (run.state.is_terminal or is_moved_by_steps(run)):\n"
                "            self._ended(run)\n",
                "        _ = is_moved_by_steps\n",
            ),
        ),
    ),
    Safeguard(
        "a recreated schedule fires after what the old one claimed",
        (
            _edit(
                "domain/head_changes.py",
                "claimed_until=max(now, last_claimed or now, head.claimed_until or now),",
                "claimed_until=None,",
            ),
        ),
    ),
)
