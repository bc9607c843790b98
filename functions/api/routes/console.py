"""The console: a page, its modules and its style, under a policy that runs nothing else."""

from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.calls import decoded
from api.console_files import INDEX, ConsoleFile, console_file, console_version
from api.errors import RouteNotFound

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        # Text can never become markup or script: the browser itself refuses innerHTML and its like.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
FOR_GOOD: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"


@router.get("/", include_in_schema=False)
def index() -> Response[Any]:
    """The page itself, asked for anew each time: it names the version of everything else."""
    return _file(INDEX, console_version())


@router.get("/console/<version>/<name>", include_in_schema=False)
def file(version: str, name: str) -> Response[Any]:
    """One file. An address of an older version is answered with what is here, and not kept."""
    return _file(decoded(name), version)


def _file(name: str, version: str) -> Response[Any]:
    found = console_file(name)
    if found is None:
        raise RouteNotFound
    is_lasting = name != INDEX and version == console_version()
    etag = f'"{console_version()}-{name}"'
    headers = {
        "cache-control": FOR_GOOD if is_lasting else ASK_AGAIN,
        "content-security-policy": POLICY,
        "etag": etag,
    }
    if (router.current_event.headers.get("if-none-match") or "") == etag:
        return Response(304, found.content_type, "", headers)
    return _whole(found, headers)


def _whole(found: ConsoleFile, headers: dict[str, str]) -> Response[Any]:
    return Response(200, found.content_type, found.text, headers)
