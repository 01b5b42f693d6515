"""functions.body and functions.json_text: what is read as JSON, and one text for one value."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import body, errors, json_text, resource

JSON = "application/json"


def read(text: str, content_type: str = JSON) -> Any:
    return body.read(text, False, content_type, "", [JSON])


@pytest.mark.parametrize(
    "options",
    ["", ";", "; charset=utf-8", ";charset=utf8", "; charset=UTF-8", '; charset="utf-8"', '; charset="UTF8"', "; charset='utf-8'",
     "; charset = utf_8", "; charset=utf-8; profile=x", "; profile=x; charset=utf8 ", "; boundary=charset"],
)  # fmt: skip
def test_utf_8_is_accepted_in_every_spelling(options: str) -> None:
    assert read("{}", JSON + options) == {}
    assert read("{}", "Application/JSON " + options) == {}


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/jsonp", "application/json; charset=utf-16", "application/json; charset=latin1",
     'application/json; charset="utf-8', "application/json; charset=", "application/json; charset=utf-8; charset=utf-16"],
)  # fmt: skip
def test_another_media_type_or_charset_is_refused(content_type: str) -> None:
    with pytest.raises(errors.UnsupportedMediaType):
        read("{}", content_type)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1" * 5000, "a number has too many digits"),
        ("1e9999999999999999999", "a number is out of range"),
        ("NaN", "NaN is not a JSON value"),
        ("[1,", "Expecting value at line 1, column 4"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(errors.InvalidRequest) as refused:
        read(text)
    assert refused.value.extensions == {"errors": [{"pointer": "", "detail": f"must be JSON: {reason}"}]}


@pytest.mark.parametrize(
    "spellings",
    [
        ["1", "1.0", "1.000", "10e-1", "1E0"],
        ["1.10", "1.1", "11e-1", "0.11E1"],
        ["100", "1e2", "1.0E+2", "100.0"],
        ["0", "-0", "0.0", "-0.0", "0e5"],
        ["1" + "0" * 125, "1e125"],
        ["-0.5", "-5e-1"],
        ['{"a":1,"b":[1.5]}', '{ "b": [15e-1], "a": 1.0 }'],
        ['"\u00e9"', '"\\u00e9"'],
        ['"/"', '"\\/"'],
        ['{"\\u0061":[]}', '{"a":[ ]}'],
    ],
)
def test_one_value_has_one_text_however_it_is_written(spellings: list[str]) -> None:
    assert len({json_text.canonical(read(text)) for text in spellings}) == 1
    assert len({resource.fingerprint({"field": read(text)}) for text in spellings}) == 1


def test_different_values_have_different_texts() -> None:
    texts = [
        *(
            "1",
            "1.5",
            "-1.5",
            "15",
            "1.50001",
            "1e-130",
            "1e125",
            "12e125",
            "0",
            "0." + "1" * 38,
            "0." + "1" * 37 + "2",
        ),
        *('"1"', '"1.5"', '"15E-1"', '"true"', '"null"', '""', "true", "false", "null"),
        *("[1.5]", '["1.5"]', '[["1.5"]]', "[]", "{}", '{"a":null}'),
    ]
    assert len({json_text.canonical(read(text)) for text in texts}) == len(texts)


def test_a_fingerprint_of_content_without_fractions_is_as_in_earlier_versions() -> None:
    """A create can be sent again after a release: what was stored by version 1.0 has to be recognised."""
    content = {"name": "B\u00fcro", "quantity": 3, "tags": ["a"], "attributes": {"k": "v"}}
    assert resource.fingerprint(content) == "9fce2f0c9731aae41e09bbbf6a5bc6ba"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(max_size=3)
    | st.decimals(-1000, 1000, allow_nan=False, places=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON value, by comparing them."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


@given(VALUES, VALUES)
def test_texts_are_equal_exactly_where_values_are(one: Any, other: Any) -> None:
    assert (json_text.canonical(one) == json_text.canonical(other)) == same(one, other)


@given(VALUES)
def test_a_response_has_every_number_exactly(value: Any) -> None:
    assert same(json.loads(json_text.dumps(value), parse_float=Decimal), value)
