"""Every reason for which a fire time, or a step, does not run stands in docs/run-states.md, and none else.

The words are read from the code: from the arguments of every call that makes a row SKIPPED or decides that it shall be.
"""

import ast
import importlib
import re
from pathlib import Path

import carillon

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "run-states.md").read_text()
CORE = Path(carillon.__file__).parent
# Where a call holds the reason: the argument's place, and its name.
CALLS = {
    "skip": (2, "reason"),
    "skipped": (None, "reason"),
    "missed_stretch": (None, "reason"),
    "Cause": (0, "reason"),
    "Decision": (2, "reason"),
    "_end_queued": (2, "reason"),
}
JUDGES = {"Verdict": ("head_check", (1, "reason"))}


def documented():
    """The words whose row names the state SKIPPED."""
    rows = re.findall(r"^\| `(\w+)` \| ([A-Z_, ]+) \|", PAGE, re.MULTILINE)
    return {word for word, states in rows if "SKIPPED" in states.split(", ")}


def in_code():
    """The words in the code, by the places where they stand."""
    found = {}
    for path in sorted([*CORE.glob("domain/**/*.py"), *CORE.glob("services/*.py")]):
        name = ".".join(path.relative_to(CORE.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            for word in words_of(node, name):
                found.setdefault(word, f"{path.name}:{node.lineno}")
    return found


def words_of(node, module):
    if isinstance(node, ast.Assign) and [ast.unparse(each) for each in node.targets] == ["reason"]:
        return [
            word for word in resolved(node.value, module) if "workflow" in module or "head_changes" in module
        ]
    if not isinstance(node, ast.Call):
        return []
    callee = ast.unparse(node.func).rpartition(".")[2]
    place, keyword = CALLS.get(callee, (None, None))
    if callee in JUDGES and module.endswith(JUDGES[callee][0]):
        place, keyword = JUDGES[callee][1]
    if callee == "Decision" and "SKIP" not in ast.unparse(node.args[0]):
        return []
    given = [each.value for each in node.keywords if keyword and each.arg == keyword]
    if place is not None and len(node.args) > place:
        given.append(node.args[place])
    return [word for value in given for word in resolved(value, module)]


def resolved(value, module):
    """The words that an expression can be, where it is a text, a constant's name, or a choice between such."""
    if isinstance(value, ast.IfExp):
        return [*resolved(value.body, module), *resolved(value.orelse, module)]
    if isinstance(value, ast.Name):
        constant = getattr(importlib.import_module(module), value.id, None)
        return [str(constant)] if isinstance(constant, str) else []
    text = value.value if isinstance(value, ast.Constant) else None
    return [text] if isinstance(text, str) and re.fullmatch(r"[a-z_]+", text) else []


def test_every_reason_in_the_code_is_on_the_page_and_every_one_on_the_page_is_in_the_code():
    found = in_code()
    assert {word: place for word, place in found.items() if word not in documented()} == {}
    assert documented() - set(found) == set()


def test_the_search_finds_reasons_of_every_kind():
    found = in_code()
    assert {"misfired", "excluded", "skip_next", "paused", "deleted", "edited", "broken"} <= set(found)
    assert {"overlap_skipped", "queue_full", "upstream_failed"} <= set(found)
