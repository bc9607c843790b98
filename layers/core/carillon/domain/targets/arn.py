"""An ARN read in one strict way: six parts, no wildcard, so that a list of patterns can judge it."""

import re
from dataclasses import dataclass
from typing import Final

MAX_ARN_LENGTH: Final = 512
_SHAPE: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]{0,20}):(?P<service>[a-z0-9-]{2,40}):(?P<region>[a-z0-9-]{0,30})"
    r":(?P<account>[0-9]{12})?:(?P<resource>[A-Za-z0-9_$./:@+=,#-]+)"
)


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of an ARN; `account` is empty for what AWS itself owns."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def read_arn(text: object) -> Arn | None:
    """The ARN, None where the text is none."""
    match = _SHAPE.fullmatch(text) if isinstance(text, str) and len(text) <= MAX_ARN_LENGTH else None
    if match is None:
        return None
    return Arn(
        match["partition"], match["service"], match["region"], match["account"] or "", match["resource"]
    )


def region_of(text: str) -> str:
    """The region in an ARN; ValueError where the text is none."""
    arn = read_arn(text)
    if arn is None:
        raise ValueError(f"{text!r:.80} is no ARN")
    return arn.region
