"""Python values as DynamoDB's attribute values, and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.aws.dynamodb import marshal, unmarshal

DIGITS = st.integers(-(10**38) + 1, 10**38 - 1)
NUMBERS = DIGITS | st.builds(lambda digits, places: Decimal(digits).scaleb(places), DIGITS, st.integers(-90, 80))
VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_every_item_is_converted_back_exactly(item: dict[str, Any]) -> None:
    assert unmarshal(marshal(item)) == item


def test_each_type_has_its_attribute_value() -> None:
    assert marshal({"s": "x", "n": 1, "d": Decimal("1.50"), "b": True, "z": None, "l": [1], "m": {"a": ""}}) == {
        "s": {"S": "x"},
        "n": {"N": "1"},
        "d": {"N": "1.50"},
        "b": {"BOOL": True},
        "z": {"NULL": True},
        "l": {"L": [{"N": "1"}]},
        "m": {"M": {"a": {"S": ""}}},
    }


@pytest.mark.parametrize(
    "value", [1.5, b"x", (1,), {1}, object(), [0.1], {1: "a"}], ids=lambda value: type(value).__name__
)
def test_a_value_that_dynamodb_would_not_keep_exactly_is_rejected(value: object) -> None:
    with pytest.raises(TypeError):
        marshal({"a": value})


@pytest.mark.parametrize(
    "value",
    [
        10**38 + 1,
        -(10**38) - 1,
        Decimal("1." + "1" * 38),
        10**126,
        -(10**126),
        10**5000,
        Decimal("1E126"),
        Decimal("1E-131"),
        Decimal("NaN"),
        Decimal("-Infinity"),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, Decimal) else f"{len(bin(value))} bits",
)
def test_a_number_that_dynamodb_cannot_store_is_rejected(value: object) -> None:
    with pytest.raises(ValueError, match="number"):
        marshal({"a": value})


@pytest.mark.parametrize(
    "value",
    [10**125, 9 * 10**125, 10**38 - 1, Decimal("9.9999999999999999999999999999999999999E125"), Decimal("1E-130")],
    ids=["10^125", "9*10^125", "38 nines", "largest", "smallest"],
)
def test_a_number_at_the_limit_is_kept(value: int | Decimal) -> None:
    assert unmarshal(marshal({"a": value})) == {"a": value}


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("-0", 0), ("1.0", 1), ("1E+3", 1000), ("0.1", Decimal("0.1")), ("-2.50", Decimal("-2.5"))],
)
def test_a_number_is_int_when_integral_and_decimal_otherwise(text: str, number: int | Decimal) -> None:
    read = unmarshal({"a": {"N": text}})["a"]
    assert (read, type(read)) == (number, type(number))


@pytest.mark.parametrize("text", ["1E+125", "1" + "0" * 125, "-" + "1" * 38 + "0" * 80, "1E+38"])
def test_a_number_of_many_zeros_is_read_without_them(text: str) -> None:
    read = unmarshal({"a": {"N": text}})["a"]
    assert read == Decimal(text)
    assert len(str(read)) <= 45


def test_attribute_types_that_this_version_does_not_write_are_read() -> None:
    assert unmarshal(
        {
            "strings": {"SS": ["a", "b"]},
            "numbers": {"NS": ["1", "2.5"]},
            "octets": {"B": "AAH/"},
            "more": {"BS": ["AA==", "/w=="]},
        }
    ) == {
        "strings": {"a", "b"},
        "numbers": {1, Decimal("2.5")},
        "octets": b"\x00\x01\xff",
        "more": {b"\x00", b"\xff"},
    }


@pytest.mark.parametrize("typed", [{"X": "1"}, {}, {"S": "a", "N": "1"}], ids=str)
def test_an_attribute_of_an_unknown_type_is_rejected(typed: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="attribute"):
        unmarshal({"a": typed})
