"""Where a job wants a secret: `${secrets.NAME}` in a task's input, headers or URL path, and what the task may reach.

Only a text that was saved with a placeholder is ever filled. A value that an expression brings in at run time is
plain text, whatever it spells.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from carillon.domain.errors import FieldError, InvalidInput
from carillon.domain.job import Job
from carillon.domain.secrets import Secret
from carillon.domain.target_ids import UNKNOWN_TARGET, target_ids
from carillon.domain.targets.url import parse_url
from carillon.domain.templates import is_path, texts_of
from carillon.domain.workflow.inputs import INPUT_FIELDS, MARK

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PLACEHOLDER: Final = re.compile(r"\$\{secrets\.([^}]*)\}")
_FILLED: Final = re.compile(
    r"\$\{secrets\.(?P<secret>[^}]*)\}|(?P<escape>\$?)\$\{(?P<told>callback\.(?:token|url))\}"
)
_PLACES: Final = INPUT_FIELDS | {"headers", "url", "sign_with"}


class SecretText(str):
    """A text that was saved with a placeholder in it that is filled right before the call."""

    __slots__ = ()


def names_in(value: Any) -> frozenset[str]:
    """The secrets that the texts of a value name."""
    return frozenset(name for _, text in texts_of(value, "") for name in _PLACEHOLDER.findall(text))


def placed(value: Any) -> Any:
    """The value with every text that holds a placeholder marked as such; expressions hold none."""
    if isinstance(value, str):
        return SecretText(value) if _FILLED.search(value) else value
    if isinstance(value, Mapping):
        return {name: each if is_path(name) else placed(each) for name, each in value.items()}
    return [placed(each) for each in value] if isinstance(value, list) else value


def names_placed(value: Any) -> frozenset[str]:
    """The secrets that the marked texts of a value name."""
    return frozenset(
        name
        for _, text in texts_of(value, "")
        if isinstance(text, SecretText)
        for name in _PLACEHOLDER.findall(text)
    )


def filled(value: Any, secrets: Mapping[str, Secret], told: Mapping[str, str] | None = None) -> Any:
    """The value with every marked text filled in; `told` are the callback's facts. KeyError for what is not given."""
    if isinstance(value, SecretText):
        return Secret(_FILLED.sub(lambda found: _given(found, secrets, told or {}), value))
    if isinstance(value, Mapping):
        return {name: filled(each, secrets, told) for name, each in value.items()}
    return [filled(each, secrets, told) for each in value] if isinstance(value, list) else value


def _given(found: re.Match[str], secrets: Mapping[str, Secret], told: Mapping[str, str]) -> str:
    if found["told"] is None:
        return secrets[found["secret"]]
    return found[0][1:] if found["escape"] else told.get(found["told"], "")


def uses_of(job: Job) -> Mapping[str, frozenset[str]]:
    """Every secret that the job, its steps and compensations name, with the origins that it goes to."""
    uses: dict[str, frozenset[str]] = {}
    for _, task in tasks_of(job):
        for name in names_in(task.target):
            uses[name] = uses.get(name, frozenset()) | origins_of(task)
    return uses


def origins_of(task: Job) -> frozenset[str]:
    """What one task reaches: scheme, host and port of an http target, else the target's name for permissions."""
    kind, url = str(task.target.get("kind")), task.target.get("url")
    if kind == "http" and isinstance(url, str):
        try:
            parsed = parse_url(url)
        except InvalidInput:
            return frozenset({"*"})
        return frozenset({f"{parsed.scheme}://{parsed.host}:{parsed.port}"})
    names = target_ids(Job(task.target, task.timeout_seconds))
    if UNKNOWN_TARGET not in names:
        return frozenset(names)
    # A target without a name is the same one only while nothing but its input and headers changes.
    rest = {name: value for name, value in task.target.items() if name.removesuffix(MARK) not in _PLACES}
    return frozenset({json.dumps(rest, sort_keys=True)})


def tasks_of(job: Job, path: str = "job") -> Iterator[tuple[str, Job]]:
    """Every task of a job with its path in the document."""
    if job.workflow is None:
        yield path, job
    for name, task in job.tasks.items():
        yield from tasks_of(task, f"{path}.steps.{name}")
    if job.compensate is not None:
        yield from tasks_of(job.compensate, f"{path}.compensate")


def check_uses(job: Job, known: frozenset[str]) -> Iterator[FieldError]:
    """A fault for every placeholder in a place that takes none, or of a secret that the schedule does not have."""
    for path, task in tasks_of(job):
        for where, text in texts_of(task.target, f"{path}.target"):
            field = where.removeprefix(f"{path}.target.").partition(".")[0]
            for name in _PLACEHOLDER.findall(text):
                if field not in _PLACES:
                    yield FieldError(
                        where, "No secret can stand here, only in headers, the URL's path and inputs."
                    )
                elif name not in known:
                    yield FieldError(
                        where, f"There is no secret {ascii(name)[1:-1]:.64}; give it in job.secrets."
                    )
