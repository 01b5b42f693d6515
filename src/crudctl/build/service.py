"""Describes the service that a contract defines: its resource, its operations and their functions, as one flat value.

Everything outside the contract that has to know a name reads it here: `operations.py` for the functions, `build/service.json` for
Terraform, `build/web-contract.json` for the web app, `load` for the command line. Knows neither Lambda nor Terraform.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crudctl.build import contract, sample
from crudctl.build.contract import ContractError

CREATE, LIST, GET, REPLACE, PATCH, DELETE, OTHER = "create", "list", "get", "replace", "patch", "delete", "other"
RESTORE = "restore"
COLLECTION_KINDS = {"POST": CREATE, "GET": LIST}
RESOURCE_KINDS = {"GET": GET, "PUT": REPLACE, "PATCH": PATCH, "DELETE": DELETE}
HANDLERS = {CREATE: "create", LIST: "list_page", GET: "get", REPLACE: "update", PATCH: "update", DELETE: "delete"}
OPTIONAL_HANDLERS = {RESTORE: "update"}  # of the kinds that a contract need not have
NAME = re.compile("[a-z][a-z0-9_]{0,31}")  # an operationId is part of function and metric names


@dataclass(frozen=True)
class Operation:
    """One operation of the contract.

    Attributes:
        id: its operationId.
        kind: `create`, `list`, `get`, `replace`, `patch`, `delete` and `restore` are the resource's own; every other is `other`.
        function: key of the function that serves it: its own id, except that the function of `replace` serves `patch` and
            `restore` too.
        handler: name of the Python function in `functions.handlers`.
        method, path: as the contract has them.
        scopes: of which an access token must carry one.
        probe: whether the synthetic round trip of a release calls it (`x-probe: true`).
    """

    id: str
    kind: str
    function: str
    handler: str
    method: str
    path: str
    scopes: tuple[str, ...]
    probe: bool = False


@dataclass(frozen=True)
class Service:
    """What the contract says about names.

    Attributes:
        title: of the API, such as `Orders`.
        collection: path segment of the collection, such as `orders`.
        schema: name of the schema of the resource as it is returned, such as `Order`.
        content_schema: name of the schema of what a client sends of it, such as `OrderContent`. It is `schema` itself in a
            contract with one schema for both, in which the properties that the service sets are `readOnly`.
        singular, plural: the resource in a sentence, such as `order` and `orders`.
        page: property of a page that holds its entries, such as `orders`.
        problems: what every problem type begins with, such as `urn:orders:problem:`.
        scopes: description of each scope, such as `orders/read`.
        fields: the flat schema of each property that a client may send.
        sample: valid content for a create.
        operations: by operationId, in the contract's order.
    """

    title: str
    collection: str
    schema: str
    content_schema: str
    singular: str
    plural: str
    page: str
    problems: str
    scopes: Mapping[str, str]
    fields: Mapping[str, Any]
    sample: Mapping[str, Any]
    operations: Mapping[str, Operation]

    @property
    def functions(self) -> dict[str, list[Operation]]:
        """The operations that each function serves, by the function's key, in the contract's order."""
        served: dict[str, list[Operation]] = {}
        for operation in self.operations.values():
            served.setdefault(operation.function, []).append(operation)
        return served

    @property
    def separate(self) -> bool:
        """Whether what is sent and what is returned have schemas of their own."""
        return self.content_schema != self.schema

    @property
    def content_name(self) -> str:
        """The name of the schema of what a client sends in what is derived from the contract, which always has it."""
        return self.content_schema if self.separate else f"{self.schema}Content"

    @property
    def trash(self) -> bool:
        """Whether what is deleted can be restored."""
        return any(operation.kind == RESTORE for operation in self.operations.values())

    def operation(self, kind: str) -> Operation:
        """Return the one operation of a kind other than `other`. Of `restore` there is none without a trash."""
        return next(operation for operation in self.operations.values() if operation.kind == kind)

    def as_json(self) -> dict[str, Any]:
        """Return the description as plain data, as `build/service.json` holds it; functions by key, with handler and kind."""
        functions = {
            key: {"handler": f"functions.handlers.{self.operations[key].handler}", "kind": self.operations[key].kind}
            for key in self.functions
        }
        operations = {
            name: dataclasses.asdict(operation) | {"scopes": list(operation.scopes)}
            for name, operation in self.operations.items()
        }
        return dataclasses.asdict(self) | {"trash": self.trash, "operations": operations, "functions": functions}


def load(root: Path) -> Service:
    """Return the description of the project at `root`, from its contract. Raise ContractError as `describe` does."""
    return describe(contract.read(root))


def describe(document: Mapping[str, Any]) -> Service:
    """Return the description of a contract.

    Raises:
        ContractError: The contract does not have exactly one collection with the six operations of the resource, or a name
            cannot be derived.
    """
    contract.check_structure(document)
    collection, found = _collection(document), list(contract.each_operation(document))
    kinds = {operation["operationId"]: _kind(collection, path, method) for path, method, operation in found}
    replaces = next((name for name, kind in kinds.items() if kind == REPLACE), None)
    operations = {}
    for path, method, operation in found:
        name, kind = operation["operationId"], kinds[operation["operationId"]]
        if not NAME.fullmatch(name):
            raise ContractError(
                f"{method} {path}: the operationId {name} names a function: use at most 32 lower-case letters, digits and "
                "underscores, a letter first."
            )
        if name in operations:
            raise ContractError(f"{method} {path}: the operationId {name} is that of another operation too.")
        function = replaces if kind in (PATCH, RESTORE) and replaces else name
        scopes = tuple(dict.fromkeys(s for need in operation["security"] for names in need.values() for s in names))
        probe = bool(operation.get("x-probe", False))
        handler = (HANDLERS | OPTIONAL_HANDLERS).get(kind, name)
        operations[name] = Operation(name, kind, function, handler, method, path, scopes, probe)
    missing = [kind for kind in HANDLERS if kind not in kinds.values()]
    if missing:
        raise ContractError(f"The operation to {missing[0]} is missing, which src/functions/handlers.py serves.")
    content_name = _content_schema(document, collection)
    schema_name = _schema(document, collection)
    if schema_name == content_name and f"{schema_name}Content" in document["components"]["schemas"]:
        raise ContractError(
            f"components/schemas/{schema_name}Content has the name of what a client sends of {schema_name}. Let the request "
            "bodies refer to it, or rename it."
        )
    content = content_of(document, content_name)
    singular, plural = _words(schema_name, _titled(document, schema_name, content_name), collection)
    return Service(
        title=document["info"]["title"],
        collection=collection,
        schema=schema_name,
        content_schema=content_name,
        singular=singular,
        plural=plural,
        page=_page(document, collection, schema_name),
        problems=_problems(document),
        scopes=_scopes(document),
        fields=content["properties"],
        sample=sample.content(content, _examples(document, collection)),
        operations=operations,
    )


def content_of(document: Mapping[str, Any], content_schema: str) -> contract.Schema:
    """Return the flat schema of what a client sends of the resource: closed, and without what only the service sets.

    Args:
        content_schema: its name in components/schemas.

    Raises:
        ContractError: It is not an object with properties, or refers to itself or to nothing.
    """
    flat = contract.flatten(document, {"$ref": f"#/components/schemas/{content_schema}"})
    return contract.closed(contract.content(flat))


def _collection(document: Mapping[str, Any]) -> str:
    """Return the path segment of the one collection: the path with POST and GET that has a path `/…/{id}` below it."""
    paths = document["paths"]
    found = [
        path[1:]
        for path, methods in paths.items()
        if re.fullmatch("/[A-Za-z0-9_-]+", path) and {"post", "get"} <= methods.keys() and f"{path}/{{id}}" in paths
    ]
    if len(found) != 1:
        raise ContractError(
            f"The contract must have exactly one collection, a path such as /orders with POST and GET beside "
            f"/orders/{{id}}; it has {len(found)}. A second resource is a second project (see CONTRIBUTING.md)."
        )
    return str(found[0])


def _kind(collection: str, path: str, method: str) -> str:
    if path == f"/{collection}":
        return COLLECTION_KINDS.get(method, OTHER)
    if (method, path) == ("POST", f"/{collection}/{{id}}/restore"):
        return RESTORE
    return RESOURCE_KINDS.get(method, OTHER) if path == f"/{collection}/{{id}}" else OTHER


def _body(document: Mapping[str, Any], collection: str) -> Mapping[str, Any]:
    """Return the media type object of the create operation's request body."""
    declared = contract.dereference(document, document["paths"][f"/{collection}"]["post"].get("requestBody", {}))
    return next(iter(declared.get("content", {}).values()), {})


