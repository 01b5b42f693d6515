"""JSON bodies, read within limits and with exact numbers. Knows neither events nor operations."""

from __future__ import annotations

import base64
import binascii
import json
import re

from . import errors
from .validation import DEEPEST, STAND_IN, depth_fault, reported, step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    Pair = tuple[str, Any]

MAX_BODY = 128 * 1024  # bytes
MAX_DIGITS = 38  # of a number in DynamoDB
CHARSET = r"""\s*(["']?)utf[-_ ]?8\1\s*"""  # every spelling of UTF-8 that clients send


class _Refused(ValueError):
    """Args: what is wrong with a value, without repeating it."""


def read(text: str, encoded: bool, content_type: str, coding: str, expected: Sequence[str]) -> Any:
    """Return the JSON value of a request body. Whole numbers of up to 38 digits are int in any spelling, others Decimal.

    It is nested at most DEEPEST levels deep, so that a recursion over it ends.

    Args:
        encoded: whether `text` is Base64, as API Gateway passes on a binary body.
        content_type, coding: the request's Content-Type and Content-Encoding.
        expected: the media types that the operation takes.

    Raises:
        errors.PayloadTooLarge: The body is larger than MAX_BODY.
        errors.UnsupportedMediaType: It is of another media type, not UTF-8 by its charset, or compressed.
        errors.InvalidRequest: It is not JSON, not UTF-8, nested too deeply, or has a property twice.
    """
    if len(text) > MAX_BODY * 4 // 3 + 4:
        raise errors.PayloadTooLarge(MAX_BODY)
    _check_type(content_type, coding, expected)
    repeated: dict[int, list[Pair]] = {}  # by the id of the object that has a property twice
    try:
        octets = base64.b64decode(text, validate=True) if encoded else text.encode()
        if len(octets) > MAX_BODY:
            raise errors.PayloadTooLarge(MAX_BODY)
        plain = octets.decode()
        if not encoded and STAND_IN in plain:
            raise _Refused(
                "it contains U+FFFD, which stands for bytes that are not UTF-8; write the character itself as \\ufffd"
            )
        value = _parsed(plain, repeated)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidRequest([{"pointer": "", "detail": f"must be JSON: {_reason(error)}"}]) from None
    if repeated or _is_deep(value, plain):
        raise errors.InvalidRequest(reported(_structure_faults(value, repeated)))
    return value


def _check_type(content_type: str, coding: str, expected: Sequence[str]) -> None:
    if any(part.strip().lower() not in ("", "identity") for part in coding.split(",")):
        raise errors.UnsupportedContentCoding
    media_type, *options = content_type.lower().split(";")
    charsets = [value for name, _, value in (option.partition("=") for option in options) if name.strip() == "charset"]
    if media_type.strip() not in expected or not all(re.fullmatch(CHARSET, charset) for charset in charsets):
        raise errors.UnsupportedMediaType(expected)


def _parsed(text: str, repeated: dict[int, list[Pair]]) -> Any:
    """Return the value of JSON text, and add each object that has a property twice to `repeated`, with all its properties."""
    objects = []  # kept, so that no other object gets the id of one

    def made(pairs: list[Pair]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            repeated[id(value)] = pairs
            objects.append(value)
        return value

    return json.loads(text, parse_float=_number, parse_constant=_refuse_constant, object_pairs_hook=made)


def _is_deep(value: Any, text: str) -> bool:
    """Whether `value`, which was read from `text`, is nested more than DEEPEST levels deep."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(DEEPEST + 1):
        within = (inner for one in level for inner in (one.values() if isinstance(one, dict) else one))
        level = [inner for inner in within if isinstance(inner, (dict, list))]
    return bool(level)


def _structure_faults(value: Any, repeated: dict[int, list[Pair]]) -> Iterator[tuple[str, str]]:
    """Yield (JSON Pointer, what is wrong there) for what is nested too deeply, and for each property that occurs again."""
    waiting = [iter([("", value)])]  # instead of a recursion, which the value may be too deep for
    while waiting:
        pointer, one = next(waiting[-1], ("", None))
        if one is None:
            waiting.pop()
        elif fault := depth_fault(pointer):
            yield pointer, fault
        else:
            seen: set[str] = set()
            for name, _ in repeated.get(id(one), ()):
                if name in seen:
                    yield step(pointer, name), "must be given only once"
                seen.add(name)
            waiting.append(_containers(one, pointer))


def _containers(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Yield (JSON Pointer, object or array) for each directly within an object or array at `pointer`."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, (dict, list)):
            yield step(pointer, name), inner


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
