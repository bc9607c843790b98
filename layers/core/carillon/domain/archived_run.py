"""Runs out of the archive: lines found in an object's bytes, and a run read back from its document.

The document says less than the row: what it does not say is left out, or what it must have been for an ended run.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from carillon.domain.errors import ArchiveTooLarge, MalformedRow
from carillon.domain.moments import from_ms, from_rfc3339
from carillon.domain.run import Origin, Run, RunEvent, RunState
from carillon.domain.run_id import RunId
from carillon.domain.trace import Trace

MAX_EXPANDED: Final = 32 * 1024 * 1024
"""Bytes that one object may have when it is expanded; the archiver writes a thousand runs at most into one."""
_GZIP: Final = 31


def lines_about(top: RunId, body: bytes) -> Iterator[Mapping[str, Any]]:
    """The documents in an object that tell of this run or of a step of it; ArchiveTooLarge, MalformedRow."""
    text = _expanded(top, body)
    # Most lines are about others: they are told apart before anything of them is parsed.
    begin = f'"run_id":"{top}'.encode()
    for line in text.splitlines():
        if begin in line:
            document = _parsed(top, line)
            run_id = str(document.get("run_id"))
            if run_id == str(top) or run_id.startswith(f"{top}."):
                yield document


def latest_runs(documents: Iterable[Mapping[str, Any]]) -> list[Run]:
    """One run for each id, as its latest end tells it, in the order of their keys; MalformedRow."""
    runs: dict[RunId, Run] = {}
    for run in map(read_document, documents):
        known = runs.get(run.run_id)
        if known is None or _end(known) <= _end(run):
            runs[run.run_id] = run
    return [runs[run_id] for run_id in sorted(runs)]


def read_document(document: Mapping[str, Any]) -> Run:
    """The run that a document tells of; MalformedRow."""
    try:
        return _run(document)
    except (KeyError, ValueError, TypeError, LookupError) as error:
        raise MalformedRow(f"The archive's line of {document.get('run_id')}: {error!r}") from None


def _run(document: Mapping[str, Any]) -> Run:
    fire_at = from_rfc3339(document["fire_at"])
    return Run(
        run_id=RunId.parse(document["run_id"]),
        generation=0,
        origin=Origin(document["origin"]),
        state=RunState(document["state"]),
        fire_at=fire_at,
        not_before=fire_at,
        created_at=from_rfc3339(document["created_at"]),
        attempt=int(document["attempt"]),
        revision=document["revision"],
        reason=document["reason"],
        skipped_count=document["skipped_count"],
        retry_of=None if document.get("retry_of") is None else RunId.parse(document["retry_of"]),
        started_at=_moment(document["started_at"]),
        ended_at=_moment(document["ended_at"]),
        deadline_at=_moment(document.get("deadline_at")),
        given_trace=Trace(document["trace_id"]) if document.get("trace_id") else None,
        events=tuple(map(_event, document["events"])),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_rfc3339(text)


def _event(event: Mapping[str, Any]) -> RunEvent:
    return RunEvent(
        from_ms(event["timestamp"]),
        RunState(event["status"]),
        str(event["message"]),
        int(event["attempt"]),
        event["duration_ms"],
    )


def _end(run: Run) -> tuple[bool, Any]:
    return (run.ended_at is not None, run.ended_at)


def _parsed(top: RunId, line: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(line)
    except ValueError:
        document = None
    if not isinstance(document, Mapping):
        raise MalformedRow(f"A line of the archive near {top} is no JSON object.")
    return document


def _expanded(top: RunId, body: bytes) -> bytes:
    try:
        text = zlib.decompressobj(_GZIP).decompress(body, MAX_EXPANDED + 1)
    except zlib.error as error:
        raise MalformedRow(f"An object of the archive near {top} cannot be expanded: {error}") from None
    if len(text) > MAX_EXPANDED:
        raise ArchiveTooLarge(
            f"An object of the archive near {top} is too large to be read here. Ask Athena."
        )
    return text
