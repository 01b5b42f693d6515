"""Converts DynamoDB's attribute values to Python and back, numbers exactly. Knows nothing of the table.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

import binascii
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal
    from typing import Any

MAX_DIGITS = 38
MAX_EXPONENT = 125
MIN_EXPONENT = -130


def marshal(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item in DynamoDB's form. Values are str, bool, None, int, Decimal, and lists and dicts of them.

    Raises:
        TypeError: A value has another type, such as float, which DynamoDB would not keep exactly.
        ValueError: A number has more than 38 significant digits or is outside DynamoDB's range.
    """
    return {_name(name): _value(value) for name, value in item.items()}


def unmarshal(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item in Python's form. Integral numbers of up to 38 digits are int, others Decimal; sets are set,
    binary is bytes.

    Raises:
        ValueError: An attribute has an unknown type.
    """
    return {
        name: typed["S"] if len(typed) == 1 and "S" in typed else _plain(typed) for name, typed in attributes.items()
    }


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"an attribute name must be str, not {type(name).__name__}")
    return name


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if value is None:
        return {"NULL": True}
    if isinstance(value, int):
        return {"N": _integer(value)}
    if isinstance(value, dict):
        return {"M": marshal(value)}
    if isinstance(value, list):
        return {"L": [_value(element) for element in value]}
    if (decimal := sys.modules.get("decimal")) and isinstance(value, decimal.Decimal):
        return {"N": _decimal(value)}
    raise TypeError(f"DynamoDB cannot store a {type(value).__name__}")


def _integer(value: int) -> str:
    if not -(10 ** (MAX_EXPONENT + 1)) < value < 10 ** (MAX_EXPONENT + 1):
        raise ValueError("the number is outside DynamoDB's range")
    text = str(value)
    if len(text.lstrip("-").rstrip("0")) > MAX_DIGITS:
        raise ValueError(f"the number has more than {MAX_DIGITS} significant digits")
    return text


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"DynamoDB cannot store the number {value}")
    if value and not MIN_EXPONENT <= value.adjusted() <= MAX_EXPONENT:
        raise ValueError("the number is outside DynamoDB's range")
    digits = "".join(map(str, value.as_tuple().digits))
    if len(digits.strip("0")) > MAX_DIGITS:
        raise ValueError(f"the number has more than {MAX_DIGITS} significant digits")
    return str(value) if value else "0"


def _plain(typed: Mapping[str, Any]) -> Any:
    if len(typed) != 1:
        raise ValueError(f"an attribute must have exactly one type, not {sorted(typed)}")
    ((kind, value),) = typed.items()
    if kind == "N":
        return _number(value)
    if kind == "L":
        return [element["S"] if len(element) == 1 and "S" in element else _plain(element) for element in value]
    if kind == "M":
        return unmarshal(value)
    if kind in ("S", "BOOL"):
        return value
    if kind == "NULL":
        return None
    if kind == "SS":
        return set(value)
    if kind == "NS":
        return {_number(element) for element in value}
    if kind == "B":
        return binascii.a2b_base64(value)
    if kind == "BS":
        return {binascii.a2b_base64(element) for element in value}
    raise ValueError(f"unknown attribute type {kind!r}")


def _number(text: str) -> int | Decimal:
    if len(text) <= MAX_DIGITS and (text.isdecimal() or text.lstrip("-").isdecimal()):
        return int(text)
    from decimal import Context, Decimal  # loaded only by the first number with a fraction or an exponent

    number = Decimal(text)
    if number.adjusted() < MAX_DIGITS:
        return int(number) if number == number.to_integral_value() else number
    # As 1E+125, not with 126 digits: those could make a response larger than Lambda's limit.
    return number.normalize(Context(prec=MAX_DIGITS))
