"""JMESPath expressions over {steps, run, payload, item, index}: read once with bounds, evaluated with a budget.

An expression is written by whoever may edit the schedule, but it meets outputs that anybody may have shaped; so its
length, its depth and the work of its evaluation are bounded, whatever both say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.parser import Parser
from jmespath.visitor import TreeInterpreter

from carillon.domain.errors import InvalidPath

MAX_LENGTH: Final = 512
MAX_OPENERS: Final = 60
MAX_DEPTH: Final = 32
BUDGET: Final = 250_000
"""Nodes visited and values made by one evaluation; a text counts one for every 64 characters."""

ROOTS: Final = ("steps", "run", "payload", "item", "index")
_OPENERS: Final = frozenset("([{&!*")
_MAKERS: Final = frozenset({"multi_select_list", "multi_select_dict", "function_expression"})
_LEFT_FIRST: Final = frozenset(
    ["projection", "value_projection", "filter_projection", "flatten", "index_expression", "slice", "pipe"]
)
_EVERY_SIDE: Final = frozenset(
    [
        "and_expression",
        "or_expression",
        "not_expression",
        "comparator",
        "function_expression",
        "multi_select_list",
        "multi_select_dict",
        "key_val_pair",
    ]
)
Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Path:
    """A JMESPath expression that can be evaluated; `roots` are the names it begins with, up to three deep."""

    text: str
    tree: Any
    roots: tuple[tuple[str, ...], ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps it refers to."""
        return tuple(dict.fromkeys(root[1] for root in self.roots if root[0] == "steps"))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The steps whose output it reads."""
        wanted = (root[1] for root in self.roots if root[0] == "steps" and root[2:3] in ((), ("output",)))
        return tuple(dict.fromkeys(wanted))


@lru_cache(maxsize=1024)
def read_path(text: str) -> Path:
    """The expression in a text; InvalidPath says what is wrong with it."""
    if len(text) > MAX_LENGTH:
        raise InvalidPath(f"This expression has {len(text)} characters; {MAX_LENGTH} are allowed.")
    if sum(sign in _OPENERS for sign in text) > MAX_OPENERS:
        raise InvalidPath(
            f"This expression nests too much: at most {MAX_OPENERS} of ( [ {{ & ! * are allowed."
        )
    try:
        tree = Parser().parse(text).parsed
    except (JMESPathError, RecursionError, ValueError) as error:
        raise InvalidPath(f"This is not a JMESPath expression: {_brief(error)}.") from None
    _check_depth(tree)
    return Path(text, tree, tuple(dict.fromkeys(_checked(root) for root in _roots(tree))))


def check_path(text: str) -> None:
    """InvalidPath for an expression that cannot be read, or that calls a function which does not exist, or not so."""
    level = [read_path(text).tree]
    while level:
        for node in level:
            if node["type"] == "function_expression":
                _check_call(node["value"], len(node["children"]))
        level = [child for node in level for child in node["children"] if isinstance(child, dict)]


def _check_call(name: str, given: int) -> None:
    known = Functions.FUNCTION_TABLE.get(name)
    if known is None:
        near = get_close_matches(name, Functions.FUNCTION_TABLE, n=1)
        remedy = f"; did you mean {near[0]}?" if near else " in JMESPath."
        raise InvalidPath(f"There is no function {name}{remedy}")
    signature = known["signature"]
    is_variadic = bool(signature) and bool(signature[-1].get("variadic"))
    if given < len(signature) or (given > len(signature) and not is_variadic):
        least = "at least " if is_variadic else ""
        plural = "" if len(signature) == 1 else "s"
        raise InvalidPath(f"The function {name} takes {least}{len(signature)} argument{plural}, not {given}.")


def evaluate(path: Path, document: Mapping[str, Any], budget: int = BUDGET) -> Any:
    """The value of the expression in a document; InvalidPath when it fails or costs too much."""
    try:
        return _Bounded(budget).visit(path.tree, document)
    except (JMESPathError, RecursionError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise InvalidPath(f"{path.text!r} cannot be evaluated: {_brief(error)}.") from None


def holds(value: Any) -> bool:
    """Whether a condition's value counts as true in JMESPath: false, null and what is empty do not, 0 does."""
    return not (value is None or value is False or (isinstance(value, str | list | dict) and not value))


class _Bounded(TreeInterpreter):
    """JMESPath's own interpreter, stopped when an evaluation has cost more than its budget."""

    def __init__(self, budget: int) -> None:
        super().__init__()
        self._left = budget

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._spend(1)
        result = super().visit(node, *args, **kwargs)
        if node["type"] in _MAKERS:
            # A value made here may hold another one many times; its size is what it would take when written out.
            self._spend(_weight(result, self._left))
        elif isinstance(result, list):
            self._spend(len(result))
        return result

    def _spend(self, cost: int) -> None:
        self._left -= cost
        if self._left < 0:
            raise InvalidPath("This expression takes too much work on the outputs it meets.")


def _weight(value: Any, enough: int) -> int:
    weight, rest = 0, [value]
    while rest and weight <= enough:
        one = rest.pop()
        weight += 1 + (len(one) // 64 if isinstance(one, str) else 0)
        if isinstance(one, Mapping):
            rest.extend(one.values())
        elif isinstance(one, list):
            rest.extend(one)
    return weight


def _check_depth(tree: Any) -> None:
    depth, level = 0, [tree]
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise InvalidPath(f"This expression is nested more than {MAX_DEPTH} levels deep; simplify it.")
        level = [child for node in level for child in node["children"] if isinstance(child, dict)]


def _checked(root: tuple[str, ...]) -> tuple[str, ...]:
    if not root:
        raise InvalidPath(f"Begin with one of {', '.join(ROOTS)}: the whole document cannot be used.")
    if root[0] not in ROOTS:
        raise InvalidPath(f"There is nothing called {root[0]!r} here; begin with one of {', '.join(ROOTS)}.")
    if root[0] == "steps" and len(root) < 2:
        raise InvalidPath("Name the step, such as steps.extract.output.")
    return root[:3]


def _roots(node: Node) -> Iterator[tuple[str, ...]]:
    """The paths by which an expression reaches into the document; () stands for the whole of it."""
    kind, children = node["type"], node["children"]
    if kind == "subexpression" and children[0]["type"] == "not_expression":
        raise InvalidPath("Put brackets behind the exclamation mark, such as !(payload.dry_run).")
    if kind in ("current", "identity"):
        yield ()
    elif kind in ("field", "subexpression", *_LEFT_FIRST):
        names, _ = _leading_names(node)
        if names:
            yield tuple(names)
        else:
            yield from _roots(children[0])
    elif kind in _EVERY_SIDE:
        for child in children:
            yield from _roots(child)


def _leading_names(node: Node) -> tuple[list[str], bool]:
    """The field names an expression begins with, and whether it is made of nothing else."""
    kind = node["type"]
    if kind == "field":
        return [node["value"]], True
    if kind == "current":
        return [], True
    if kind == "subexpression":
        names: list[str] = []
        for child in node["children"]:
            more, is_whole = _leading_names(child)
            names += more
            if not is_whole:
                return names, False
        return names, True
    if kind in _LEFT_FIRST and isinstance(node["children"][0], dict):
        return _leading_names(node["children"][0])[0], False
    return [], False


def _brief(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".:")[:160] or type(error).__name__
