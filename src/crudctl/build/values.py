"""Derives from a flat schema values to send: at its bounds, beyond them, of another type, and each kind of fault. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from crudctl.build import sample
from crudctl.build.contract import ContractError, Schema
from functions import validation

Values = Iterator[tuple[str, Any]]  # what it is, and the value

LONGEST = 5_000  # characters and entries of a value at its upper bound; beyond that, the bound is not tried
DEEP = validation.DEEPEST - 1  # levels that are left within a property of the resource
FORMED = {
    "date": ("2024-02-29", "2100-02-29", "2026-04-31", "2026-12-31", "2026-13-01", "2026-1-1"),
    "date-time": (
        "2026-01-31t09:26:60.5z",
        "2026-01-31T09:26:53+23:59",
        "2026-02-30T09:26:53Z",
        "2026-01-31T24:00:00Z",
    ),
    "uuid": ("5C0A7A3E-3B5F-4D0E-9F66-0B7E6A2F1C11", "5c0a7a3e3b5f4d0e9f660b7e6a2f1c11"),
    "uri": ("urn:a:b", "/relative", "https://example.com/a b"),
    "email": ("a@b", "a b@example.com", f"{'x' * 65}@example.com", "a@-example.com"),
}


def of(schema: Schema, usual: Any = None) -> Values:
    """Yield values, valid ones and others, each with what it is. `usual` is a valid value, if one is known."""
    usual = next(iter(made(schema)), None) if usual is None else usual
    yield from _KINDS.get(schema.get("type", ""), _untyped)(schema, usual)
    yield "of another type", 7 if schema.get("type") == "string" else "seven"
    yield "null", None


def made(schema: Schema) -> list[Any]:
    """Return a valid value in a list; none if none can be derived, as from a pattern."""
    try:
        return [sample.content({"required": ["entry"], "properties": {"entry": schema}}, [])["entry"]]
    except ContractError:
        return []


def _texts(schema: Schema, usual: Any) -> Values:
    yield from _choices(schema)
    yield from ((f"as {schema['format']} {n}", text) for n, text in enumerate(FORMED.get(schema.get("format", ""), ())))
    usual = usual if isinstance(usual, str) and usual else "x"
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    yield "at its least", _long(usual, least)
    if least:
        yield "below its least", _long(usual, least - 1)
    if most is not None and most <= LONGEST:
        yield "at its most", _long(usual, most)
        yield "above its most", _long(usual, most + 1)
    yield "as usual", usual
    yield "with a line break", f"{usual}\n"
    yield "not of ASCII", "\u00e9\U0001f4a1"
    yield "with half a character", "\ud800"


def _long(usual: str, length: int) -> str:
    return (usual * length)[:length]


def _choices(schema: Schema) -> Values:
    for number, value in enumerate(schema.get("enum", ())):
        yield f"as choice {number}", value
    if "enum" in schema:
        yield "as no choice", "no-such-choice" if schema.get("type") == "string" else 987_654


def _numbers(schema: Schema, _usual: Any) -> Values:
    yield from _choices(schema)
    for keyword, what, beyond in (("minimum", "least", -1), ("maximum", "most", 1)):
        if (bound := schema.get(keyword)) is not None:
            yield f"at its {what}", bound
            yield f"beyond its {what}", bound + beyond
            yield f"within its {what}", bound - beyond
    yield from (
        ("a whole number", 1),
        ("a fraction", 1.5),
        ("whole, as a fraction", 2.0),
        ("zero", 0),
        ("negative", -1),
    )
    bits = validation.INTEGER_BITS.get(schema.get("format", ""))
    for limit in [2**bits] if bits else []:
        yield from (("as large as its format", limit - 1), ("larger than its format", limit), ("the least", -limit))
        yield "less than its format", -limit - 1
    many = 10**validation.MOST_DIGITS
    yield from (("of many digits", many - 1), ("of too many digits", many + 1), ("with an exponent", 1e-129))
    yield from (
        ("tiny", 1e-130),
        ("too tiny", 1e-131),
        ("huge", 1e125),
        ("too huge", 1e126),
        ("of 39 digits", 1e38),
        ("of 38", 1e37),
    )
    yield from (("less than nothing", -1.5), ("huge, less than nothing", -1e125), ("true", True))


def _arrays(schema: Schema, usual: Any) -> Values:
    yield "empty", []
    inner = schema.get("items", {})
    entries = usual if isinstance(usual, list) and usual else made(inner)
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if entries:
        yield "with one entry", entries[:1]
        yield "with one entry twice", [entries[0], entries[0]]
        for what, count in (
            ("too few", least - 1),
            ("at least", least),
            ("at most", most),
            ("too many", (most or 0) + 1),
        ):
            if count and count > 0 and (most is not None or count <= least) and count <= LONGEST:
                yield f"of {what} entries", [_other(entries[0], number) for number in range(count)]
    yield from ((f"with an entry {what}", [value]) for what, value in of(inner, next(iter(entries), None)))
    yield "with a wrong entry", [{"no": "entry"}]
    yield "of too many wrong entries", [{"no": "entry"}] * (validation.MOST_FAULTS + 1)


def _other(entry: Any, number: int) -> Any:
    """Return an entry that differs from those of other numbers, where it is a text or a number."""
    if isinstance(entry, str):
        return f"{number}"
    return entry + number if isinstance(entry, (int, float)) and not isinstance(entry, bool) else entry


def _booleans(_schema: Schema, _usual: Any) -> Values:
    yield from (("true", True), ("false", False))


def _objects(schema: Schema, usual: Any) -> Values:
    """Yield an object once for each value of each of its properties, and with more and fewer of them."""
    usual = usual if isinstance(usual, dict) else next(iter(made(schema)), {})
    yield "as usual", usual
    yield "empty", {}
    for name, inner in schema.get("properties", {}).items():
        for what, value in of(inner, usual.get(name)):
            yield f"with /{name} {what}", {**usual, name: value}
        if name in usual:
            yield f"without /{name}", {key: value for key, value in usual.items() if key != name}
    others = schema.get("additionalProperties", True)
    yield "with a property", {**usual, "key": next(iter(made(others if isinstance(others, dict) else {})), "text")}
    if isinstance(others, dict):
        yield from ((f"with a property {what}", {**usual, "key": value}) for what, value in of(others))
    yield from _names(schema, usual, others)
    deep = _nested(DEEP)
    yield from (("as deep as can be", {**usual, "key": deep[0]}), ("too deep", {**usual, "key": deep}))


def _names(schema: Schema, usual: dict[str, Any], others: Any) -> Values:
    value = next(iter(made(others if isinstance(others, dict) else {})), "text")
    rule = schema.get("x-property-names", {})
    least, most = rule.get("minLength", validation.SHORTEST_NAME), rule.get("maxLength", validation.LONGEST_NAME)
    for what, length in (("short", least), ("too short", least - 1), ("long", most), ("too long", most + 1)):
        yield f"with a {what} name", {**usual, "k" * length: value}
    yield "with odd names", {**usual, "A/~ ": value, "\ud800": value}
    for keyword, what in (("minProperties", "least"), ("maxProperties", "most")):
        for count in (schema[keyword] - 1, schema[keyword], schema[keyword] + 1) if keyword in schema else ():
            names = itertools.islice(
                itertools.chain(usual, (_name(n, least) for n in itertools.count())), max(count, 0)
            )
            yield f"with {count} properties, {what} {schema[keyword]}", {name: usual.get(name, value) for name in names}


def _name(number: int, least: int) -> str:
    letters = "".join("abcdefghij"[int(digit)] for digit in str(number))
    return letters.ljust(max(least, 2), "k")


def _nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def _untyped(_schema: Schema, _usual: Any) -> Values:
    yield from (("a number", 1.5), ("a text", "text"), ("a list", [1, "two", None]), ("an object", {"a": {"b": None}}))


_KINDS: dict[str, Callable[[Schema, Any], Values]] = {
    "string": _texts,
    "integer": _numbers,
    "number": _numbers,
    "array": _arrays,
    "boolean": _booleans,
    "object": _objects,
}
