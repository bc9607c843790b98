"""The sweep, the dead-letter function, and time: what moves rows that nobody holds."""

from tests.faults.model.state import EXPIRED, UNFINISHED, ended, put, same, sent, taken, transition


def timer_steps(model, state):
    """A fire time comes; or, at any moment, a lease ends or a retry's delay is over."""
    if state.now < model.config.end:
        yield ("clock", "shows", state.now + 1), model.on_time(state._replace(now=state.now + 1)), True
    for fire, row in enumerate(state.rows):
        if row is None:
            continue
        if row.lease and row.state == "RUNNING" and not _is_held(model, state, fire):
            yield (
                ("lease of", fire, "ends"),
                state._replace(rows=put(state.rows, fire, row._replace(lease=0))),
                True,
            )
        if row.early:
            yield (
                ("retry time of", fire, "comes"),
                state._replace(rows=put(state.rows, fire, row._replace(early=0))),
                True,
            )


def _is_held(model, state, fire):
    """Whether a worker is in a phase of the row's attempt that a lease is said to outlast."""
    phases = model.config.lease_outlasts
    return any(local and local[0] in phases and local[1][0] == fire for local in state.workers)


def sweep_steps(model, state):
    """Reads a row that is past its wake_at, then moves it on the condition that it still is what was read."""
    if not model.config.sweeps:
        return
    local = state.sweep
    if not local:
        yield from _looks(model, state)
        return
    if local[0] == "send":
        after = state._replace(sweep=(), queue=sent(state.queue, local[1]))
        yield ("sweep", "sends", *local[1][:2]), after, True
    else:
        yield from _moves(model, state, *local[1:])
    if state.left.crashes:
        left = state.left._replace(crashes=state.left.crashes - 1)
        yield ("sweep", "dies"), state._replace(sweep=(), left=left), False


def _looks(model, state):
    for fire, row in enumerate(state.rows):
        if row is None or not row.wake or (row.state == "QUEUED" and fire > state.now) or row.early:
            continue
        is_held = row.state == "RUNNING" and row.lease
        if not is_held or not model.on("extend_condition"):
            yield ("sweep", "reads row", fire, row.state), state._replace(sweep=("move", fire, row)), True


def _moves(model, state, fire, row):
    found = state.rows[fire]
    idle = state._replace(sweep=())
    is_extension = row.state == "RUNNING" and row.lease
    if not same(found, row) and model.on("extend_condition" if is_extension else "sweep_condition"):
        yield ("sweep", "passes", fire), idle, True
        return
    if row.state != "RUNNING":
        after = idle._replace(sweep=("send", (fire, row.attempt + 1, 0)))
        yield ("sweep", "pushes", fire), after, True
    elif row.lease:
        yield (
            ("sweep", "moves wake_at of", fire),
            idle._replace(rows=put(state.rows, fire, found._replace(wake=1))),
            True,
        )
    else:
        yield from _expires(model, idle, fire, row)


def _expires(model, state, fire, row):
    claim = EXPIRED + row.attempt if model.on("expiry_claim_id") else row.claim
    if row.attempt < model.config.attempts:
        after = transition(state, fire, row._replace(state="RETRYING", lease=0, early=1, claim=claim))
        after = after._replace(sweep=("send", (fire, row.attempt + 1, 0)))
        yield ("sweep", "expires", fire, "RETRYING"), after, True
    else:
        yield (
            ("sweep", "expires", fire, "UNKNOWN"),
            transition(state, fire, ended(row, "UNKNOWN", claim)),
            True,
        )


def undertaker_steps(model, state):
    """The dead-letter function: reads the row, ends it if it still waits for exactly this message."""
    local = state.undertaker
    if not local:
        for message in dict.fromkeys(state.dead):
            after = state._replace(
                dead=taken(state.dead, message), undertaker=(message, state.rows[message[0]])
            )
            yield ("dead-letter function", "takes in", *message[:2]), after, True
        return
    (fire, attempt, _), row = local
    idle = state._replace(undertaker=())
    waits = row is not None and row.state in ("QUEUED", "RETRYING") and row.attempt + 1 == attempt
    if not model.on("dead_letter_condition"):
        waits = row is not None and state.rows[fire].state in UNFINISHED
    elif waits:
        waits = same(state.rows[fire], row)
    if waits:
        found = state.rows[fire]
        after = transition(idle, fire, ended(found, "FAILED", 80))
        wrong = "a running row was ended as undeliverable" if found.state == "RUNNING" else ""
        if not model.config.poison and not state.left.crashes and not model.config.crashes:
            wrong = wrong or "a run was undeliverable although nothing failed"
        yield ("dead-letter function", "ends", fire), after._replace(wrong=after.wrong or wrong), True
    else:
        yield ("dead-letter function", "notes", fire), idle, True
