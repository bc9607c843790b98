"""JSON decoded without the library's leniencies: no NaN, no duplicate keys, bounded depth and numbers, real text.

The depth is judged before decoding, so that no amount of open brackets becomes a RecursionError.
"""

import json
import math
import re
from typing import Any, Final, NoReturn

from carillon.domain.errors import DuplicateKey, InvalidJson, NestingTooDeep, NotANumber, NumberTooLarge

MAX_DEPTH: Final = 32
MAX_DIGITS: Final = 18
_MAX_FLOAT_TEXT: Final = 64
_STRUCTURE: Final = re.compile(r'\\.|["\[\]{}]', re.DOTALL)


def decode(text: str) -> Any:
    """The value of a JSON text; InvalidJson or one of its kinds."""
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_not_a_number,
            parse_int=_integer,
            parse_float=_float,
        )
        # A lone surrogate escape decodes to a text that no store and no answer could carry.
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise InvalidJson(
            f"The body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except UnicodeEncodeError:
        raise InvalidJson("The body holds half of a surrogate pair, which is no character.") from None
    return value


def _check_depth(text: str) -> None:
    depth, in_string = 0, False
    for token in _STRUCTURE.finditer(text):
        sign = token.group()
        if sign == '"':
            in_string = not in_string
        elif in_string or sign[0] == "\\":
            continue
        elif sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise NestingTooDeep(f"The body is nested more than {MAX_DEPTH} levels deep; flatten it.")
        else:
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise DuplicateKey(f"The key {name[:64]!a} stands twice in the same JSON object; keep one.")
        found[name] = value
    return found


def _not_a_number(word: str) -> NoReturn:
    raise NotANumber(f"JSON has no {word}; use a number, null or a text.")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise NumberTooLarge(f"A whole number may have {MAX_DIGITS} digits; send a longer one as a text.")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits) if len(digits) <= _MAX_FLOAT_TEXT else math.inf
    if math.isinf(value):
        raise NumberTooLarge(f"The number {digits[:24]} is out of range.")
    return value