def _content_schema(document: Mapping[str, Any], collection: str) -> str:
    """Return the name of the schema of the create operation's request body."""
    name = _schema_named(_body(document, collection))
    if name is None:
        raise ContractError(
            f"POST /{collection}: its request body must be a $ref to the content of the resource in components/schemas."
        )
    return name


def _schema(document: Mapping[str, Any], collection: str) -> str:
    """Return the name of the schema of the create operation's response."""
    responses = document["paths"][f"/{collection}"]["post"]["responses"]
    if "201" not in responses:
        raise ContractError(f"POST /{collection}: its handler responds with 201, which must be among its responses.")
    response = contract.dereference(document, responses["201"])
    name = _schema_named(response.get("content", {}).get("application/json", {}))
    if name is None:
        raise ContractError(
            f"POST /{collection}: its response 201 must be application/json with a $ref to the resource in components/schemas."
        )
    return name


def _schema_named(media: Mapping[str, Any]) -> str | None:
    prefix, _, name = str(media.get("schema", {}).get("$ref", "")).rpartition("/")
    return name if prefix == "#/components/schemas" else None


def _titled(document: Mapping[str, Any], schema: str, content_schema: str) -> Mapping[str, Any]:
    """Return the schema that has the title and plural of the resource: not that of its content, if it has one of its own."""
    found = contract.flatten if schema == content_schema else contract.dereference
    return found(document, {"$ref": f"#/components/schemas/{schema}"})


