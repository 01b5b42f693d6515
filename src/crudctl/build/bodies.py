"""Request bodies that are no content: each kind of fault that the functions find beside the rules of a field. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from crudctl.build.script import JSON
from functions import validation

PLAIN = {"Content-Type": JSON}
LARGEST = 128 * 1024  # bytes that the functions read (functions.body.MAX_BODY)


@dataclass(frozen=True)
class Body:
    """Attributes: what is wrong with it, in words; its text; whether that is Base64; the headers that come with it."""

    what: str
    text: str
    base64: bool = False
    headers: Mapping[str, str] = field(default_factory=lambda: dict(PLAIN))


def of(content: Mapping[str, Any]) -> Iterator[Body]:
    """Yield bodies around valid content."""
    yield from (Body(what, text) for what, text in _texts())
    yield from (Body(what, text) for what, text in _large())
    valid = json.dumps(content)
    encoded = base64.b64encode(valid.encode()).decode()
    yield Body("in Base64", encoded, base64=True)
    yield Body("that is no Base64", f"{encoded}!", base64=True)
    yield Body("of bytes that are not UTF-8", base64.b64encode(b'{"\xff": 1}').decode(), base64=True)
    for what, headers in _headers():
        yield Body(f"sent as {what}", valid, headers=headers)


def contents(content: Mapping[str, Any]) -> Iterator[Any]:
    """Yield content with properties that no contract names."""
    yield {**content, "no-such-property": 1}
    yield {**content, **{f"no-such-property-{number}": 1 for number in range(validation.MOST_UNKNOWN + 5)}}
    yield {**content, "a/b~c" + "x" * 120: 1, "\ud800": 1}
    yield {"no-such-property": _nested(validation.DEEPEST - 1)}


def _texts() -> Iterator[tuple[str, str]]:
    yield from (("that is no JSON", "{"), ("that is a list", "[]"), ("that is empty", ""), ("that is null", "null"))
    yield from (("that is a text", '"text"'), ("that is a number", "1"), ("that is true", "true"), ("of spaces", "  "))
    yield "with a property twice", '{"a": 1, "a": 2, "b": {"c": 1, "c": 2, "c": 3}}'
    yield "with a property twice in a list", '{"a": [{"b": 1}, {"b": 1, "b": 1}]}'
    yield "with a character that stands for another", '{"a": "\ufffd"}'
    yield from (("of a constant", '{"a": NaN}'), ("of a number that is out of range", '{"a": 1e9999999999999999999}'))
    yield from (("of a number with many digits", f'{{"a": {"1" * 5000}}}'), ("of a large exponent", '{"a": 1e400}'))
    for what, levels in (
        ("as deep as can be", validation.DEEPEST),
        ("too deep", validation.DEEPEST + 1),
        ("far too deep", 5000),
    ):
        yield f"that is nested {what}", "[" * levels + "]" * levels
        yield f"of an object that is nested {what}", '{"a":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"
    yield "that is wide and not deep", json.dumps([[] for _ in range(validation.DEEPEST + 5)])


def _large() -> Iterator[tuple[str, str]]:
    for what, size in (("as large as can be", LARGEST), ("too large", LARGEST + 1), ("far too large", LARGEST * 2)):
        yield f"that is {what}", json.dumps("x" * (size - 2))


def _headers() -> Iterator[tuple[str, dict[str, str]]]:
    for media in (
        "text/plain",
        "",
        "application/json; charset=utf-8",
        'application/JSON;charset="UTF8"',
        "application/json;v=1",
    ):
        yield f"`{media}`", {"Content-Type": media}
    yield "JSON of another charset", {"Content-Type": "application/json; charset=latin-1"}
    for coding in ("gzip", "identity", "identity, gzip", ""):
        yield f"JSON of coding `{coding}`", {**PLAIN, "Content-Encoding": coding}


def _nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value
