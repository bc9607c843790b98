"""The operator: pause, resume, edit, delete, recreate, each a head write and then the end of queued rows."""

from tests.faults.model.state import ENDED_BY_OPERATOR, NEVER, SKIPPED, ended, next_fire, put, transition


def operator_steps(model, state):
    """The next part of an act under way, or another act."""
    if state.operator:
        yield from _ends_queued(model, state)
        return
    if not state.left.acts:
        return
    begun = state._replace(left=state.left._replace(acts=state.left.acts - 1), acked=0)
    for act in model.config.acts:
        for after in _ACTS[act](model, begun):
            yield ("operator", act), after, False


def _raised(model, head, **changes):
    version = head.version + 1 if model.on("version_raised") else head.version
    return head._replace(version=version, **changes)


def _jumped(model, state):
    """Records the due and unclaimed fire times that next_fire_at is about to pass."""
    if not model.on("jumped_recorded"):
        return state
    head = state.head
    for fire in head.fires:
        if head.next <= fire <= state.now and state.rows[fire] is None:
            state = state._replace(rows=put(state.rows, fire, SKIPPED._replace(generation=head.generation)))
    return state


def _pauses(model, state):
    if state.head.state == "active":
        after = model.write_head(state, _raised(model, state.head, state="paused"))
        yield after._replace(
            operator=("end", "paused", 1) if model.on("pause_ends_queued") else (),
            acked=0 if model.on("pause_ends_queued") else 1,
        )


def _resumes(model, state):
    head = state.head
    if head.state != "paused":
        return
    since = state.now if model.on("active_since") else 0
    kept = head.next if head.next > state.now else next_fire(head.fires, max(state.now, head.until))
    yield model.write_head(
        _jumped(model, state), _raised(model, head, state="active", since=since, next=kept)
    )._replace(acked=1)


def _edits(model, state):
    head = state.head
    if head.state == "deleted":
        return
    for fires in model.config.timetables:
        if fires != head.fires:
            after = next_fire(fires, max(state.now, head.until)) if model.on("edit_aims_anew") else head.next
            changed = _raised(model, head, fires=fires, next=after, revision=head.revision + 1)
            yield model.write_head(_jumped(model, state), changed)._replace(operator=("end", "edited", 1))


def _deletes(model, state):
    head = state.head
    if head.state == "deleted":
        return
    claimed = max((fire for fire, row in enumerate(state.rows) if row is not None), default=0)
    until = max(state.now, claimed, head.until) if model.on("claimed_until") else 0
    changed = _raised(model, head, state="deleted", next=NEVER, until=until)
    yield model.write_head(_jumped(model, state), changed)._replace(operator=("end", "deleted", 1))


def _recreates(model, state):
    head = state.head
    if head.state != "deleted":
        return
    for fires in model.config.timetables:
        after = next_fire(fires, max(state.now, head.until))
        if after != NEVER:
            revision = head.revision + 1 if model.on("revisions_continue") else 1
            generation = head.generation + 1 if model.on("generation_raised") else head.generation
            changed = _raised(model, head, state="active", fires=fires, next=after, revision=revision)
            yield model.write_head(state, changed._replace(generation=generation, since=state.now))._replace(
                acked=1
            )


def _ends_queued(model, state):
    """Row by row up to now: what no longer applies; then the answer."""
    _, reason, fire = state.operator
    if fire > state.now:
        yield ("operator", "has the answer"), state._replace(operator=(), acked=1), True
        return
    after = state._replace(operator=("end", reason, fire + 1))
    row = state.rows[fire]
    if row is not None and row.state == "QUEUED" and (reason != "edited" or fire not in state.head.fires):
        after = transition(after, fire, ended(row, "SKIPPED", ENDED_BY_OPERATOR))
    yield ("operator", "looks at queued row", fire), after, True


_ACTS = {
    "pauses": _pauses,
    "resumes": _resumes,
    "edits": _edits,
    "deletes": _deletes,
    "recreates": _recreates,
}
