"""JSON bodies, read within limits and with exact numbers. Knows neither events nor operations."""

from __future__ import annotations

import base64
import binascii
import json
import re

from . import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_BODY = 128 * 1024  # bytes
MAX_DIGITS = 38  # of a number in DynamoDB
CHARSET = re.compile(r"""\s*(["']?)utf[-_ ]?8\1\s*""")  # every spelling of UTF-8 that clients send


class _Refused(ValueError):
    """Args: what is wrong with a value, without repeating it."""


def read(text: str, encoded: bool, content_type: str, expected: str) -> Any:
    """Return the JSON value of a request body. Whole numbers of up to 38 digits are int in any spelling, others Decimal.

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
    charsets = [value for name, _, value in (option.partition("=") for option in options) if name.strip() == "charset"]
    if media_type.strip() != expected or not all(CHARSET.fullmatch(charset) for charset in charsets):
        raise errors.UnsupportedMediaType(expected)
    try:
        octets = base64.b64decode(text, validate=True) if encoded else text.encode()
        if len(octets) > MAX_BODY:
            raise errors.PayloadTooLarge(MAX_BODY)
        return json.loads(octets.decode(), parse_float=_number, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidRequest([{"pointer": "", "detail": f"must be JSON: {_reason(error)}"}]) from None


def _number(text: str) -> Any:
    """Return the number that is written with a fraction or an exponent: 1.0 and 10e-1 are the integer 1, as in JSON Schema.

    https://json-schema.org/draft/2020-12/json-schema-core#section-6.3
    """
    from decimal import Decimal, InvalidOperation  # only such a number needs it

    try:
        number = Decimal(text)
        whole = not number or (number.adjusted() < MAX_DIGITS and number == number.to_integral_value())
    except InvalidOperation:
        raise _Refused("a number is out of range") from None
    return int(number) if whole else number


def _refuse_constant(name: str) -> None:
    raise _Refused(f"{name} is not a JSON value")


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeError):
        return "it is not valid UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, _Refused):
        return str(error)
    if isinstance(error, binascii.Error):
        return "it is not valid Base64"
    return "a number has too many digits"  # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
