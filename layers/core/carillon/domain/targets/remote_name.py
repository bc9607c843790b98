"""What the work that a run starts elsewhere is called: the stack, then readable, then unmistakable."""

import hashlib
import re
from typing import Final

_DIGEST: Final = 24
_CONSOLES: Final = {"us-gov-": "amazonaws-us-gov.com", "cn-": "amazonaws.cn"}


def remote_name(stack: str, schedule_id: str, mark: str, longest: int) -> str:
    """A name of letters, digits, - and _ that begins with the stack's and is the same for the same mark."""
    digest = hashlib.sha256(mark.encode()).hexdigest()[:_DIGEST]
    # What is left of the stack's name after a cut finds no rule; its work is then found by asking.
    prefix = f"{stack}_"[: longest - _DIGEST - 1]
    readable = re.sub(r"[^A-Za-z0-9_-]", "-", schedule_id)[: longest - len(prefix) - _DIGEST - 1]
    return f"{prefix}{readable}-{digest}"


def console(region: str) -> str:
    """The address of the web console for a region."""
    host = next((host for prefix, host in _CONSOLES.items() if region.startswith(prefix)), "aws.amazon.com")
    return f"https://{region}.console.{host}"
