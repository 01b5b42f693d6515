"""Checks that an operation of the contract is what its handler serves: parameters, bodies and statuses.

A handler serves one kind of operation the same way whatever the contract says. A contract that promises something else would be
broken by every response, so it is refused.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Any

from crudctl.build import contract, links, rules, system_properties
from crudctl.build.contract import ContractError
from crudctl.build.service import (
    CREATE,
    DELETE,
    GET,
    HANDLERS,
    LIST,
    OTHER,
    PATCH,
    REPLACE,
    RESTORE,
    Operation,
    Service,
)
from functions import validation

# The media types of each kind's body; a contract must have the first and may have the others.
BODIES = {
    CREATE: ("application/json",),
    REPLACE: ("application/json",),
    PATCH: ("application/merge-patch+json", "application/json"),
}
STATUSES = {CREATE: "201", LIST: "200", GET: "200", REPLACE: "200", PATCH: "200", DELETE: "204", RESTORE: "200"}
UUID = "5c0a7a3e-3b5f-8d0e-9f66-0b7e6a2f1c11"
CURSOR = "Yz" * 60  # as long as one of the service's cursors can be
TAGS = ('"1"', '"123456789012345678"', '"1", "2"', "*", 'W/"1"', '"1",', ', "1" ,"2"', '"a,b"', '""')
# What handlers read: the parameter's place and type, and values that it must accept.
READ: dict[str, tuple[str, str, tuple[Any, ...]]] = {
    "id": ("path", "string", (UUID,)),
    "limit": ("query", "integer", (1,)),
    "order": ("query", "string", ()),
    "cursor": ("query", "string", (CURSOR,)),
    "deleted": ("query", "boolean", (True, False)),
    "purge": ("query", "boolean", (True, False)),
    "Idempotency-Key": ("header", "string", (UUID, f'"{UUID}"')),
    "If-Match": ("header", "string", TAGS),
    "If-None-Match": ("header", "string", TAGS),
}
OF_KIND = {
    CREATE: ("Idempotency-Key",),
    LIST: ("limit", "order", "cursor"),
    GET: ("id", "If-None-Match"),
    REPLACE: ("id", "If-Match"),
    PATCH: ("id", "If-Match"),
    DELETE: ("id", "If-Match"),
    RESTORE: ("id", "If-Match"),
    OTHER: (),
}
MAY_HAVE = {  # what the handler of a kind reads if the contract has it
    LIST: ("deleted",),
    GET: ("If-Match",),
    REPLACE: ("If-None-Match", "Idempotency-Key"),
    PATCH: ("If-None-Match", "Idempotency-Key"),
    DELETE: ("purge", "If-None-Match", "Idempotency-Key"),
    RESTORE: ("If-None-Match", "Idempotency-Key"),
}
OF_TRASH = ("deleted", "purge")  # which do nothing without a trash
MOST = 1000  # entries of a page, in functions.handlers
USUAL = {"limit": 25, "order": "asc"}  # in functions.handlers, where the contract has no default


def check(document: Mapping[str, Any], described: Service, operations: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ContractError for the first operation that no handler serves as the contract says.

    Args:
        operations: what the functions validate by, as crudctl.build.operations derives it.
    """
    _check_names(described)
    _check_trash(described, operations)
    system_properties.check(document, described)
    create = described.operation(CREATE)
    fault = next(validation.faults(rules.exact(dict(described.sample)), operations[create.id]["content"]), None)
    if fault:
        raise ContractError(
            f"Fix or add an example to the request body of POST {create.path}: {' '.join(fault).strip()}."
        )
    for path, method, declared in contract.each_operation(document):
        operation = described.operations[declared["operationId"]]
        where = f"{method} {path}"
        parameters = {one["name"]: one for one in operations[operation.id]["parameters"]}
        _check_parameters(where, operation, parameters)
        _check_path(where, path, declared["parameters"])
        if not set(operation.scopes) & described.scopes.keys():
            raise ContractError(f"{where}: `security` must name one of the scopes {', '.join(described.scopes)}.")
        together = [[name for names in need.values() for name in names] for need in declared["security"]]
        both = next((names for names in together if len(names) > 1), None)
        if both:
            raise ContractError(
                f"{where}: `security` names {' and '.join(both)} in one requirement, which means all of them, but one is enough "
                "for API Gateway. List a requirement for each, or define a scope for what needs both."
            )
        if operation.kind == OTHER:
            _check_name(where, operation.id)
        else:
            _check_body(document, described, where, operation.kind, declared)
            _check_responses(document, described, where, operation.kind, declared["responses"])
    _check_page(document, described, operations)
    for path, method, declared in contract.each_operation(document):
        links.check(document, f"{method} {path}", declared["responses"], operations)


