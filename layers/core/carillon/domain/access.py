"""Principals: the users of the Access table, and who is acting in a request."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or machine that may log in; `password_hash` is a self-describing scrypt text.

    Tokens issued before `tokens_valid_from` are refused, which is how a password change ends sessions.
    """

    name: str
    password_hash: str
    roles: tuple[str, ...] = ()
    enabled: bool = True
    tokens_valid_from: datetime
    created_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts: the user's name, their roles as read in this request, and the address they came from."""

    name: str
    roles: tuple[str, ...]
    source: str = ""
