"""The worker: receives, waits, reads row and head, starts, calls, finishes; and the queue's ways of losing messages."""

from tests.faults.model.state import ended, put, same, sent, taken, transition

RECEIVES = 2


def worker_steps(model, state):
    """What each worker may do next, its death included."""
    for place, local in enumerate(state.workers):
        if not local:
            yield from _receives(model, state, place)
            continue
        yield from _PHASES[local[0]](model, state, place, local)
        if state.left.crashes:
            left = state.left._replace(crashes=state.left.crashes - 1)
            after = _given_back(model, _local(state, place, ()), local[1])._replace(left=left)
            yield ("worker", place, "dies"), after, False


def _local(state, place, local):
    return state._replace(workers=put(state.workers, place, local))


def _acks(state, place, why):
    return ("worker", place, "acks", why), _local(state, place, ()), True


def _given_back(model, state, message):
    fire, attempt, receives = message
    if not model.config.redrive:
        return state._replace(queue=sent(state.queue, message))
    if receives + 1 >= RECEIVES:
        return state._replace(dead=sent(state.dead, (fire, attempt, 0)))
    return state._replace(queue=sent(state.queue, (fire, attempt, receives + 1)))


def _receives(model, state, place):
    for number, message in enumerate(state.queue):
        if number and message == state.queue[number - 1]:
            continue
        local = ("wait", message, None)
        yield (
            ("worker", place, "receives", *message[:2]),
            _local(state._replace(queue=taken(state.queue, message)), place, local),
            True,
        )
        if state.left.duplicates:
            left = state.left._replace(duplicates=state.left.duplicates - 1)
            yield (
                ("worker", place, "receives a duplicate", *message[:2]),
                _local(state, place, local)._replace(left=left),
                False,
            )


def _waits(model, state, place, local):
    _, message, verdict = local
    fire = message[0]
    if verdict is None and not model.on("head_after_wait"):
        yield (
            ("worker", place, "asks the head too soon"),
            _local(state, place, ("wait", message, _asks(state, state.rows[fire]))),
            True,
        )
        return
    if state.now < fire:
        if not model.on("early_is_acked"):
            yield (
                ("worker", place, "gives back an early message"),
                _given_back(model, _local(state, place, ()), message),
                True,
            )
        if not model.on("verdict_at_its_time"):
            yield from _judges_too_soon(model, state, place, message)
        return
    row = state.rows[fire]
    if row is None or not _is_for(model, row, message):
        yield _acks(state, place, "a message that no row waits for")
        return
    if verdict is None:
        yield (
            ("worker", place, "reads row", fire, row.state),
            _local(state, place, ("ask", message, row)),
            True,
        )
    else:
        yield from _decided(model, state, place, message, row, verdict)


def _judges_too_soon(model, state, place, message):
    row = state.rows[message[0]]
    verdict = _asks(state, row)
    if row is not None and _is_for(model, row, message) and not isinstance(verdict, int):
        yield from _decided(model, state, place, message, row, verdict)


def _is_for(model, row, message):
    if row.state not in ("QUEUED", "RETRYING"):
        return False
    if model.on("attempt_tag") and message[1] != row.attempt + 1:
        return False
    return not row.early or not model.on("not_before")


def _asks(state, row):
    """The reason not to start, or the revision to start with."""
    head = state.head
    if head.state == "deleted" or row is None or row.generation != head.generation:
        return "deleted"
    if head.state == "paused":
        return "paused"
    return head.revision


def _ask(model, state, place, local):
    _, message, row = local
    verdict = state.head.revision if row.attempt else _asks(state, row)
    if isinstance(verdict, int) and not row.attempt:
        if message[0] <= state.head.since and model.on("active_since"):
            verdict = "paused"
        elif message[0] not in state.head.fires:
            verdict = "edited"
    if not model.on("head_check"):
        verdict = state.head.revision
    yield from _decided(model, state, place, message, row, verdict)


def _decided(model, state, place, message, row, verdict):
    kind = "start" if isinstance(verdict, int) else "skip"
    label = ("worker", place, "asks the head about", message[0], "go" if kind == "start" else verdict)
    yield label, _local(state, place, (kind, message, row, verdict)), True


