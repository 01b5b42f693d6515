"""Chains of exchanges about content: each field with each kind of value, and bodies that are no content. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from crudctl.build import bodies, values
from crudctl.build.script import (
    Exchange,
)
from crudctl.build.service import CREATE, GET
from crudctl.build.writer import Writer


def stored(writer: Writer, name: str) -> Iterator[Exchange]:
    """Yield a create for each value of a field, and a read of what it made."""
    for what, value in writer.values(name):
        content = {**writer.sample, name: value}
        yield writer.create(f"with /{name} {what}", content)
        if writer.takes(content):
            yield writer.of(GET, f"with /{name} {what}")
    without = {key: value for key, value in writer.sample.items() if key != name}
    yield writer.create(f"without /{name}", without)
    if writer.takes(without):
        yield writer.of(GET, f"without /{name}")


def patched(writer: Writer, name: str) -> Iterator[Exchange]:
    """Yield patches of a field: its first values that are valid and that are not, none, and parts of an object."""
    yield writer.create(f"to be patched at /{name}")
    given = [(what, value, writer.takes({**writer.sample, name: value})) for what, value in writer.values(name)]
    chosen = [one for one in given if one[2] and one[1] is not None][:3]
    chosen += [one for one in given if not one[2] and one[1] is not None][:2]
    for what, value, _ in chosen:
        yield writer.patch(f"with /{name} {what}", {name: value}, {**writer.sample, name: value})
    for number, part in enumerate(_parts(writer, name)):
        yield writer.patch(f"with part {number} of /{name}", {name: part})
    yield writer.patch(f"without /{name}", {name: None}, {k: v for k, v in writer.sample.items() if k != name})
    if name in writer.sample:
        yield writer.patch(f"with /{name} again", {name: writer.sample[name]}, writer.sample)
    yield writer.of(GET, f"patched at /{name}")


def _parts(writer: Writer, name: str) -> Iterator[Any]:
    """Yield patches of an object: of each property, what is removed, and what is put in its place."""
    if any(schemas[name].get("type") != "object" or schemas[name] != writer.fields[name] for schemas in writer.schemas):
        return
    schema = writer.fields[name]
    inner = {**schema.get("properties", {}), "key": schema.get("additionalProperties", True)}
    for key, own in inner.items():
        value = next(iter(values.made(own if isinstance(own, dict) else {})), "text")
        yield from ({key: value}, {key: None}, {key: {"no": ["value"]}}, {key: value})
    yield from (
        {"key": None, "other": {"deep": None}},
        {f"k{number}": "v" for number in range(60)},
        {"k" * 256: "v"},
    )
    yield from ("text", None, {"key": "text", "\ud800": "text"})


def unacceptable(writer: Writer) -> Iterator[Exchange]:
    """Yield requests whose bodies are no content."""
    for body in bodies.of(writer.sample):
        yield writer.of(CREATE, f"with a body {body.what}", headers=body.headers, text=body.text, base64=body.base64)
    for number, content in enumerate(bodies.contents(writer.sample)):
        yield writer.create(f"with content {number} that is not allowed", content)
    yield writer.create("without properties", {})
    yield writer.create("with what is required", writer.least)
    yield writer.of(GET, "with what is required")
    texts = {**writer.sample, "id": "0", "version": 7, "created_at": "x", "updated_at": 1}
    yield replace(writer.create("with what the service sets"), text=json.dumps(texts))
    yield writer.of(GET, "with what the service sets")
