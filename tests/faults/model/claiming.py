"""The tick: reads the due index (perhaps a lagging one), claims fire times up to its horizon, sends them."""

from tests.faults.model.state import NEVER, QUEUED, next_fire, put, sent

HORIZON = 1


def tick_steps(model, state):
    """What each tick may do next, its death included."""
    for place, local in enumerate(state.ticks):
        if not local:
            yield from _reads(model, state, place)
            continue
        if place and local == state.ticks[place - 1]:
            continue
        yield from (_send if local[0] == "send" else _claim)(model, state, place, local)
        if state.left.crashes:
            left = state.left._replace(crashes=state.left.crashes - 1)
            yield ("tick", place, "dies"), _local(state, place, ())._replace(left=left), False


def _local(state, place, local):
    ticks = tuple(sorted(put(state.ticks, place, local)))
    return state._replace(ticks=ticks)


def _reads(model, state, place):
    if place and not state.ticks[place - 1]:
        return
    for name, head in (("head", state.head), ("lagging head", state.lagging)):
        if name == "lagging head" and head == state.head:
            continue
        if head.state == "active" and head.next <= state.now + HORIZON:
            todo = tuple(fire for fire in head.fires if head.next <= fire <= state.now + HORIZON)
            then = next_fire(head.fires, max((*todo, head.next)))
            seen = (head.next, head.generation, head.version)
            local = ("claim", seen, todo, then, ())
            yield ("tick", place, "reads", name, "plans", todo), _local(state, place, local), True


def _head_holds(model, head, seen):
    if model.on("next_fire_at") and head.next != seen[0]:
        return False
    return not model.on("head_version") or (head.generation, head.version) == seen[1:]


def _claim(model, state, place, local):
    kind, seen, todo, then, made = local
    if not model.config.split:
        yield from _commits(model, state, place, local)
        return
    head_first = not model.on("rows_first")
    if kind == "claim" and head_first:
        yield from _advances(model, state, place, ("rows", seen, todo, then, made), todo)
    elif todo:
        after, is_made = _put_row(model, state, todo[0], seen[1])
        made = (*made, todo[0]) if is_made else made
        done = not todo[1:] and head_first
        local = (("send", made) if made else ()) if done else (kind, seen, todo[1:], then, made)
        yield ("tick", place, "puts row", todo[0]), _local(after, place, local), True
    elif head_first:
        yield ("tick", place, "ends"), _local(state, place, ()), True
    else:
        yield from _advances(model, state, place, ("send", made) if made else (), made)


def _commits(model, state, place, local):
    _, seen, todo, then, _ = local
    if not _head_holds(model, state.head, seen):
        yield ("tick", place, "loses"), _local(state, place, ()), True
        return
    made = ()
    for fire in todo:
        state, is_made = _put_row(model, state, fire, seen[1])
        made = (*made, fire) if is_made else made
    state = model.write_head(state, state.head._replace(next=then))
    yield ("tick", place, "claims", todo), _local(state, place, ("send", made) if made else ()), True


def _advances(model, state, place, local, _todo):
    if not _head_holds(
        model, state.head, local[1] if local and local[0] == "rows" else state.ticks[place][1]
    ):
        yield ("tick", place, "loses"), _local(state, place, ()), True
        return
    then = state.ticks[place][3]
    after = model.write_head(state, state.head._replace(next=then))
    yield (
        ("tick", place, "advances head to", "never" if then == NEVER else then),
        _local(after, place, local),
        True,
    )


def _put_row(model, state, fire, generation):
    if state.rows[fire] is not None and model.on("put_if_absent"):
        return state, False
    return state._replace(rows=put(state.rows, fire, QUEUED._replace(generation=generation))), True


def _send(model, state, place, local):
    fire, *others = local[1]
    after = state._replace(queue=sent(state.queue, (fire, 1, 0)))
    yield (
        ("tick", place, "sends", fire),
        _local(after, place, ("send", tuple(others)) if others else ()),
        True,
    )
