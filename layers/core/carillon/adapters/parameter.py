"""A secret text in Systems Manager's Parameter Store, kept by the account and not by Carillon."""

from collections.abc import Callable
from typing import Any

from carillon.adapters.aws import call


class SecretParameter:
    """Reads a SecureString once and remembers it as long as its process lives; without a name it is empty."""

    def __init__(self, connect: Callable[[], Any], name: str) -> None:
        self._connect = connect
        self._name = name
        self._value: str | None = None

    def __call__(self) -> str:
        """The text; Throttled, Unavailable, or a refusal that names the parameter."""
        if self._value is None:
            self._value = self._read() if self._name else ""
        return self._value

    def _read(self) -> str:
        answer = call(self._connect(), "get_parameter", Name=self._name, WithDecryption=True)
        return str(answer["Parameter"]["Value"])
