"""What can be done to a run: cancel it, run it again, and answer for its target."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.answers import json_answer
from api.callback_door import answerer_of
from api.calls import call_of, caller_of, decoded, no_body
from api.models import DocumentedAs, answers
from api.run_models import RunAnswer, RunCancel, RunCompletion, RunFailure, RunOutput, RunStarted
from carillon.domain.callback_definition import read_completion, read_failure
from carillon.domain.cancelling import CancelAnswer
from carillon.domain.run import Run
from carillon.domain.run_document import run_document
from carillon.domain.settlement import read_cancel

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
TAGS = ["runs"]


@router.get(
    "/v1/runs/<run_id>/output", tags=TAGS, summary="Read a run's output", responses=answers(RunOutput, 404)
)
def read_output(run_id: str) -> Response[Any]:
    """What its last attempt put out."""
    return json_answer({"output": call_of(router).api.read_runs.output(caller_of(router), decoded(run_id))})


@router.post(
    "/v1/runs/<run_id>/cancel",
    tags=TAGS,
    summary="Cancel a run",
    responses=answers(RunAnswer, 404, 409),
)
def cancel(run_id: str, document: Annotated[Any, DocumentedAs(RunCancel), Body()] = None) -> Response[Any]:
    """200: it has ended CANCELLED. 202: its attempt is asked to stop, or it is taken back; read the run to see."""
    compensate = read_cancel(document)
    result = call_of(router).api.stop_run(caller_of(router), decoded(run_id), compensate=compensate)
    return json_answer(run_document(result.run), 202 if result.answer is CancelAnswer.ASKED else 200)


@router.post(
    "/v1/runs/<run_id>/retry",
    tags=TAGS,
    summary="Run an ended run again",
    responses=answers(RunStarted, 404, 409, status=202),
)
def retry(run_id: str) -> Response[Any]:
    """Makes a new run with the old one's fire time and payload and the schedule's job as it is now."""
    no_body(router)
    call = call_of(router)
    run = call.api.retry_run(caller_of(router), decoded(run_id), call.trace)
    location = {"location": f"/v1/runs/{run.run_id}"}
    return json_answer({"run_id": str(run.run_id), "state": str(run.state)}, 202, location)


@router.post(
    "/v1/runs/<run_id>/complete",
    tags=TAGS,
    summary="Say that a waiting run's work is done",
    responses=answers(RunAnswer, 404, 409),
)
def complete(
    run_id: str, document: Annotated[Any, DocumentedAs(RunCompletion), Body()] = None
) -> Response[Any]:
    """Needs the attempt's `Carillon-Callback-Token`, or the permission runs:complete. Twice is the same as once."""
    answer, output = read_completion(document)
    return _run(call_of(router).api.answer_callback(answerer_of(router), decoded(run_id), answer, output))


@router.post(
    "/v1/runs/<run_id>/fail",
    tags=TAGS,
    summary="Say that a waiting run's work has failed",
    responses=answers(RunAnswer, 404, 409),
)
def fail(run_id: str, document: Annotated[Any, DocumentedAs(RunFailure), Body()] = None) -> Response[Any]:
    """Another attempt follows while there are any, unless `retryable` is false."""
    answer = read_failure(document)
    return _run(call_of(router).api.answer_callback(answerer_of(router), decoded(run_id), answer))


@router.post(
    "/v1/runs/<run_id>/heartbeat",
    tags=TAGS,
    summary="Say that a waiting run's target lives",
    responses=answers(RunAnswer, 404, 409),
)
def heartbeat(run_id: str) -> Response[Any]:
    """Needed where the job has `heartbeat_seconds`; never moves the end of the wait."""
    no_body(router)
    return _run(call_of(router).api.answer_callback.heartbeat(answerer_of(router), decoded(run_id)))


def _run(run: Run) -> Response[Any]:
    return json_answer(run_document(run))
