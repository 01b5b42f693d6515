"""Checks the contract's own examples by the schemas they stand beside, as the functions would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crudctl.build import contract, rules
from crudctl.build.contract import ContractError
from crudctl.build.promises import BODIES
from crudctl.build.service import CREATE, PATCH, Service, content_of
from functions import merge, validation


def check(document: Mapping[str, Any], described: Service) -> None:
    """Raise ContractError for the first example of a body that its own schema refuses.

    A merge patch must be valid for one of the examples of a create at least: it may rely on what is stored.
    """
    create = described.operation(CREATE)
    body = contract.dereference(document, document["paths"][create.path]["post"]["requestBody"])
    stored = [*_examples(document, next(iter(body["content"].values()))).values(), dict(described.sample), {}]
    for path, method, declared in contract.each_operation(document):
        where, kind = f"{method} {path}", described.operations[declared["operationId"]].kind
        request = contract.dereference(document, declared.get("requestBody", {}))
        for media in request.get("content", {}).values():
            if kind == PATCH:
                _check_patches(document, described, f"{where}, request", media, stored)
            else:
                _check_values(document, f"{where}, request", media, kind=kind)
        for status, response in declared["responses"].items():
            for media in contract.dereference(document, response).get("content", {}).values():
                _check_values(document, f"{where}, response {status}", media)


def _check_patches(
    document: Mapping[str, Any], described: Service, where: str, media: Mapping[str, Any], stored: list[Any]
) -> None:
    schema = rules.constraints(content_of(document, described.content_schema))
    for name, example in _examples(document, media).items():
        if not isinstance(example, dict):
            raise _invalid(where, name, ("", "must be an object"))
        found = [next(merge.patch_faults(rules.exact(example), rules.exact(one), schema), None) for one in stored]
        if all(found):
            raise _invalid(where, name, found[0] or ("", ""))


def _check_values(
    document: Mapping[str, Any], where: str, media: Mapping[str, Any], *, kind: str | None = None
) -> None:
    """Raise ContractError for an example of a body that its schema refuses. `kind` is that of the operation, of a request."""
    schema = contract.flatten(document, media["schema"])
    if kind and schema.get("type") == "object" and schema.get("properties"):
        schema = contract.content(schema)
        schema = contract.closed(schema) if kind in BODIES else schema
    validated_by = rules.constraints(schema, where)  # names a pattern of a response, too, which nothing else reads
    for name, example in _examples(document, media).items():
        if fault := next(validation.faults(rules.exact(example), validated_by), None):
            raise _invalid(where, name, fault)


def _examples(document: Mapping[str, Any], media: Mapping[str, Any]) -> dict[str, Any]:
    """Return the examples of a body by what they are called in a message."""
    named = {name: contract.dereference(document, example) for name, example in media.get("examples", {}).items()}
    examples = {f"example {name}": one["value"] for name, one in named.items() if "value" in one}
    if "example" in media:
        examples["the example"] = media["example"]
    return examples


def _invalid(where: str, name: str, fault: tuple[str, str]) -> ContractError:
    return ContractError(f"{where}, {name} is not valid: {' '.join(fault).strip()}.")
