"""The steps of a job's document, read into a workflow: every fault at once, each with a code, a place and a remedy.

All checks are iterative, and linear in steps, needs and references. What a step executes is read by the caller's
`read_task`, so a step's task has exactly the fields and faults of a plain one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final

from carillon.domain.errors import InvalidPath
from carillon.domain.job import Job
from carillon.domain.reading import Section
from carillon.domain.workflow.expression import Path, check_path, read_path
from carillon.domain.workflow.inputs import check_inputs, paths_of
from carillon.domain.workflow.rules import TriggerRule
from carillon.domain.workflow.shape import ForEach, Step, Workflow, ancestors, order
from carillon.domain.workflow.step_key import RESERVED_NAMES, STEP_NAME

MAX_STEPS: Final = 1000
MAX_CONCURRENT: Final = 100
STEP_FIELDS: Final = ("needs", "rule", "when", "for_each", "may_fail", "compensate", "compensate_on_unknown")
_FOR_EACH: Final = ("over", "max_concurrent")
_SUGGEST_AMONG: Final = 100

ReadTask = Callable[[Section], Job]
Steps = tuple[Workflow, Mapping[str, Job]]


def read_steps(job: Section, task_fields: tuple[str, ...], read_task: ReadTask) -> Steps:
    """The workflow of a job's `steps` and the task of each step; faults are noted in the document's list."""
    document = job.get("steps")
    if not isinstance(document, Mapping) or not document:
        job.fault(
            "steps", 'Give a JSON object of named steps, such as {"extract": {"target": {...}}}.', "no_steps"
        )
        return Workflow(()), {}
    if len(document) > MAX_STEPS:
        job.fault("steps", f"There are {len(document)} steps; {MAX_STEPS} are allowed.", "too_many_steps")
        return Workflow(()), {}
    section = job.section("steps", tuple(document))
    known_before = len(section.faults.errors)
    sections = {
        name: section.section(name, (*task_fields, *STEP_FIELDS))
        for name in document
        if _name_is_good(section, name)
    }
    steps = {name: _read_step(name, body, document) for name, body in sections.items()}
    tasks = {name: read_compensated(body, task_fields, read_task) for name, body in sections.items()}
    ordered = order({name: step.needs for name, step in steps.items()})
    if ordered.cycle:
        path = " -> ".join(ordered.cycle)
        section.fault(
            ordered.cycle[0],
            f"These steps wait for each other in a circle: {path}. Take one need out.",
            "cycle",
        )
    if len(section.faults.errors) > known_before:
        return Workflow(()), {}
    _check_references(section, steps, tasks, ordered.names)
    return Workflow(tuple(steps[name] for name in ordered.names)), tasks


def _name_is_good(section: Section, name: str) -> bool:
    if name in RESERVED_NAMES:
        section.fault(
            name, f"A step cannot be called {name}: run ids use that word for compensations.", "reserved_name"
        )
        return False
    if not STEP_NAME.fullmatch(name):
        shown = ascii(name[:64])[1:-1]
        section.fault(
            shown,
            "Name a step with up to 40 letters, digits and _, beginning with a letter.",
            "bad_step_name",
        )
        return False
    return True


def _read_step(name: str, body: Section, known: Mapping[str, Any]) -> Step:
    if body.get("compensate_on_unknown") and body.get("compensate") is None:
        body.fault("compensate_on_unknown", "This only counts beside compensate; add that or leave this out.")
    return Step(
        name=name,
        needs=tuple(_needs(name, body, known)),
        rule=body.choice("rule", TriggerRule.ALL_SUCCESS),
        when=_path(body, "when", "bad_when"),
        for_each=_for_each(body),
        may_fail=body.flag("may_fail"),
        compensate_on_unknown=body.flag("compensate_on_unknown"),
    )


def _needs(name: str, body: Section, known: Mapping[str, Any]) -> Iterator[str]:
    needs = body.get("needs")
    if needs is None:
        return
    if not isinstance(needs, list):
        body.fault("needs", 'This must be a list of steps, such as ["extract"].', "bad_needs")
        return
    seen: set[str] = set()
    for place, need in enumerate(needs):
        where = f"needs.{place}"
        if not isinstance(need, str):
            body.fault(where, "This must be the name of a step, in quotes.", "bad_needs")
        elif need == name:
            body.fault(where, f"The step {name} needs itself; take it out.", "self_need")
        elif need in seen:
            body.fault(where, f"The step {need} is named twice here; keep one.", "duplicate_need")
        elif need not in known:
            body.fault(
                where, f"There is no step {ascii(need[:64])[1:-1]}{_near(need, known)}", "unknown_step"
            )
        elif STEP_NAME.fullmatch(need) and need not in RESERVED_NAMES:
            seen.add(need)
            yield need


def _near(name: str, known: Mapping[str, Any]) -> str:
    # Looking for similar names is slow among many, and this answers to anybody's document.
    near = get_close_matches(name[:64], list(known), n=1) if len(known) <= _SUGGEST_AMONG else []
    return f"; did you mean {near[0]}?" if near else " in this workflow."


def _path(body: Section, name: str, code: str) -> str | None:
    text = body.get(name)
    if text is None:
        return None
    if not isinstance(text, str) or not text.strip():
        body.fault(name, "Give a JMESPath in quotes, such as steps.extract.output.rows.", code)
        return None
    try:
        check_path(text)
    except InvalidPath as error:
        body.fault(name, str(error), code)
        return None
    return text


def _for_each(body: Section) -> ForEach | None:
    given = body.get("for_each")
    if given is None:
        return None
    if isinstance(given, str):
        over = _path(body, "for_each", "bad_for_each")
        return ForEach(over) if over else None
    if not isinstance(given, Mapping):
        body.fault(
            "for_each", "Give the JMESPath of a list, such as steps.extract.output.files.", "bad_for_each"
        )
        return None
    section = body.section("for_each", _FOR_EACH)
    if section.get("over") is None:
        section.fault(
            "over", "Give the JMESPath of a list, such as steps.extract.output.files.", "bad_for_each"
        )
    over = _path(section, "over", "bad_for_each")
    most = section.whole("max_concurrent", ForEach("").max_concurrent, 1, MAX_CONCURRENT)
    return ForEach(over, most) if over else None


def read_compensated(body: Section, task_fields: tuple[str, ...], read_task: ReadTask) -> Job:
    """A task and what takes its effect back, with the expressions of both checked."""
    task, undo, sections = read_task(body), None, [body]
    if body.get("compensate") is not None:
        sections.append(body.section("compensate", task_fields))
        undo = read_task(sections[1])
    for section in sections:
        for fault in check_inputs(_target(section)):
            section.fault(f"target.{fault.field}", fault.message, "bad_input")
    return replace(task, compensate=undo)


def _target(section: Section) -> Mapping[str, Any]:
    target = section.get("target")
    return target if isinstance(target, Mapping) else {}


def _check_references(
    section: Section, steps: Mapping[str, Step], tasks: Mapping[str, Job], ordered: tuple[str, ...]
) -> None:
    bits, before = ancestors({name: step.needs for name, step in steps.items()}, ordered)
    for name, step in steps.items():
        undo = tasks[name].compensate
        uses = [(f"{name}.when", path, False) for path in _read(step.when)]
        uses += [
            (f"{name}.for_each", path, False) for path in _read(step.for_each.over if step.for_each else None)
        ]
        uses += [(f"{name}.target", path, step.for_each is not None) for path in paths_of(tasks[name].target)]
        uses += [
            (f"{name}.compensate.target", path, step.for_each is not None)
            for path in (paths_of(undo.target) if undo else ())
        ]
        for where, path, has_item in uses:
            allowed = before[name] | (bits[name] if where.endswith(".compensate.target") else 0)
            for fault, code in _reference_faults(name, path, allowed, bits, has_item=has_item):
                section.fault(where, fault, code)


def _read(text: str | None) -> Iterator[Path]:
    if text is not None:
        yield read_path(text)


def _reference_faults(
    name: str, path: Path, allowed: int, bits: Mapping[str, int], *, has_item: bool
) -> Iterator[tuple[str, str]]:
    for step in path.steps:
        if step not in bits:
            yield (
                f"{path.text!r} refers to a step {step!r} that does not exist{_near(step, bits)}",
                "unknown_reference",
            )
        elif step == name and not bits[step] & allowed:
            yield (
                f"{path.text!r} refers to {name} itself, which has put out nothing before it has run; only its "
                "compensate may.",
                "not_upstream",
            )
        elif not bits[step] & allowed:
            yield (
                f"{path.text!r} refers to {step}, which need not have run before {name}; add it to the needs of "
                f"{name} or of a step before it.",
                "not_upstream",
            )
    if not has_item and any(root[0] in ("item", "index") for root in path.roots):
        yield f"{path.text!r} uses item or index, which only a step with for_each is given.", "no_item"
