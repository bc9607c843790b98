"""The shapes of the second factor and of confirmations for the OpenAPI description."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.models import Strict

Code = Field(default=None, max_length=64, examples=["492039"])


class TotpQuestion(Strict):
    password: str | None = Field(
        default=None, max_length=1024, description="Not for users of another issuer."
    )
    code: str | None = Field(
        default=None, max_length=64, description="Where a second factor is active already."
    )
    recovery_code: str | None = Field(default=None, max_length=64, description="In place of the code.")


class TotpEnrolment(BaseModel):
    secret: str = Field(description="Base32, shown once")
    otpauth_uri: str
    qr_svg: str = Field(description="The same address as a QR code")


class TotpActivation(Strict):
    code: str = Field(max_length=64, examples=["492039"])


class RecoveryCodes(BaseModel):
    recovery_codes: list[str] = Field(description="Ten codes, each good for once; shown once")


class TotpState(BaseModel):
    is_active: bool
    activated_at: datetime | None
    recovery_codes_left: int


class ConfirmationReply(Strict):
    code: str | None = Code
    recovery_code: str | None = Field(default=None, max_length=64, examples=["k3dm-x7qa-2vbn-5hto"])
    decline: bool = False


class ConfirmationAnswer(BaseModel):
    confirmation_id: str
    state: Literal["waiting", "expired", "performing", "done", "declined"]
    operation: str = Field(examples=["schedule.trigger"])
    object: str = Field(examples=["schedule:nightly-etl"])
    sentence: str = Field(description="What exactly will happen")
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    confirmed_by_role: str | None = Field(description="Whose members confirm it, where a machine asked")
    head_version: int | None
    digest: str = Field(description="SHA-256 of the request that will be carried out")
    ended_by: str | None
    answer_status: int | None


class ConfirmationNeeded(BaseModel):
    confirmation: ConfirmationAnswer


class ConfirmationList(BaseModel):
    items: list[ConfirmationAnswer]
    next_cursor: None