def _skip(model, state, place, local):
    _, message, row, reason = local
    after = _local(state, place, ())
    if same(state.rows[message[0]], row):
        after = transition(after, message[0], ended(row, "SKIPPED", 50 + place))
    yield ("worker", place, "skips", message[0], reason), after, True


def _start(model, state, place, local):
    _, message, row, revision = local
    fire = message[0]
    found = state.rows[fire]
    if not same(found, row) and model.on("start_condition"):
        yield _acks(state, place, "a row that moved on")
        return
    claim = 10 * (row.attempt + 1) + place if model.on("fresh_claim_id") else 5
    started = found._replace(
        state="RUNNING",
        attempt=row.attempt + 1,
        claim=claim,
        lease=1,
        early=0,
        revision=row.revision or revision,
    )
    after = model.on_start(transition(state, fire, started), fire, found)
    yield ("worker", place, "starts", fire), _local(after, place, ("call", message, started)), True
    if state.left.lost:
        left = state.left._replace(lost=state.left.lost - 1)
        after = _local(after, place, ("repeat", message, started))._replace(left=left)
        yield ("worker", place, "starts", fire, "and the answer is lost"), after, False


def _repeat(model, state, place, local):
    """The SDK repeats the conditional start and finds a row in the way: perhaps its own."""
    _, message, started = local
    found = state.rows[message[0]]
    is_own = found.claim == started.claim and model.on("own_write_known")
    if is_own and model.on("own_write_in_its_state"):
        is_own = (found.state, found.attempt) == ("RUNNING", started.attempt)
    if is_own:
        yield ("worker", place, "knows its own write"), _local(state, place, ("call", message, started)), True
    else:
        yield _acks(state, place, "a start that seems lost")


def _call(model, state, place, local):
    _, message, started = local
    fire, row = message[0], state.rows[message[0]]
    holds = row.lease and same(row, started)
    if not holds and model.on("lease_check"):
        yield _acks(state, place, "a lease that is over")
        return
    after = model.on_call(state, place, fire, started)
    yield (
        ("worker", place, "calls the target for", fire),
        _local(after, place, ("finish", message, started, "SUCCEEDED")),
        True,
    )
    if state.left.failures:
        left = state.left._replace(failures=state.left.failures - 1)
        after = _local(after, place, ("finish", message, started, "FAILED"))._replace(left=left)
        yield ("worker", place, "calls the target for", fire, "and it fails"), after, False


def _finish(model, state, place, local):
    _, message, started, outcome = local
    fire, row = message[0], state.rows[message[0]]
    owns = (
        (row.state == "RUNNING" or not model.on("finish_state"))
        and (row.claim == started.claim or not model.on("finish_claim_id"))
        and (row.attempt == started.attempt or not model.on("finish_attempt"))
    )
    if not owns:
        yield _acks(state, place, "a row that is no longer its own")
        return
    wrong = "" if same(row, started) else "an attempt ended a row that another one owns"
    after = state if not wrong else state._replace(wrong=state.wrong or wrong)
    if outcome == "FAILED" and started.attempt < model.config.attempts:
        waiting = row._replace(state="RETRYING", lease=0, early=1)
        after = _local(transition(after, fire, waiting), place, ("send", (fire, started.attempt + 1, 0)))
    else:
        after = _local(transition(after, fire, ended(row, outcome, row.claim)), place, ())
    yield ("worker", place, "finishes", fire, outcome), after, True


def _sends(model, state, place, local):
    after = _local(state, place, ())
    yield ("worker", place, "sends", *local[1][:2]), after._replace(queue=sent(state.queue, local[1])), True


_PHASES = {
    "wait": _waits,
    "ask": _ask,
    "skip": _skip,
    "start": _start,
    "repeat": _repeat,
    "call": _call,
    "finish": _finish,
    "send": _sends,
}


def queue_steps(model, state):
    """What the queue may do to a message: forget it, or give it up as poison."""
    for message in dict.fromkeys(state.queue):
        queue = taken(state.queue, message)
        if state.left.drops:
            left = state.left._replace(drops=state.left.drops - 1)
            yield ("queue", "drops", *message[:2]), state._replace(queue=queue, left=left), False
        if state.left.poison:
            left = state.left._replace(poison=state.left.poison - 1)
            after = state._replace(queue=queue, dead=sent(state.dead, message), left=left)
            yield ("queue", "dead-letters", *message[:2]), after, False
