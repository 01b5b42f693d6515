"""Content that a schema allows, made by hypothesis."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

Schema = Mapping[str, Any]
TEXT = st.characters(exclude_categories=["Cs"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(TEXT, max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(TEXT, min_size=1, max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)
FORMATS: dict[str, st.SearchStrategy[str]] = {
    "uuid": st.uuids().map(str),
    "date": st.dates().map(lambda day: day.isoformat()),
    "date-time": st.datetimes(timezones=st.just(datetime.UTC)).map(lambda at: at.isoformat()),
    "uri": st.just("https://example.com/a?b=c"),
    "email": st.just("someone@example.com"),
}
SEVERAL = 4  # of the entries and members that a schema leaves open


def of(schema: Schema) -> st.SearchStrategy[Any]:
    """Values of a flat schema. Where it has a pattern, an example or a default is the only value."""
    made = _of(schema)
    return st.none() | made if schema.get("nullable") and "enum" not in schema else made


def _of(schema: Schema) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "string":
        return _text(schema)
    if kind in ("integer", "number"):
        return _number(schema)
    if kind == "boolean":
        return st.booleans()
    if kind == "array":
        least, most = schema.get("minItems", 0), schema.get("maxItems", 2**20)
        entries, key = of(schema.get("items", {})), repr if schema.get("uniqueItems") else None
        return st.lists(entries, min_size=least, max_size=min(most, least + SEVERAL), unique_by=key)
    return _object(schema) if kind == "object" else ANYTHING


def _text(schema: Schema) -> st.SearchStrategy[str]:
    if "pattern" in schema:
        return st.sampled_from([schema[key] for key in ("example", "default") if key in schema] or [""])
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    least = schema.get("minLength", 0)
    return st.text(TEXT, min_size=least, max_size=min(schema.get("maxLength", 2**20), least + 30))


def _number(schema: Schema) -> st.SearchStrategy[float]:
    least, most = schema.get("minimum", -(2**31)), schema.get("maximum", 2**31 - 1)
    above, below = bool(schema.get("exclusiveMinimum")), bool(schema.get("exclusiveMaximum"))
    if schema["type"] == "integer":
        return st.integers(int(least) + above, int(most) - below)
    # Quarters are the same number in binary and in decimal.
    return st.integers(int(least * 4) + above, int(most * 4) - below).map(lambda quarters: quarters / 4)


def _object(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    fields, required = schema.get("properties", {}), schema.get("required", [])
    closed = schema.get("additionalProperties", True)
    known = st.fixed_dictionaries(
        {name: of(fields.get(name, {})) for name in required},
        optional={name: of(field) for name, field in fields.items() if name not in required},
    )
    if closed is False:
        return known
    least, most = schema.get("minProperties", 0), schema.get("maxProperties", 2**20)
    names = st.text(TEXT, min_size=1, max_size=12).filter(lambda name: name not in fields)
    more = st.dictionaries(
        names, of(closed if isinstance(closed, dict) else {}), min_size=least, max_size=least + SEVERAL
    )
    return st.tuples(known, more).map(lambda pair: pair[1] | pair[0]).filter(lambda made: least <= len(made) <= most)
