"""Recursion detection as Lambda does it: the trace header counts how often a chain passed a function.

botocore sends the trace header of the running invocation with every request it makes; the emulated
SQS keeps it with the message (AWSTraceHeader), and the event source hands it on.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass, field

# Lambda lets a chain through a function about sixteen times.
MAXIMUM_PASSES = 16


def _mark(function: str) -> str:
    return hashlib.sha256(function.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Lineage:
    """A chain of invocations: how often each function was passed, by the mark of its name."""

    passes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, header: str | None) -> "Lineage":
        """Read a trace header; one without a lineage begins a chain."""
        fields = dict(part.partition("=")[::2] for part in (header or "").split(";"))
        pairs = (entry.partition(":")[::2] for entry in fields.get("Lineage", "").split("|") if entry)
        return cls({mark: int(count) for mark, count in pairs if count.isdigit()})

    @classmethod
    def longest(cls, headers: "list[str | None]") -> "Lineage":
        """Give the lineage of a batch: for each function the most passes that any message has."""
        passes: dict[str, int] = {}
        for header in headers:
            for mark, count in cls.parse(header).passes.items():
                passes[mark] = max(count, passes.get(mark, 0))
        return cls(passes)

    def exhausted(self, function: str) -> bool:
        """Say whether Lambda would stop this chain before the function."""
        return self.passes.get(_mark(function), 0) >= MAXIMUM_PASSES

    def through(self, function: str) -> "Lineage":
        """Give the lineage with one more pass through the function."""
        mark = _mark(function)
        return Lineage({**self.passes, mark: self.passes.get(mark, 0) + 1})

    def header(self) -> str:
        """Write a trace header with a root of its own."""
        root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
        chain = "|".join(f"{mark}:{count}" for mark, count in self.passes.items())
        return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0;Lineage={chain}"
