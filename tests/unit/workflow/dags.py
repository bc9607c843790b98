"""Strategies for workflows of every shape: dense layers, diamonds, wide fans, deep chains, and anything."""

from hypothesis import strategies as st

from carillon.domain.workflow.rules import TriggerRule

RULES = st.sampled_from([str(rule) for rule in TriggerRule])
MOSTLY_SUCCESS = st.one_of(st.just("all_success"), RULES)


def dense(widths):
    """Every step needs every step of the layer before."""
    layers = [[f"s{depth}_{place}" for place in range(width)] for depth, width in enumerate(widths)]
    needs = {}
    for depth, layer in enumerate(layers):
        needs |= {name: list(layers[depth - 1]) if depth else [] for name in layer}
    return needs


def wide(width):
    needs = {"first": []} | {f"w{place}": ["first"] for place in range(width)}
    return needs | {"last": [f"w{place}" for place in range(width)]}


def deep(length):
    return {f"d{place}": [f"d{place - 1}"] if place else [] for place in range(length)}


def diamonds(count):
    needs = {"top0": []}
    for place in range(count):
        needs |= {f"left{place}": [f"top{place}"], f"right{place}": [f"top{place}"]}
        needs[f"top{place + 1}"] = [f"left{place}", f"right{place}"]
    return needs


@st.composite
def scattered(draw):
    """Any step may need any earlier ones."""
    names = [f"n{place}" for place in range(draw(st.integers(1, 12)))]
    return {
        name: draw(st.lists(st.sampled_from(names[:place]), unique=True, max_size=5)) if place else []
        for place, name in enumerate(names)
    }


SHAPES = st.one_of(
    st.lists(st.integers(1, 4), min_size=1, max_size=4).map(dense),
    st.integers(1, 10).map(wide),
    st.integers(1, 15).map(deep),
    st.integers(1, 4).map(diamonds),
    scattered(),
)


@st.composite
def workflows(draw):
    """{name: (needs, rule, may_fail)}."""
    return {name: (needs, draw(MOSTLY_SUCCESS), draw(st.booleans())) for name, needs in draw(SHAPES).items()}
