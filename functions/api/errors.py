"""Errors that only an HTTP API can have."""

from carillon.domain.errors import CarillonError


class BodyTooLarge(CarillonError):
    """The body may have 256 KiB at most."""

    code = "body_too_large"


class UnsupportedMediaType(CarillonError):
    """Send the body as JSON, with the header Content-Type: application/json."""

    code = "unsupported_media_type"


class PreconditionRequired(CarillonError):
    """Send the ETag of what you read in an If-Match header, so that no other change is overwritten."""

    code = "precondition_required"


class RouteNotFound(CarillonError):
    """There is nothing at this address; GET /openapi.json lists what there is."""

    code = "route_not_found"


class MethodNotAllowed(CarillonError):
    """This address does not take this method."""

    code = "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"This address takes {allowed}.")
        self.allowed = allowed
