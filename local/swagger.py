"""A Swagger page over the stack's own OpenAPI document, out of the files that Powertools brings; of the laptop alone.

Nothing is fetched from anywhere else, and the deployed stack has no such page.
"""

from functools import cache
from pathlib import Path
from typing import Final

from aws_lambda_powertools.event_handler.openapi import swagger_ui

from local.web import Response

ADDRESS: Final = "/swagger"
_PAGE: Final = f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Carillon</title><link rel="stylesheet" href="{ADDRESS}/page.css"></head>
<body><div id="page"></div>
<script src="{ADDRESS}/bundle.js"></script><script src="{ADDRESS}/start.js"></script></body>
</html>
"""
_START: Final = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#page", persistAuthorization: false});\n'
_POLICY: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
)
_FILES: Final = {
    "": ("text/html; charset=utf-8", _PAGE),
    "page.css": ("text/css", "swagger-ui.min.css"),
    "bundle.js": ("text/javascript", "swagger-ui-bundle.min.js"),
    "start.js": ("text/javascript", _START),
}


def swagger(path: str) -> Response | None:
    """Give the page or one of its files, None for every other address."""
    if path != ADDRESS and not path.startswith(f"{ADDRESS}/"):
        return None
    kind, body = _FILES.get(path.removeprefix(ADDRESS).strip("/"), ("", ""))
    if not kind:
        return Response(404)
    headers = (
        ("content-type", kind),
        ("content-security-policy", _POLICY),
        ("x-content-type-options", "nosniff"),
    )
    return Response(200, _file(body) if body.startswith("swagger-ui") else body.encode(), headers)


@cache
def _file(name: str) -> bytes:
    return (Path(swagger_ui.__file__).parent / name).read_bytes()
