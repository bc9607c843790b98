"""How the shards of the due and wake indexes are shared out among ticks."""


def in_ranges(shards: int, per_tick: int) -> tuple[range, ...]:
    """Consecutive ranges of at most `per_tick` shards; one range when they all fit into one tick."""
    return tuple(range(first, min(first + per_tick, shards)) for first in range(0, shards, per_tick))
