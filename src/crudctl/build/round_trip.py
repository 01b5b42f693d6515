"""Derives the synthetic round trip of a release from the contract: which operations it calls, with what, and what is right.

It creates one resource, reads, lists, replaces and patches it, calls every other operation that has `x-probe: true`, and deletes
it, for good if the contract has `purge`. Release probes and the demo's load send it. Knows neither Lambda nor HTTP clients.

If the operation to restore has `x-probe: true`, the resource is deleted and restored before that. Where two versions share the
traffic, the one that deletes may not know the trash, and the other would find nothing to restore: these two calls are `alone`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crudctl.build import contract, sample, service
from crudctl.build.contract import ContractError
from crudctl.build.service import CREATE, DELETE, GET, LIST, PATCH, REPLACE, RESTORE, Operation, Service

CONDITIONAL = (REPLACE, PATCH, DELETE, RESTORE)
ANY = "*"  # If-Match for any version: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1


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
        query: parameters by name. A version that does not know one responds with 400.
        alone: only for a round trip that one version alone responds to.
    """

    operation: str
    kind: str
    function: str
    method: str
    path: str
    right: tuple[str, ...]
    body: Mapping[str, Any] | None = None
    media_type: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False

    @property
    def conditional(self) -> bool:
        """Whether it is sent with `If-Match`, which a service may require (`require_if_match`)."""
        return self.kind in CONDITIONAL


@dataclass(frozen=True)
class RoundTrip:
    """The requests of one round trip, in order.

    Attributes:
        page: the property of a list that holds its entries.
        scopes: of a token that may call every operation.
    """

    calls: tuple[Call, ...]
    page: str
    scopes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """The number of requests to each function that is called, by its key, where two versions respond."""
        return dict(Counter(call.function for call in self.shared))

    @property
    def shared(self) -> tuple[Call, ...]:
        """The requests of a round trip that two versions respond to."""
        return tuple(call for call in self.calls if not call.alone)

    def of(self, kind: str) -> Call:
        """Return the first request of a kind that is not `alone`."""
        return next(call for call in self.shared if call.kind == kind)


def plan(document: Mapping[str, Any]) -> RoundTrip:
    """Return the round trip of a contract.

    Raises:
        ContractError: An operation with `x-probe` cannot be called with what is known, or the contract cannot be described.
    """
    described = service.describe(document)
    content = _least(document, described)
    first = dict(list(content.items())[:1])
    found = {operation["operationId"]: operation for _, _, operation in contract.each_operation(document)}
    probed = [one for one in described.operations.values() if one.probe]
    others = [_other(document, one, found[one.id]) for one in probed if one.kind != RESTORE]
    delete, restore = described.operation(DELETE), [one for one in probed if one.kind == RESTORE]
    purge = {"purge": "true"} if "purge" in [p["name"] for p in found[delete.id]["parameters"]] else {}
    calls = (
        _call(described.operation(CREATE), "201", content, "application/json"),
        _call(described.operation(GET), "200"),
        _call(described.operation(LIST), "200"),
        _call(described.operation(REPLACE), "200", content, "application/json"),
        _call(described.operation(PATCH), "200", first, "application/merge-patch+json"),
        *others,
        *(replace(call, alone=True) for one in restore for call in (_call(delete, "204"), _call(one, "200"))),
        replace(_call(delete, "204"), query=purge),
        _call(described.operation(GET), "404"),
    )
    scopes = {scope for one in described.operations.values() for scope in one.scopes}
    return RoundTrip(calls, described.page, tuple(sorted(scopes)))


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
