"""Requests with hostile values, made from the published contract for every operation: well framed, and from a known caller."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.hostile import values
from tests.hostile.documented import METHODS, Documented

Json = Mapping[str, Any]
MISSING = "5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11"  # an id that nobody's resource has
TYPED = {"integer": values.INTEGERS, "boolean": values.BOOLEANS}
MINE = "{mine}"  # stands for the id of a resource of the caller


@dataclass(frozen=True)
class Input:
    """One request.

    Attributes:
        refused: whether the response must be a 4xx; otherwise it may do what it asks for.
    """

    name: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    refused: bool = True


@dataclass(frozen=True)
class Target:
    """One operation of the contract, with everything that references stand for.

    Attributes:
        returned: the properties of what is returned; those that a client cannot set are ignored in what it sends.
    """

    method: str
    template: str
    parameters: tuple[Json, ...]
    content: Json
    returned: frozenset[str]
    media_type: str
    sample: str

    @property
    def path(self) -> str:
        """A path with the id of the caller's resource, or where it could be lost, of none."""
        lost = self.method == "DELETE" or self.template.count("/") > 2
        return re.sub(r"\{\w+\}", MISSING if lost else MINE, self.template)

    def input(self, name: str, **of: Any) -> Input:
        """Return a request that is valid but for what is given."""
        headers: list[tuple[str, str]] = list(of.pop("headers", ()))
        body = of.pop("body", self.sample.encode() if self.media_type else b"")
        if self.media_type and "content-type" not in {key.lower() for key, _ in headers}:
            headers.append(("Content-Type", self.media_type))
        path = of.pop("path", self.path)
        return Input(f"{self.method} {self.template}: {name}", self.method, path, tuple(headers), body, **of)


def targets(documented: Documented, sample: Json) -> Iterator[Target]:
    """Yield every operation of a published contract.

    Args:
        sample: content that is valid for every operation that takes a body.
    """
    for template, item in documented.document["paths"].items():
        for method in METHODS:
            if operation := item.get(method):
                declared = [*item.get("parameters", ()), *operation.get("parameters", ())]
                bodies: Json = operation.get("requestBody", {}).get("content", {})
                media_type = next(iter(bodies), "")
                yield Target(
                    method.upper(),
                    template,
                    tuple(documented.resolved(one) for one in declared),
                    documented.resolved(bodies[media_type]["schema"]) if bodies else {},
                    documented.properties(operation),
                    media_type,
                    json.dumps(sample),
                )


def inputs(documented: Documented, sample: Json) -> Iterator[Input]:
    """Yield every case for every operation."""
    for target in targets(documented, sample):
        yield from ids(target)
        yield from queries(target, documented)
        yield from headers(target, documented)
        if target.media_type:
            yield from bodies(target)
            yield from contents(target, documented)


def thinned(cases: Iterable[Input], every: int) -> Iterator[Input]:
    """Yield one of `every` cases of each operation, each operation beginning with another one."""
    place: dict[str, int] = {}
    for case in cases:
        operation = case.name.partition(":")[0]
        at = place[operation] = place.get(operation, len(place)) + 1
        if at % every == 0:
            yield case


def ids(target: Target) -> Iterator[Input]:
    """Yield requests for what is no id."""
    if "{" not in target.template:
        return
    before, behind = re.split(r"\{\w+\}", target.template, maxsplit=1)
    encoded = [
        quote(one, safe="")
        for one in (*values.INJECTIONS, "a" * 300, "a" * 5000, MISSING.upper() + "x", "{" + MISSING + "}")
    ]
    for text in (
        *encoded,
        *values.UNDECODABLE,
        *values.TRAVERSALS,
        MISSING + "%00",
        MISSING + "%20",
        "%20" + MISSING,
        f"x%23{MISSING}",
    ):
        yield target.input(f"the id {text[:40]}", path=f"{before}{text}{behind}")


