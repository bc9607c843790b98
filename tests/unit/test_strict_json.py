"""JSON without the library's leniencies."""

import pytest

from carillon.domain.errors import (
    DuplicateKey,
    InvalidJson,
    NestingTooDeep,
    NotANumber,
    NumberTooLarge,
)
from carillon.domain.strict_json import decode


@pytest.mark.parametrize("text", ["{}", '{"a": [1, -2.5e3, true, null, "\\u00e4 \\" [{"]}', '"[[[["', "0"])
def test_plain_json_is_decoded(text):
    import json

    assert decode(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"a": NaN}', NotANumber),
        ('{"a": -Infinity}', NotANumber),
        ('{"a": 1e999}', NumberTooLarge),
        ('{"a": 1234567890123456789}', NumberTooLarge),
        ('{"a": ' + "9" * 5000 + "}", NumberTooLarge),
        ('{"a": 0.' + "1" * 5000 + "}", NumberTooLarge),
        ('{"a": 1, "a": 2}', DuplicateKey),
        ('{"o": {"a": 1, "\\u0061": 2}}', DuplicateKey),
        ("[" * 33 + "]" * 33, NestingTooDeep),
        ("[" * 60_000, NestingTooDeep),
        ('{"a":' * 60_000, NestingTooDeep),
        ("{", InvalidJson),
        ("{'a': 1}", InvalidJson),
        ("[1,]", InvalidJson),
        ("{} {}", InvalidJson),
        ('"\\ud800"', InvalidJson),
        ('{"\\udfff": 1}', InvalidJson),
        ('"a\nb"', InvalidJson),
    ],
)  # fmt: skip
def test_what_json_or_a_store_cannot_carry_is_refused(text, kind):
    with pytest.raises(InvalidJson) as caught:
        decode(text)
    assert type(caught.value) is kind


def test_thirty_two_levels_are_allowed():
    assert decode("[" * 32 + "]" * 32)


def test_brackets_inside_texts_do_not_count():
    assert decode('{"a": "' + "[" * 1000 + '\\"' + "{" * 1000 + '"}')


def test_the_place_of_a_mistake_is_told():
    with pytest.raises(InvalidJson, match="line 2, column 3"):
        decode('{"a": 1,\n  b: 2}')
