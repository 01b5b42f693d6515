"""Writes single exchanges of a contract, with content that another contract takes too. Knows not which ones a release sends."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from crudctl.build import round_trip, service, values
from crudctl.build.judge import Judge
from crudctl.build.script import (
    JSON,
    MADE,
    MERGE,
    TAG,
    Exchange,
)
from crudctl.build.service import CREATE, PATCH, REPLACE, Service

SEND_JSON = {"Content-Type": JSON}
TAGGED = {**SEND_JSON, "If-Match": TAG}


class Writer:
    """Writes exchanges with content that two contracts take, as far as there is any.

    Attributes:
        described: the service of the first contract.
        judges: what both contracts say.
        schemas: of the fields, by each contract.
        fields: those by the first contract of what both have.
        least, sample: content with what is required, and with a value of every field.
        trip: the round trip of the first contract.
        scopes: of a token that may call every operation of both.
    """

    def __init__(self, document: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        self.described: Service = service.describe(document)
        self.judges = [Judge(document), Judge(other)]
        self.schemas = [
            service.content_of(each, service.describe(each).content_schema)["properties"] for each in (document, other)
        ]
        self.fields = {name: schema for name, schema in self.schemas[0].items() if name in self.schemas[1]}
        self.least = self._shared(dict(self.described.sample), dict(service.describe(other).sample))
        self.sample = self._whole(self.least)
        self.trip = round_trip.plan(document)
        self.scopes = tuple(sorted({scope for judge in self.judges for scope in judge.scopes()}))

    def _shared(self, one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
        """Return content that both contracts take; that of the first if none is found."""
        known = [{name: value for name, value in each.items() if name in self.fields} for each in (one, other)]
        candidates = [*known, {**known[0], **known[1]}, {**known[1], **known[0]}]
        return next((each for each in candidates if self.takes(each)), one)

    def takes(self, content: Any) -> bool:
        """Return whether both contracts take this content."""
        return all(judge.takes(content) for judge in self.judges)

    def _whole(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return the content with a value of every field for which a valid one can be derived."""
        for name in self.fields:
            if name not in content:
                candidates = [value for value in self._values_of(name) if value not in (None, "", [], {})]
                whole = ({**content, name: value} for value in candidates)
                content = next((each for each in whole if self.takes(each)), content)
        return content

    def _values_of(self, name: str) -> list[Any]:
        schema = self.fields[name]
        return [*values.made(schema), *(value for _, value in values.of(schema))]

    def values(self, name: str) -> Iterator[tuple[str, Any]]:
        """Yield the values of a field by both contracts, each once."""
        found: dict[str, tuple[str, Any]] = {}
        for schemas in self.schemas:
            for what, value in values.of(schemas[name], self.sample.get(name)):
                found.setdefault(json.dumps(value), (what, value))
        yield from ((f"{what} ({number})", value) for number, (what, value) in enumerate(found.values()))

    def of(self, kind: str, what: str, **more: Any) -> Exchange:
        """Return an exchange with the operation of a kind."""
        one = self.described.operation(kind)
        target = more.pop("target", MADE if "{id}" in one.path else "")
        named = f"{one.id} {what}".strip()
        return replace(
            Exchange(named, one.id, kind, one.function, one.method, one.path, target, scopes=self.scopes), **more
        )

    def create(self, what: str, content: Any = None, **headers: Any) -> Exchange:
        """Return a create, by default of a value of every field."""
        content = self.sample if content is None else content
        return self.of(CREATE, what, headers={**SEND_JSON, **headers}, text=json.dumps(content), content=content)

    def patch(self, what: str, patch: Any, whole: Any = None, **headers: Any) -> Exchange:
        """Return a patch on the present version. `whole` is the content that it leads to."""
        sent = {"Content-Type": MERGE, "If-Match": TAG, **headers}
        return self.of(PATCH, what, headers=sent, text=json.dumps(patch), content=whole)

    def replace(self, what: str, content: Any = None, **headers: Any) -> Exchange:
        """Return a replacement of the present version, by default by a value of every field."""
        content = self.sample if content is None else content
        return self.of(REPLACE, what, headers={**TAGGED, **headers}, text=json.dumps(content), content=content)
