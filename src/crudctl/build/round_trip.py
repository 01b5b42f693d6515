"""Derives the synthetic round trip of a release from the contract: which operations it calls, with what, and what is right.

It creates one resource, reads, lists, replaces and patches it, calls every other operation that has `x-probe: true`, and deletes
it. Release probes and the demo's load send it. Knows neither Lambda nor HTTP clients.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crudctl.build import contract, sample, service
from crudctl.build.contract import ContractError
from crudctl.build.service import CREATE, DELETE, GET, LIST, PATCH, REPLACE, Operation, Service


@dataclass(frozen=True)
class Call:
    """One request of the round trip.

    Attributes:
        operation: its operationId.
        kind: as crudctl.build.service has them.
        function: key of the function that serves it.
        method: of HTTP.
        path: as the contract has it; `{id}` stands for the id of the resource that was created.
        right: statuses of which one is expected; `2XX` stands for any of them.
        body: JSON object to send; None for none.
        media_type: of the body; empty without one.
    """

    operation: str
    kind: str
    function: str
    method: str
    path: str
    right: tuple[str, ...]
    body: Mapping[str, Any] | None = None
    media_type: str = ""


@dataclass(frozen=True)
class RoundTrip:
    """The requests of one round trip, in order. `page` is the property of a list that holds its entries."""

    calls: tuple[Call, ...]
    page: str

    @property
    def counts(self) -> dict[str, int]:
        """The number of requests to each function that is called, by its key."""
        return dict(Counter(call.function for call in self.calls))

    def of(self, kind: str) -> Call:
        """Return the first request of a kind."""
        return next(call for call in self.calls if call.kind == kind)


def plan(document: Mapping[str, Any]) -> RoundTrip:
    """Return the round trip of a contract.

    Raises:
        ContractError: An operation with `x-probe` cannot be called with what is known, or the contract cannot be described.
    """
    described = service.describe(document)
    content = _least(document, described)
    first = dict(list(content.items())[:1])
    found = {operation["operationId"]: operation for _, _, operation in contract.each_operation(document)}
    others = [_other(document, one, found[one.id]) for one in described.operations.values() if one.probe]
    calls = (
        _call(described.operation(CREATE), "201", content, "application/json"),
        _call(described.operation(GET), "200"),
        _call(described.operation(LIST), "200"),
        _call(described.operation(REPLACE), "200", content, "application/json"),
        _call(described.operation(PATCH), "200", first, "application/merge-patch+json"),
        *others,
        _call(described.operation(DELETE), "204"),
        _call(described.operation(GET), "404"),
    )
    return RoundTrip(calls, described.page)


def _least(document: Mapping[str, Any], described: Service) -> dict[str, Any]:
    """Return the required properties of the sample or, if there are none, its first.

    A release probes two versions at once. The old one would refuse an optional property that only the new one knows.
    """
    content = service.content_of(document, described.content_schema)
    names = content["required"] or list(described.sample)[:1]
    return {name: described.sample[name] for name in names if name in described.sample}


def _call(operation: Operation, right: str, body: Mapping[str, Any] | None = None, media_type: str = "") -> Call:
    return Call(
        operation.id, operation.kind, operation.function, operation.method, operation.path, (right,), body, media_type
    )


def _other(document: Mapping[str, Any], operation: Operation, declared: Mapping[str, Any]) -> Call:
    """Return the request to an operation with `x-probe`: to the resource that was created, with the example of its body."""
    where = f"{operation.method} {operation.path}: x-probe"
    if operation.kind != service.OTHER:
        raise ContractError(
            f"{where} is for operations beside those of the resource, which are always probed. Remove it."
        )
    unknown = [name for name in re.findall(r"{([^}]*)}", operation.path) if name != "id"]
    unknown += [p["name"] for p in declared["parameters"] if p.get("required") and p.get("in") != "path"]
    if unknown:
        raise ContractError(
            f"{where}: a release knows no value of {', '.join(unknown)}. Remove it, or make them optional."
        )
    right = tuple(str(status) for status in declared["responses"] if str(status).startswith("2"))
    if not right:
        raise ContractError(f"{where}: the operation has no 2xx response, so that nothing would be right. Add one.")
    request = contract.dereference(document, declared.get("requestBody", {}))
    media_type, media = next(iter(request.get("content", {}).items()), ("", {}))
    body = _body(document, media) if media_type else None
    return Call(
        operation.id, operation.kind, operation.function, operation.method, operation.path, right, body, media_type
    )


def _body(document: Mapping[str, Any], media: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first example of a request body, or a value made from its schema."""
    examples = [contract.dereference(document, example) for example in media.get("examples", {}).values()]
    given = [media[key] for key in ("example",) if key in media] + [one["value"] for one in examples if "value" in one]
    return sample.content(contract.flatten(document, media.get("schema", {"type": "object"})), given)
