"""What a row is given: the facts its expressions read, loaded as far as they name them and no further."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from carillon.domain.errors import InvalidPath, OutputNotFound
from carillon.domain.job import Job
from carillon.domain.run import Run
from carillon.domain.workflow.expression import Path
from carillon.domain.workflow.facts import document, names_of, names_payload, outputs_of
from carillon.domain.workflow.inputs import paths_of, resolve
from carillon.domain.workflow.step_key import StepKey, split
from carillon.domain.workflow.tasks import place_of
from carillon.ports.runs import OutputStore, RunStore


class StepInputs:
    """Facts from the rows and outputs of the same tree."""

    def __init__(self, runs: RunStore, outputs: OutputStore) -> None:
        self._runs = runs
        self._outputs = outputs

    def given(self, run: Run, task: Job) -> Job:
        """The task with the expressions of its target replaced by their values; InvalidPath."""
        paths = tuple(paths_of(task.target))
        if not paths:
            return task
        return replace(task, target=resolve(task.target, self.facts(run, paths)))

    def facts(self, run: Run, paths: Sequence[Path]) -> Mapping[str, Any]:
        """The document that these expressions of a row are evaluated in; InvalidPath when it is incomplete."""
        key = place_of(run)
        top_id, _ = split(run.run_id)
        places = {name: StepKey(name).under(top_id) for name in names_of(paths)}
        wanted = [*places.values(), *([] if key is None else [top_id])]
        rows = {row.run_id: row for row in self._runs.get_many(wanted)} if wanted else {}
        top = run if key is None else rows.get(top_id)
        if top is None:
            raise InvalidPath(f"There is no run {top_id} to read facts from.")
        states = {name: rows[place] for name, place in places.items() if place in rows}
        read = [states[name] for name in outputs_of(paths) if name in states and states[name].output_bytes]
        found = self._outputs.read_many(read) if read else {}
        outputs = {name: found.get(row.run_id) for name, row in states.items()}
        payload = self._payload(top) if names_payload(paths) else None
        return document(top, run, key, states, outputs, self._item(run, key, paths), payload)

    def _payload(self, top: Run) -> Any:
        kept = top.run_id.payload
        if kept is None:
            return None
        try:
            return self._outputs.read(replace(top, run_id=kept, attempt=0))
        except OutputNotFound:
            raise InvalidPath(f"What {top.run_id} was given is gone.") from None

    def _item(self, run: Run, key: StepKey | None, paths: Sequence[Path]) -> Any:
        if (
            key is None
            or key.item is None
            or not any(root[0] == "item" for path in paths for root in path.roots)
        ):
            return None
        top_id, _ = split(run.run_id)
        step = replace(run, run_id=StepKey(key.step).under(top_id), attempt=0)
        try:
            return self._outputs.read(step)[key.item]
        except (OutputNotFound, IndexError):
            raise InvalidPath(f"The list that {key.step} runs over is gone.") from None