def _examples(document: Mapping[str, Any], collection: str) -> list[Any]:
    """Return the examples of a create's body, in the contract's order."""
    body = _body(document, collection)
    examples = [contract.dereference(document, example) for example in body.get("examples", {}).values()]
    return [body[key] for key in ("example",) if key in body] + [one["value"] for one in examples if "value" in one]


def _words(name: str, schema: Mapping[str, Any], collection: str) -> tuple[str, str]:
    """Return singular and plural, as in the middle of a sentence.

    The singular is the schema's `title`, or its name in words; the plural is its `x-plural`, or the collection's segment.
    """
    words = re.sub("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-_.]+", " ", name).strip()
    plural = re.sub("[-_]+", " ", collection).strip()
    return _uncapitalised(str(schema.get("title") or words)), str(schema.get("x-plural") or plural.lower())


def _uncapitalised(words: str) -> str:
    """Return words that begin in lower case, except for those all in upper case, such as VAT."""
    return " ".join(word if word[1:] != word[1:].lower() else word.lower() for word in words.split())


def _page(document: Mapping[str, Any], collection: str, schema: str) -> str:
    """Return the property of a list's 200 response whose entries are the resource."""
    response = contract.dereference(document, document["paths"][f"/{collection}"]["get"]["responses"].get("200", {}))
    media: Mapping[str, Any] = next(iter(response.get("content", {}).values()), {})
    page = contract.dereference(document, media.get("schema", {}))
    reference = {"$ref": f"#/components/schemas/{schema}"}
    found = [name for name, field in page.get("properties", {}).items() if field.get("items") == reference]
    if len(found) != 1 or "next_cursor" not in page["properties"]:
        raise ContractError(
            f"GET /{collection}: its 200 response must be an object with `next_cursor` and one array of {schema}."
        )
    return str(found[0])


def _problems(document: Mapping[str, Any]) -> str:
    """Return what all problem types begin with, up to the last colon."""
    types = document["components"]["schemas"].get("Problem", {}).get("properties", {}).get("type", {}).get("enum", [])
    prefixes = {str(kind).rpartition(":")[0] + ":" for kind in types}
    if len(prefixes) != 1:
        raise ContractError("The schema Problem must list every problem type in the enum of `type`, under one prefix.")
    return prefixes.pop()


def _scopes(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the description of each scope of the security schemes. All have the form `<identifier>/<name>`."""
    schemes = document["components"].get("securitySchemes", {}).values()
    flows = [flow for scheme in schemes for flow in scheme.get("flows", {}).values()]
    scopes = {name: text for flow in flows for name, text in flow.get("scopes", {}).items()}
    identifiers = {name.rpartition("/")[0] for name in scopes}
    if len(identifiers) != 1 or "" in identifiers:
        raise ContractError(
            "Every scope must have the form <identifier>/<name>, such as orders/read, under one identifier."
        )
    return scopes
