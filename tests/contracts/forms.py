"""The two forms of a contract: one schema for what is sent and returned, or one for each. And one with an operation more."""

from __future__ import annotations

import copy
from typing import Any

from crudctl.build import contract, service
from tests import contracts

Json = dict[str, Any]


def separated(document: Json, trash: bool = False) -> Json:
    """Return a contract in the old form as it is in the new one.

    Args:
        trash: whether it gets a trash too: an operation to restore, and what belongs to it.
    """
    new, described = copy.deepcopy(document), service.describe(document)
    name, schemas = described.schema, new["components"]["schemas"]
    whole, content = schemas[name], {"$ref": f"#/components/schemas/{name}Content"}
    system = {k: {**v, "readOnly": False} for k, v in whole["properties"].items() if v.get("readOnly")}
    added = {key: {"type": "string", "format": "date-time"} for key in ("deleted_at", "expires_at")} if trash else {}
    schemas[f"{name}Content"] = {
        "type": "object",
        "required": [field for field in whole["required"] if field not in system],
        "properties": {k: v for k, v in whole["properties"].items() if k not in system},
    }
    own = {"type": "object", "required": list(system), "properties": system | added}
    schemas[name] = {"description": whole["description"], "allOf": [own, content]}
    for _, _, operation in contract.each_operation(new):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            if media["schema"]["$ref"].endswith(f"/{name}"):
                media["schema"] = content
    for schema in schemas.values():
        if schema.get("x-merge-patch-of") == name:
            schema["x-merge-patch-of"] = f"{name}Content"
    if trash:
        _add_trash(new, described)
    return new


def _add_trash(document: Json, described: service.Service) -> None:
    lists, deletes = described.operation(service.LIST), described.operation(service.DELETE)
    for operation, parameter in ((lists, "deleted"), (deletes, "purge")):
        declared = document["paths"][operation.path][operation.method.lower()]
        declared["parameters"].append(
            {"name": parameter, "in": "query", "schema": {"type": "boolean", "default": False}}
        )
    changed = document["paths"][deletes.path]
    restore = {**changed["put"], "operationId": f"restore_{described.singular}"}
    del restore["requestBody"]
    document["paths"][f"{deletes.path}/restore"] = {"parameters": changed["parameters"], "post": restore}


def with_notes(properties: Json) -> Json:
    """Return the tests' contract with an operation of another kind, whose body and answer are one closed schema, `Note`."""
    document = contract.parse(contracts.ITEMS)
    note = {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}
    media = {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}
    document["components"]["schemas"]["Note"] = note
    document["paths"]["/items/{id}/notes"] = {
        "parameters": document["paths"]["/items/{id}"]["parameters"],
        "post": {
            "operationId": "add_note",
            "security": document["paths"]["/items"]["post"]["security"],
            "requestBody": {"required": True, "content": media},
            "responses": {"201": {"description": "The note.", "content": media}},
        },
    }
    return document
