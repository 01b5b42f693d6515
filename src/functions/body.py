"""JSON bodies, read within limits and with exact numbers. Knows neither events nor operations."""

from __future__ import annotations

import base64
import json

from . import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_BODY = 128 * 1024  # bytes; the largest item that the contract allows is half of that, in UTF-8


def read(text: str, encoded: bool, content_type: str, expected: str) -> Any:
    """Return the JSON value of a request body. Numbers are int or, with a fraction, Decimal.

    Args:
        encoded: whether `text` is Base64, as API Gateway passes on a binary body.
        content_type: the request's Content-Type.
        expected: the media type that the operation takes.

    Raises:
        errors.PayloadTooLarge: The body is larger than MAX_BODY.
        errors.UnsupportedMediaType: It is of another media type, or not UTF-8 by its charset.
        errors.InvalidRequest: It is not JSON.
    """
    if len(text) > MAX_BODY * 4 // 3 + 4:
        raise errors.PayloadTooLarge(MAX_BODY)
    media_type, *options = content_type.lower().split(";")
    charset = next((o.partition("=")[2].strip(' "') for o in options if o.strip().startswith("charset=")), "utf-8")
    if media_type.strip() != expected or charset != "utf-8":
        raise errors.UnsupportedMediaType(expected)
    try:
        octets = base64.b64decode(text, validate=True) if encoded else text.encode()
        if len(octets) > MAX_BODY:
            raise errors.PayloadTooLarge(MAX_BODY)
        return json.loads(octets.decode(), parse_float=_decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidRequest([{"pointer": "", "detail": f"must be JSON: {_reason(error)}"}]) from None


def dumps(value: Any) -> str:
    """Return `value` as JSON text. Numbers keep every digit, as an int or a Decimal."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except TypeError:  # it contains a Decimal
        return _dumps_exactly(value)


def _dumps_exactly(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_dumps_exactly(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_dumps_exactly, value)) + "]"
    return json.dumps(value) if value is None or isinstance(value, (str, bool, int)) else str(value)


def _decimal(text: str) -> Any:
    from decimal import Decimal, InvalidOperation  # only a number with a fraction needs it

    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("a number is out of range") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeError):
        return "it is not valid UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "it contains a value that JSON does not allow"
