"""JSON values as text, their numbers exactly: for responses, and to compare values. A leaf: imports no other module."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


# `json.dumps` would make an encoder for each text.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_encode_sorted = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def dumps(value: Any) -> str:
    """Return `value` as JSON text. Numbers keep every digit, as an int or a Decimal."""
    try:
        return _encode(value)
    except TypeError:  # it contains a Decimal
        return _text(value, str)


def canonical(value: Any) -> str:
    """Return a text that is the same for the same JSON value, however it was written, and another for every other value.

    Names are sorted; 1, 1.0 and 10e-1 are one number, and "1" is another value.
    """
    try:
        return _encode_sorted(value)
    except TypeError:  # it contains a Decimal
        return _text(value, _number, sorted)


def _text(value: Any, number: Callable[[Any], str], order: Callable[[Any], Iterable[Any]] = iter) -> str:
    if isinstance(value, dict):
        parts = (f"{json.dumps(name)}:{_text(inner, number, order)}" for name, inner in order(value.items()))
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_text(entry, number, order) for entry in value) + "]"
    return json.dumps(value) if value is None or isinstance(value, (str, bool, int)) else number(value)


def _number(value: Any) -> str:
    """Return a Decimal as `json.dumps` writes an equal integer, or else by its digits without trailing zeros."""
    if not value or (value.adjusted() < 130 and value == value.to_integral_value()):  # larger ones cannot be stored
        return str(int(value))
    sign, digits, exponent = value.as_tuple()
    significant = "".join(map(str, digits)).rstrip("0")
    return f"{'-' * sign}{significant.lstrip('0')}E{exponent + len(digits) - len(significant)}"