def _check_names(described: Service) -> None:
    """Raise ContractError for a name that the stack itself has; infra/variables.tf refuses the same."""
    if described.collection == "releases":
        raise ContractError(
            "The collection must not be /releases: the table of releases has that name. Choose another path."
        )
    if "rollback" in described.functions:
        raise ContractError(
            "No operation may be called rollback: the function that rolls releases back has that name. Choose another "
            "operationId."
        )


def _check_trash(described: Service, operations: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ContractError unless there are a trash, its list and its operation to restore from it, or none of them."""
    lists = described.operation(LIST)
    listed = any(one["name"] == "deleted" for one in operations[lists.id]["parameters"])
    if described.trash and not listed:
        raise ContractError(
            f"GET {lists.path} must have the query parameter `deleted` of type boolean, which lists what "
            f"{described.operation(RESTORE).id} restores."
        )
    for operation in described.operations.values():
        found = [one["name"] for one in operations[operation.id]["parameters"] if one["name"] in OF_TRASH]
        if found and not described.trash and operation.kind != OTHER:
            raise ContractError(
                f"{operation.method} {operation.path}: the parameter `{found[0]}` needs a trash, and there is none without the "
                f"operation POST /{described.collection}/{{id}}/restore. Add it, or remove the parameter."
            )


def _check_page(document: Mapping[str, Any], described: Service, operations: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ContractError unless a page's schema has the two properties that are served, for as many entries as `limit`."""
    lists = described.operation(LIST)
    where = f"GET {lists.path}"
    response = contract.dereference(document, document["paths"][lists.path]["get"]["responses"]["200"])
    page = contract.flatten(document, next(iter(response["content"].values()))["schema"])
    served = (described.page, "next_cursor")
    unserved = [name for name in [*page["properties"], *page.get("required", [])] if name not in served]
    if unserved:
        raise ContractError(
            f"{where}: its response 200 has the property `{unserved[0]}`, which is never sent: a page has only "
            f"{' and '.join(served)}. Remove it."
        )
    limit, entries = _limit(operations[lists.id]), page["properties"][described.page]
    if entries.get("maxItems", limit) < limit:
        raise ContractError(
            f"{where}: `maxItems` of {described.page} is {entries['maxItems']}, but a page can have {limit}, by "
            "the maximum or default of `limit`. Raise one or lower the other."
        )
    if entries.get("minItems") or rules.value_fault(
        None, page["properties"]["next_cursor"], f"{where}, response 200, next_cursor"
    ):
        raise ContractError(
            f"{where}: the last page may have no entries, and its `next_cursor` is null: the schema must allow both."
        )


def _limit(operation: Mapping[str, Any]) -> int:
    """Return how many entries a page can have; by its maximum, or by the default that the handler has."""
    schema = next(one["schema"] for one in operation["parameters"] if one["name"] == "limit")
    return max(int(schema["maximum"]), int(schema.get("default", USUAL["limit"])))


def _check_parameters(where: str, operation: Operation, parameters: Mapping[str, Any]) -> None:
    needed, optional = OF_KIND[operation.kind], MAY_HAVE.get(operation.kind, ())
    unread = [name for name, one in parameters.items() if one["in"] == "query" and name not in (*needed, *optional)]
    if unread and operation.kind != OTHER:
        raise ContractError(f"{where}: its handler does not read the query parameter `{unread[0]}`; remove it.")
    by_name = {name.lower() if one["in"] == "header" else name: one for name, one in parameters.items()}
    for name in (*needed, *optional):
        place, kind, values = READ[name]
        one = by_name.get(name.lower() if place == "header" else name)
        if one is None and name in optional:
            continue
        if one is None or one["in"] != place or one["schema"].get("type") != kind:
            raise ContractError(
                f"{where} must have the {place} parameter `{name}` of type {kind}, which its handler reads."
            )
        wrong = next((value for value in values if rules.value_fault(value, one["schema"])), None)
        if wrong is not None:
            raise ContractError(f"{where}: the parameter `{name}` must accept {wrong}, which the service understands.")
    if operation.kind == LIST:
        limit, order = by_name["limit"]["schema"], by_name["order"]["schema"]
        if limit.get("minimum", 0) < 1 or limit.get("maximum", MOST + 1) > MOST:
            raise ContractError(
                f"{where}: the parameter `limit` must have a minimum of 1 or more and a maximum up to {MOST}."
            )
        if not order.get("enum") or not set(order["enum"]) <= {"asc", "desc"}:
            raise ContractError(f"{where}: the parameter `order` must have an enum of asc, desc or both.")


def _check_path(where: str, path: str, parameters: list[dict[str, Any]]) -> None:
    """Raise ContractError unless the path's template and its parameters name the same, and nothing is declared twice."""
    names = [(one["in"], one["name"].lower() if one["in"] == "header" else one["name"]) for one in parameters]
    twice = [name for place, name in names if names.count((place, name)) > 1]
    if twice:
        raise ContractError(f"{where}: the parameter `{twice[0]}` is declared twice.")
    declared, used = {name for place, name in names if place == "path"}, set(re.findall(r"{([^}]*)}", path))
    if declared != used:
        name = sorted(declared ^ used)[0]
        raise ContractError(f"{where}: `{{{name}}}` must be in the path and among its parameters.")
    optional = [one["name"] for one in parameters if one["in"] == "path" and not one.get("required")]
    if optional:
        raise ContractError(f"{where}: the path parameter `{optional[0]}` must have `required: true`.")


def _check_name(where: str, name: str) -> None:
    if keyword.iskeyword(name) or name in {*HANDLERS.values(), "store", "patch", "respond"}:
        raise ContractError(
            f"{where}: the operationId {name} is taken in src/functions/handlers.py; choose another name."
        )


def _check_body(
    document: Mapping[str, Any], described: Service, where: str, kind: str, declared: Mapping[str, Any]
) -> None:
    if kind not in BODIES:
        if "requestBody" in declared:
            raise ContractError(f"{where}: its handler reads no request body; remove it.")
        return
    body = contract.dereference(document, declared.get("requestBody", {}))
    offered = body.get("content", {})
    needed, *others = BODIES[kind]
    if needed not in offered or not offered.keys() <= {needed, *others} or not body.get("required"):
        may_have = f", and no others but {', '.join(others)}" if others else " and no other"
        raise ContractError(
            f"{where} must have a request body, `required: true`, of the media type {needed}{may_have}."
        )
    named = described.content_schema
    for media in offered.values():
        schema = media["schema"]
        if kind == PATCH:
            if contract.dereference(document, schema).get("x-merge-patch-of") != named:
                raise ContractError(f"{where}: its schema must be `x-merge-patch-of: {named}`.")
        elif schema.get("$ref") != f"#/components/schemas/{named}":
            raise ContractError(
                f"{where}: its schema must be $ref #/components/schemas/{named}, by which POST and PUT are validated."
            )


def _check_responses(
    document: Mapping[str, Any], described: Service, where: str, kind: str, responses: Mapping[str, Any]
) -> None:
    """Raise ContractError unless the one status of success is declared, with the resource as its body."""
    status = STATUSES[kind]
    if status not in responses:
        raise ContractError(f"{where}: its handler responds with {status}, which must be among its responses.")
    if kind in (DELETE, LIST):  # no body, and a page, which crudctl.build.service checks
        return
    response = contract.dereference(document, responses[status])
    media = response.get("content", {}).get("application/json", {})
    if media.get("schema") != {"$ref": f"#/components/schemas/{described.schema}"}:
        raise ContractError(
            f"{where}: its response {status} must be application/json with $ref #/components/schemas/{described.schema}."
        )
