"""The console's files: read once, named by what they hold, and nothing else of the disk.

All of them carry one version, a digest of them all, in their address: so a browser keeps them for good and never
mixes the modules of two deployments.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "console"
INDEX: Final = "index.html"
TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_ADDRESS: Final = re.compile(r"/|/console/[^/]+/[^/]+")
_UNSEEN: Final = re.compile(r"^[ ]+|^[ ]*(?://|/\*\*).*$|[ ](?==>)|(?<==>)[ ]", re.MULTILINE)
"""Indentation, comments and the room around arrows: they stay in the repository, and lines keep their numbers."""

_STYLE_SPACE: Final = re.compile(r"(?<=[:;,{}])\s+|;?\s+(?=})|\s+(?={)")
"""Spaces of the style that nothing needs; its texts in quotes hold none of them."""

_VERSION_MARK: Final = "{{version}}"
_MODULES_MARK: Final = "{{modules}}"


@dataclass(frozen=True, slots=True)
class ConsoleFile:
    """One file as it is served."""

    text: str
    content_type: str


def is_console(method: str, path: str) -> bool:
    """Whether a request is for the console's own files, which need no token: they hold nothing of a stack."""
    return method == "GET" and _ADDRESS.fullmatch(path) is not None


def console_file(name: str) -> ConsoleFile | None:
    """The file of this name; only the names in the folder's own list are ever looked at."""
    return _files()[1].get(name)


def console_version() -> str:
    """The digest of all files."""
    return _files()[0]


@cache
def _files() -> tuple[str, Mapping[str, ConsoleFile]]:
    texts = {
        path.name: _served(path.suffix, path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.iterdir())
        if path.suffix in TYPES
    }
    version = hashlib.sha256("\0".join(f"{name}\0{text}" for name, text in texts.items()).encode())
    short = version.hexdigest()[:8]
    texts[INDEX] = _index(texts[INDEX], short, texts)
    found = {name: ConsoleFile(text, TYPES[Path(name).suffix]) for name, text in texts.items()}
    return short, found


def _served(suffix: str, text: str) -> str:
    seen = _UNSEEN.sub("", text)
    return _STYLE_SPACE.sub("", seen) if suffix == ".css" else seen


def _index(page: str, version: str, names: Mapping[str, str]) -> str:
    """The page with the version in its addresses, and every module told at once instead of import by import."""
    modules = (name for name in names if name.endswith(".js"))
    links = "\n".join(f'<link rel="modulepreload" href="/console/{version}/{name}">' for name in modules)
    return page.replace(_MODULES_MARK, links).replace(_VERSION_MARK, version)
