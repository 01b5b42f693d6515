"""Which changes of the contract break a client: the real contract with one change each."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from crudctl.build import contract, contract_changes
from tests import contracts

Json = dict[str, Any]


def item(document: Json) -> Json:
    schema: Json = document["components"]["schemas"]["Item"]
    return schema


def limit(document: Json) -> Json:
    parameter: Json = document["components"]["parameters"]["Limit"]
    return parameter


def changed(change: Callable[[Json], object]) -> tuple[Json, Json]:
    old = contract.parse(contracts.ITEMS)
    new = copy.deepcopy(old)
    change(new)
    return old, new


BREAKS: dict[str, tuple[Callable[[Json], object], str]] = {
    "a removed path": (lambda d: d["paths"].pop("/items/{id}"), "GET /items/{id} was removed."),
    "a removed method": (lambda d: d["paths"]["/items"].pop("post"), "POST /items was removed."),
    "other scopes": (
        lambda d: d["paths"]["/items"]["get"].update(security=[]),
        "GET /items: the required scopes changed.",
    ),
    "another operationId": (
        lambda d: d["paths"]["/items"]["get"].update(operationId="find_items"),
        "GET /items: operationId changed from list_items to find_items.",
    ),
    "a field that requests may no longer have": (
        lambda d: item(d)["properties"].pop("quantity"),
        "POST /items: body/quantity is no longer accepted.",
    ),
    "a field that responses no longer have": (
        lambda d: item(d)["properties"].pop("quantity"),
        "GET /items: response 200/items/*/quantity was removed.",
    ),
    "a field that requests must now have": (
        lambda d: item(d)["required"].append("tags"),
        "POST /items: body/tags is now required.",
    ),
    "a field of another type": (
        lambda d: item(d)["properties"]["quantity"].update(type="string"),
        "PATCH /items/{id}: body/quantity: type changed from integer to string.",
    ),
    "a response that may have a fraction": (
        lambda d: item(d)["properties"]["quantity"].update(type="number"),
        "GET /items/{id}: response 200/quantity: type changed from integer to number.",
    ),
    "a shorter field": (
        lambda d: item(d)["properties"]["name"].update(maxLength=50),
        "POST /items: body/name: maxLength changed from 200 to 50.",
    ),
    "a field with a new limit": (
        lambda d: item(d)["properties"]["description"].update(minLength=1),
        "PUT /items/{id}: body/description: minLength changed from none to 1.",
    ),
    "a field with an enum": (
        lambda d: item(d)["properties"]["name"].update(enum=["a", "b"]),
        "POST /items: body/name must now be one of a, b.",
    ),
    "a limit inside a list": (
        lambda d: item(d)["properties"]["tags"]["items"].update(maxLength=5),
        "POST /items: body/tags/*: maxLength changed from 50 to 5.",
    ),
    "a response property that may be missing": (
        lambda d: item(d)["required"].remove("version"),
        "POST /items: response 201/version may now be missing.",
    ),
    "a response property that may be null": (
        lambda d: item(d)["properties"]["created_at"].update(nullable=True),
        "POST /items: response 201/created_at may now be null.",
    ),
    "a removed parameter": (
        lambda d: d["paths"]["/items"]["get"]["parameters"].pop(0),
        "GET /items: query parameter limit was removed.",
    ),
    "a required parameter": (
        lambda d: limit(d).update(required=True),
        "GET /items: query parameter limit is now required.",
    ),
    "a smaller page": (
        lambda d: limit(d)["schema"].update(maximum=10),
        "GET /items: query parameter limit: maximum changed from 100 to 10.",
    ),
    "a removed header": (
        lambda d: d["paths"]["/items"]["post"]["responses"]["201"]["headers"].pop("Location"),
        "POST /items: response 201: header Location was removed.",
    ),
    "another status": (
        lambda d: d["paths"]["/items"]["post"]["responses"].pop("201"),
        "POST /items: response 201 was removed.",
    ),
    "another media type": (
        lambda d: d["paths"]["/items"]["post"]["requestBody"].update(content={}),
        "POST /items: a body of application/json is no longer accepted.",
    ),
}

HARMLESS: dict[str, Callable[[Json], object]] = {
    "no change": lambda _: None,
    "a new field": lambda d: item(d)["properties"].update(colour={"type": "string", "enum": ["red"]}),
    "a longer field": lambda d: item(d)["properties"]["name"].update(maxLength=500),
    "other texts": lambda d: item(d)["properties"]["name"].update(title="Title", description="What it is."),
    "a new path": lambda d: d["paths"].update({"/copies": d["paths"]["/items"]}),
    "an optional parameter": lambda d: limit(d).update(required=False),
    "a parameter that may have a fraction": lambda d: limit(d)["schema"].update(type="number"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_breaking_change_is_listed(name: str) -> None:
    change, sentence = BREAKS[name]
    assert sentence in contract_changes.breaking(*changed(change))


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_change_is_not_listed(name: str) -> None:
    assert contract_changes.breaking(*changed(HARMLESS[name])) == []


def test_a_higher_major_version_may_break_clients() -> None:
    old, new = changed(lambda d: d["info"].update(version="2.0.0"))
    assert contract_changes.may_break(old, new)
    assert not contract_changes.may_break(new, old)
    assert not contract_changes.may_break(old, changed(lambda d: d["info"].update(version="1.9.0"))[1])