def queries(target: Target, documented: Documented) -> Iterator[Input]:
    """Yield requests with values that parameters do not have, and with parameters that do not exist."""
    for parameter in (one for one in target.parameters if one["in"] == "query"):
        name, schema = parameter["name"], documented.resolved(parameter["schema"])
        known = TYPED.get(schema.get("type", ""), values.TEXTS)
        for text in known:
            yield target.input(
                f"{name}={text[:30]!r}",
                path=f"{target.path}?{name}={quote(text, safe='')}",
                refused=not documented.is_valid(from_text(text, schema), schema),
            )
        for text in values.UNDECODABLE:
            yield target.input(f"{name}={text}", path=f"{target.path}?{name}={text}")
        for text in (
            f"{name}=1&{name}=2",
            f"{name}[]=1",
            f"{name}[$ne]=1",
            f"{name}%00=1",
            f"{name.upper()}=1",
            f" {name}=1".replace(" ", "%20"),
        ):
            yield target.input(text, path=f"{target.path}?{text}")
    for text in (
        "__proto__[x]=1", "constructor.prototype=1", "%00=1", "%ff=1", "x=1&x=2", "owner=x", "sub=x", "$filter=1",
        "Action=ListUsers", "X-Amz-Algorithm=x", "=1",
        "%ed%a0%80=1", "%F0%9F%98%80=1", "x" * 3000 + "=1", "&".join(f"x{number}=1" for number in range(400)),
        "%3Cscript%3E=1", "x[]=1", "_method=DELETE",
    ):  # fmt: skip
        yield target.input(f"the query {text[:40]}", path=f"{target.path}?{text}")


def from_text(text: str, schema: Json) -> Any:
    """Return a parameter as a value of its type, or the text if it is none."""
    if schema.get("type") == "integer":
        return int(text) if re.fullmatch("-?[0-9]{1,18}", text) else text
    return text == "true" if schema.get("type") == "boolean" and text in ("true", "false") else text


def headers(target: Target, documented: Documented) -> Iterator[Input]:
    """Yield requests with values that headers do not have, and with headers that must not matter."""
    for parameter in (one for one in target.parameters if one["in"] == "header" and "pattern" in one["schema"]):
        name, schema = parameter["name"], parameter["schema"]
        for text in values.KEYS if "Key" in name else values.TAGS:
            valid = documented.is_valid(text.strip(" \t"), schema)
            plain = text.isascii() and not text.startswith(
                '"'
            )  # of others the pattern is that of the text, and not of its octets
            yield target.input(f"{name}: {text[:30]!r}", headers=[(name, text)], refused=plain and not valid)
        yield target.input(f"{name} and again", headers=[(name, "x y"), (name, "x\ty")])
    for name, text in values.IGNORED:
        yield target.input(f"{name}: {text[:30]!r}", headers=[(name, text)], refused=False)


def bodies(target: Target) -> Iterator[Input]:
    """Yield requests with bodies that are no JSON object in UTF-8, or are said to be something else."""
    for name, body in values.BODIES:
        yield target.input(f"a body of {name}", body=body.replace(b"%s", target.sample.encode()))
    for media_type in values.MEDIA_TYPES:
        yield target.input(f"Content-Type: {media_type[:40]!r}", headers=[("Content-Type", media_type)])
    for coding in values.CODINGS:
        yield target.input(f"Content-Encoding: {coding}", headers=[("Content-Encoding", coding)])


def contents(target: Target, documented: Documented) -> Iterator[Input]:
    """Yield bodies with each value in each property, and with each name beside the known ones."""
    known = {name: json.dumps(value) for name, value in json.loads(target.sample).items()}
    for name, schema in target.content["properties"].items():
        for value in values.VALUES:
            yield target.input(
                f"{name} is {value.name[:40]}",
                body=written({**known, name: value.text}),
                refused=is_refused(value, schema, documented) if value.refused is None else value.refused,
            )
    for name in values.NAMES:
        body = written(known).replace(b"{", b"{" + f'"{name}":1,'.encode(), 1)
        yield target.input(f"a property {name[:30]!r}", body=body, refused=name not in target.returned)


def is_refused(value: values.Json, schema: Json, documented: Documented) -> bool:
    """Whether a value breaks the schema of its property."""
    return not documented.is_valid(json.loads(value.text), schema)


def written(properties: Mapping[str, str]) -> bytes:
    """Return a JSON object of properties whose values are JSON texts."""
    return ("{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in properties.items()) + "}").encode()
