"""Checks that the resource has the properties that the service sets, and that a response has all that is sent beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crudctl.build import contract, rules
from crudctl.build.contract import ContractError, Schema
from crudctl.build.service import Service, content_of

SYSTEM: dict[str, tuple[str, Any]] = {  # property of every resource -> its type, and a value
    "id": ("string", "5c0a7a3e-3b5f-8d0e-9f66-0b7e6a2f1c11"),
    "version": ("integer", 1),
    "created_at": ("string", "2026-01-31T09:26:53.589793Z"),
    "updated_at": ("string", "2026-01-31T09:26:53.589793Z"),
}


IN_TRASH: dict[str, tuple[str, Any]] = {  # property of what is in the trash -> its type, and a value
    "deleted_at": ("string", "2026-02-28T09:26:53.589793Z"),
    "expires_at": ("string", "2026-03-30T09:26:53Z"),
}
LATER: dict[str, Any] = {"version": 10**18 - 1}  # values that the service sets in the end; If-Match has 18 digits


def ignored(document: Mapping[str, Any], described: Service) -> list[str]:
    """Return the properties of the resource that the service sets, in the contract's order.

    A client may send them, and they are ignored, so that what was read can be changed and put back
    (https://google.aip.dev/203#output-only).
    """
    whole = contract.flatten(document, {"$ref": f"#/components/schemas/{described.schema}"})
    return [name for name in whole.get("properties", {}) if name not in described.fields]


def check(document: Mapping[str, Any], described: Service) -> None:
    """Raise ContractError for the first property that the service sets and the contract has not, or the other way round."""
    where = f"components/schemas/{described.schema}"
    schema = contract.flatten(document, {"$ref": f"#/{where}"})
    separate = described.separate
    if separate:
        _check_composed(document, described, where, schema)
    set_by_service = SYSTEM | (IN_TRASH if described.trash else {})
    for name, (kind, value) in set_by_service.items():
        field: Schema = schema["properties"].get(name, {})
        if (
            field.get("type") != kind
            or not (field.get("readOnly") or separate)
            or rules.value_fault(value, field, f"{where}, {name}")
        ):
            raise ContractError(
                f"{where} must have the property `{name}` of type {kind}{'' if separate else ', readOnly'}, which the service "
                f"sets, for example to {value}."
            )
    always = [name for name in IN_TRASH if name in schema.get("required", [])]
    if always:
        raise ContractError(f"{where} must not require `{always[0]}`, which only what is in the trash has.")
    for name, least in LATER.items():
        if rules.value_fault(least, schema["properties"][name], f"{where}, {name}"):
            raise ContractError(f"{where}, {name} must allow {least} too, which the service sets after many changes.")
    own = [name for name in ignored(document, described) if name not in set_by_service]
    if own:
        what = (
            "readOnly" if schema["properties"][own[0]].get("readOnly") else f"no property of {described.content_schema}"
        )
        raise ContractError(
            f"{where}, {own[0]} is {what}: the service sets only {', '.join(set_by_service)}. Let clients send it, or remove it."
        )


def _check_composed(document: Mapping[str, Any], described: Service, where: str, schema: Schema) -> None:
    """Raise ContractError unless the schema of the resource has all of its content's, and is open for what comes later."""
    fields = described.fields
    missing = [name for name in fields if schema.get("properties", {}).get(name) != fields[name]]
    if missing or not set(content_of(document, described.content_schema)["required"]) <= set(
        schema.get("required", [])
    ):
        raise ContractError(
            f"{where} must be composed with allOf of {described.content_schema} and what the service sets: a response has all "
            f"that is sent{f', such as {missing[0]}' if missing else ''}."
        )
    if schema.get("additionalProperties", True) is not True:
        raise ContractError(
            f"{where} must have no `additionalProperties`: the next version may return more properties."
        )
