"""One's own second factor: enrolled, activated, looked at; and taken from a user who lost it."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api import qr
from api.answers import json_answer
from api.calls import call_of, caller_of, decoded, no_body, only_query
from api.models import DocumentedAs, answers
from api.second_factor_models import RecoveryCodes, TotpActivation, TotpEnrolment, TotpQuestion, TotpState
from carillon.domain.confirmation import Reply
from carillon.domain.password import LONGEST_PASSWORD
from carillon.domain.reading import Faults, Section

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
TAGS = ["second factor"]


@router.get(
    "/v1/me/totp", tags=TAGS, summary="Read how my second factor stands", responses=answers(TotpState)
)
def read() -> Response[Any]:
    """Whether it is active, and how many recovery codes are left."""
    only_query(router)
    return json_answer(call_of(router).api.doors.second_factor.document(caller_of(router)))


@router.post(
    "/v1/me/totp",
    tags=TAGS,
    summary="Enrol a second factor",
    responses=answers(TotpEnrolment, 409, 429, status=201),
)
def enrol(document: Annotated[Any, DocumentedAs(TotpQuestion), Body()] = None) -> Response[Any]:
    """Needs the password again, and a code where there is an active factor; activate it within ten minutes."""
    faults = Faults()
    body = Section({} if document is None else document, "", faults, ("password", "code", "recovery_code"))
    password = body.text("password", longest=LONGEST_PASSWORD)
    reply = Reply(body.text("code", longest=64), body.text("recovery_code", longest=64))
    faults.raise_any("The enrolment is not valid.")
    made = call_of(router).api.doors.second_factor.enrol(caller_of(router), password, reply)
    return json_answer({"secret": made.secret, "otpauth_uri": made.uri, "qr_svg": qr.svg(made.uri)}, 201)


@router.post(
    "/v1/me/totp/activate",
    tags=TAGS,
    summary="Activate my second factor",
    responses=answers(RecoveryCodes, 409, 429),
)
def activate(document: Annotated[Any, DocumentedAs(TotpActivation), Body()]) -> Response[Any]:
    """With a first code of the new seed; answers the recovery codes, which are shown once."""
    faults = Faults()
    body = Section(document, "", faults, ("code",))
    code = body.text("code", longest=64).replace(" ", "")
    if body.is_object and not code:
        body.fault("code", "Send the six digits that the app shows.")
    faults.raise_any("The activation is not valid.")
    codes = call_of(router).api.doors.second_factor.activate(caller_of(router), code)
    return json_answer({"recovery_codes": list(codes)})


@router.delete(
    "/v1/users/<user>/totp",
    tags=["access"],
    summary="Take a user's second factor away",
    responses=answers(None, 404, 409),
)
def reset(user: str) -> Response[Any]:
    """For somebody who lost it; they enrol again with their password."""
    no_body(router)
    call_of(router).api.doors.second_factor.reset(caller_of(router), decoded(user))
    return Response(204, None, "")
