"""Derives from the contract what callers may send: to every operation, valid content, bounds, and each kind of fault.

Two versions that behave alike answer each of these alike (release/differential.py). Knows neither Lambda nor HTTP clients.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crudctl.build import round_trip, rules, sample, service
from crudctl.build.contract import ContractError, Schema
from crudctl.build.service import CREATE, DELETE, GET, LIST, OTHER, PATCH, REPLACE, RESTORE, Service
from functions import validation

JSON, MERGE = "application/json", "application/merge-patch+json"
MADE, UNKNOWN = "made", "unknown"  # targets: the resource of the last create, and none that exists
TAG, STALE = "@tag", '"0"'  # values of conditional headers: the target's entity tag, and one that it never has
CURSOR = "@cursor"  # that of the list before
LONGEST = 5_000  # characters and entries of a value at its upper bound; beyond that, the bound is not tried
TWIN = "the same again"  # an idempotency key that two exchanges share


@dataclass(frozen=True)
class Exchange:
    """One request, whose answers by two versions are compared.

    Attributes:
        name: says what is sent, such as `create_item, /quantity at its least`. Unique within a script.
        kind, function, method, path: as crudctl.build.service has them.
        target: MADE, UNKNOWN, or empty where the path has no `{id}`.
        headers: to send. TAG stands for the target's entity tag.
        query: parameters by name.
        text: the body; None for none.
        content: the whole content that the body stands for, which the contract judges; None where it does not.
    """

    name: str
    kind: str
    function: str
    method: str
    path: str
    target: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    content: Any = None


def script(document: Mapping[str, Any]) -> tuple[Exchange, ...]:
    """Return the exchanges of a contract, in order; some need what those before them have made.

    Raises:
        ContractError: The contract cannot be described.
    """
    described = service.describe(document)
    return tuple(_Writer(document, described).exchanges())


def judge(document: Mapping[str, Any]) -> Schema:
    """Return what decides whether content is valid by a contract, for `valid`."""
    return rules.constraints(service.content_of(document, service.describe(document).content_schema))


def valid(content: Any, schema: Schema) -> bool:
    """Return whether a create may send this content."""
    return next(validation.faults(rules.exact(content), schema), None) is None


class _Writer:
    def __init__(self, document: Mapping[str, Any], described: Service) -> None:
        self._described = described
        self._schema = service.content_of(document, described.content_schema)
        self._rules = rules.constraints(self._schema)
        self._sample = self._whole(dict(described.sample))
        self._trip = round_trip.plan(document)

    def _whole(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return the content with a value of every property for which a valid one can be derived."""
        for name, schema in self._schema["properties"].items():
            values = [value for _, value in _values(schema, None) if value]
            whole = [{**content, name: value} for value in [*_made(schema), *values] if name not in content]
            content = next((each for each in whole if each[name] and valid(each, self._rules)), content)
        return content

    def exchanges(self) -> Iterator[Exchange]:
        first = self._create("with every property", self._sample, {"Idempotency-Key": TWIN})
        yield first
        yield replace(first, name=f"{first.name}, again")
        yield replace(first, name=f"{first.name}, then other content", text="{}", content=None)
        yield from self._reads()
        yield from self._bodies()
        yield from self._variants()
        yield self._of(LIST, "of all")
        yield replace(first, name=f"{first.name}, to be changed", headers={"Content-Type": JSON})
        yield from self._changes()
        yield from self._others()
        yield from self._deletes()

    def _of(self, kind: str, what: str, **more: Any) -> Exchange:
        one = self._described.operation(kind)
        target = more.pop("target", MADE if "{id}" in one.path else "")
        return Exchange(f"{one.id} {what}", kind, one.function, one.method, one.path, target, **more)

    def _create(self, what: str, content: Any, headers: Mapping[str, str] | None = None) -> Exchange:
        sent = {"Content-Type": JSON, **(headers or {})}
        return self._of(CREATE, what, headers=sent, text=json.dumps(content), content=content)

    def _reads(self) -> Iterator[Exchange]:
        yield self._of(GET, "that exists")
        yield self._of(GET, "that the caller has", headers={"If-None-Match": TAG})
        yield self._of(GET, "that does not exist", target=UNKNOWN)
        yield self._of(LIST, "without parameters")
        yield self._of(LIST, "by one", query={"limit": "1"})
        yield self._of(LIST, "by one, continued", query={"limit": "1", "cursor": CURSOR})
        for name, value in (
            ("order", "asc"),
            ("limit", "0"),
            ("limit", "x"),
            ("cursor", "x"),
            ("order", "x"),
            ("other", "x"),
        ):
            yield self._of(LIST, f"with {name}={value}", query={name: value})

    def _bodies(self) -> Iterator[Exchange]:
        """Yield creates whose body is no content at all."""
        for what, text in (
            ("that is no JSON", "{"),
            ("that is a list", "[]"),
            ("that is empty", ""),
            ("that is null", "null"),
        ):
            yield self._of(CREATE, f"with a body {what}", headers={"Content-Type": JSON}, text=text)
        yield self._of(CREATE, "of another media type", headers={"Content-Type": "text/plain"}, text="{}")
        yield self._create("without properties", {})
        yield self._create("with an unknown property", {**self._sample, "no-such-property": 1})

    def _variants(self) -> Iterator[Exchange]:
        """Yield a create for each value of each property, and a read of what it made."""
        for what, content in self._contents():
            yield self._create(f"with {what}", content)
            if valid(content, self._rules):
                yield self._of(GET, f"with {what}")

    def _contents(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, schema in self._schema["properties"].items():
            for what, value in _values(schema, self._sample.get(name)):
                yield f"/{name} {what}", {**self._sample, name: value}
            if name in self._sample:
                yield f"/{name} missing", {key: value for key, value in self._sample.items() if key != name}

    def _changes(self) -> Iterator[Exchange]:
        tagged = {"Content-Type": JSON, "If-Match": TAG}
        yield self._of(REPLACE, "by the same", headers=tagged, text=json.dumps(self._sample), content=self._sample)
        stale, untagged = {**tagged, "If-Match": STALE}, {"Content-Type": JSON}
        for headers, what in ((stale, "of another version"), (untagged, "without If-Match")):
            yield self._of(REPLACE, what, headers=headers, text=json.dumps(self._sample))
        yield self._of(REPLACE, "that does not exist", target=UNKNOWN, headers=tagged, text=json.dumps(self._sample))
        merge = {"Content-Type": MERGE, "If-Match": TAG}
        yield self._of(PATCH, "with a list", headers=merge, text="[]")
        yield self._of(PATCH, "of another version", headers={**merge, "If-Match": STALE}, text="{}")
        yield self._of(PATCH, "with nothing", headers=merge, text="{}")
        for name, schema in self._schema["properties"].items():
            for what, value in [*_values(schema, self._sample.get(name)), ("removed", None)]:
                patched = {key: one for key, one in {**self._sample, name: value}.items() if one is not None}
                yield self._of(
                    PATCH, f"with /{name} {what}", headers=merge, text=json.dumps({name: value}), content=patched
                )
            if name in self._sample:
                restored = json.dumps({name: self._sample[name]})
                yield self._of(PATCH, f"with /{name} as before", headers=merge, text=restored, content=self._sample)

    def _others(self) -> Iterator[Exchange]:
        for call in self._trip.calls:
            if call.kind == OTHER:
                headers = {"Content-Type": call.media_type} if call.media_type else {}
                text = json.dumps(call.body) if call.body is not None else None
                target = MADE if "{id}" in call.path else ""
                yield Exchange(call.operation, OTHER, call.function, call.method, call.path, target, headers, {}, text)

    def _deletes(self) -> Iterator[Exchange]:
        yield self._of(DELETE, "of another version", headers={"If-Match": STALE})
        yield self._of(DELETE, "that exists", headers={"If-Match": TAG})
        yield self._of(GET, "that was deleted")
        yield self._of(DELETE, "that was deleted", headers={"If-Match": TAG})
        yield self._of(PATCH, "that was deleted", headers={"Content-Type": MERGE, "If-Match": TAG}, text="{}")
        if self._described.trash:
            yield self._of(LIST, "of what was deleted", query={"deleted": "true"})
            yield self._of(RESTORE, "that was deleted", headers={"If-Match": "*"})
            yield self._of(RESTORE, "that exists", headers={"If-Match": "*"})
            yield self._of(GET, "that was restored")


def _values(schema: Schema, usual: Any) -> Iterator[tuple[str, Any]]:
    """Yield values of a property, each with what it is: at its bounds, beyond them, and of another type."""
    kind = schema.get("type")
    if schema.get("enum"):
        yield from ((f"as choice {number}", value) for number, value in enumerate(schema["enum"]))
    elif kind == "string" and not schema.get("format"):
        yield from _texts(schema)
    elif kind in ("integer", "number"):
        yield from _numbers(schema)
    elif kind == "array":
        yield from _arrays(schema, usual)
    elif kind == "boolean":
        yield from (("true", True), ("false", False))
    elif kind == "object":
        yield "empty", {}
        yield from _inner(schema, usual)
    yield "of another type", 7 if kind == "string" else "seven"
    yield "null", None


def _texts(schema: Schema) -> Iterator[tuple[str, Any]]:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    yield "at its least", "x" * least
    if least:
        yield "below its least", "x" * (least - 1)
    if most is not None and most <= LONGEST:
        yield "at its most", "x" * most
        yield "above its most", "x" * (most + 1)
    yield "not of ASCII", "\u00e9\U0001f4a1"


def _numbers(schema: Schema) -> Iterator[tuple[str, Any]]:
    for keyword, what, beyond in (("minimum", "least", -1), ("maximum", "most", 1)):
        if (bound := schema.get(keyword)) is not None:
            yield f"at its {what}", bound
            yield f"beyond its {what}", bound + beyond
    yield from (("a whole number", 1), ("a fraction", 1.5), ("zero", 0))


def _arrays(schema: Schema, usual: Any) -> Iterator[tuple[str, Any]]:
    yield "empty", []
    entries = usual if isinstance(usual, list) and usual else _made(schema.get("items", {}))
    if entries:
        yield "with one entry", entries[:1]
        yield "with one entry twice", [entries[0], entries[0]]
        most = schema.get("maxItems")
        if most is not None and most <= LONGEST and isinstance(entries[0], str):
            yield "with one entry too many", [f"{number}" for number in range(most + 1)]
    yield "with a wrong entry", [{"no": "entry"}]


def _inner(schema: Schema, usual: Any) -> Iterator[tuple[str, Any]]:
    """Yield an object once for each value of each of its properties."""
    whole = usual if isinstance(usual, dict) else {}
    for name, inner in schema.get("properties", {}).items():
        for what, value in _values(inner, whole.get(name)):
            yield f"with /{name} {what}", {**whole, name: value}
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        yield from (("with one property", {**whole, "key": value}) for value in _made(others))
        yield "with a wrong property", {**whole, "key": {"no": ["value"]}}


def _made(schema: Schema) -> list[Any]:
    try:
        value = sample.content({"required": ["entry"], "properties": {"entry": schema}}, [])["entry"]
    except ContractError:  # nothing can be derived from a pattern
        return []
    return [value]
