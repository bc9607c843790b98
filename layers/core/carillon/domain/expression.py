"""Which kind of expression a text is, and the rule it stands for.

Columns in refusals count from 1 in the text as it was written.
"""

from datetime import datetime

from carillon.domain.aws_expression import OneTime, parse_aws
from carillon.domain.cron import NICKNAMES, Cron, parse_cron, tokens_of
from carillon.domain.cron_fields import Token
from carillon.domain.errors import InvalidExpression
from carillon.domain.interval import Interval, parse_every
from carillon.domain.transitions import CALENDAR_END, instant_of

Rule = Cron | OneTime | Interval

LONGEST_EXPRESSION = 256


def read_rule(expression: str, anchor: datetime | None) -> Rule:
    """Read an expression; intervals count from the anchor, or from the epoch."""
    if expression.lstrip().startswith("@"):
        return _nickname(tokens_of(expression), anchor)
    aws = parse_aws(expression)
    if isinstance(aws, int):
        return Interval(aws, _anchor_instant(anchor))
    return parse_cron(tokens_of(expression)) if aws is None else aws


def _nickname(tokens: list[Token], anchor: datetime | None) -> Rule:
    name, rest = tokens[0].text.lower(), tokens[1:]
    if name == "@every":
        duration = rest[0] if len(rest) == 1 else Token("", tokens[0].column + len(name))
        return Interval(parse_every(duration), _anchor_instant(anchor))
    if name not in NICKNAMES:
        raise InvalidExpression(
            f"{tokens[0].text[:24]} is not a known name",
            column=tokens[0].column,
            remedy=f"use one of {', '.join(NICKNAMES)} or @every 1h30m",
        )
    if rest:
        raise InvalidExpression(
            f"Nothing may follow {tokens[0].text}", column=rest[0].column, remedy="leave out what follows"
        )
    return parse_cron(tokens_of(NICKNAMES[name]))


def _anchor_instant(anchor: datetime | None) -> int:
    if anchor is None:
        return 0
    if anchor.tzinfo is None:
        raise ValueError("An anchor needs a zone: pass an aware datetime")
    instant = instant_of(anchor)
    if not 0 <= instant < CALENDAR_END:
        raise InvalidExpression(
            f"The anchor {anchor:%Y-%m-%d} is outside the calendar", remedy="use 1970 to 2199"
        )
    return instant


def check_text(expression: str) -> None:
    """Refuse a text that is empty, too long or not plain ASCII, before anything reads it."""
    if len(expression) > LONGEST_EXPRESSION:
        raise InvalidExpression(
            f"The expression has {len(expression)} characters",
            column=LONGEST_EXPRESSION + 1,
            remedy=f"use at most {LONGEST_EXPRESSION}",
        )
    if not expression.strip():
        raise InvalidExpression("The expression is empty", column=1, remedy="write one such as 0 9 * * 1-5")
    body = expression.rstrip()
    for column, character in enumerate(body, start=1):
        if not (character.isascii() and (character.isprintable() or character == "\t")):
            raise InvalidExpression(
                f"The character {character!a} is not plain ASCII", column=column, remedy="type it again"
            )
