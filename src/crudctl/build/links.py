"""Checks the links of responses: that what they lead to exists. Generators of requests follow them from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crudctl.build import contract
from crudctl.build.contract import ContractError


def check(
    document: Mapping[str, Any], where: str, responses: Mapping[str, Any], operations: Mapping[str, Mapping[str, Any]]
) -> None:
    """Raise ContractError for the first link to an operation or a parameter that does not exist.

    https://spec.openapis.org/oas/v3.0.4.html#link-object: a parameter's name may begin with its place, as in `path.id`.

    Args:
        where: the operation that has these `responses`, as it begins a message.
        operations: by operationId, each with its parameters.
    """
    for status, response in responses.items():
        for name, declared in contract.dereference(document, response).get("links", {}).items():
            link = contract.dereference(document, declared)
            at, target = f"{where}, response {status}, link {name}", operations.get(link["operationId"])
            if target is None:
                raise ContractError(
                    f"{at}: there is no operation {link['operationId']}. Correct it, or remove the link."
                )
            known = {one["name"] for one in target["parameters"]}
            known |= {f"{one['in']}.{one['name']}" for one in target["parameters"]}
            unknown = [parameter for parameter in link.get("parameters", {}) if parameter not in known]
            if unknown:
                raise ContractError(
                    f"{at}: {link['operationId']} has no parameter {unknown[0]}. Correct it, or remove it."
                )
