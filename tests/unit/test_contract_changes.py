"""Which changes of the contract break a client, told of the real contract with one thing changed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from crudctl.build import contract, contract_changes
from tests.stack import ROOT

Json = dict[str, Any]


def item(document: Json) -> Json:
    found: Json = document["components"]["schemas"]["Item"]
    return found


def limit(document: Json) -> Json:
    found: Json = document["components"]["parameters"]["Limit"]
    return found


def changed(change: Callable[[Json], object]) -> tuple[Json, Json]:
    old = contract.load(ROOT)
    new = copy.deepcopy(old)
    change(new)
    return old, new


BREAKS: dict[str, tuple[Callable[[Json], object], str]] = {
    "a path that is gone": (lambda d: d["paths"].pop("/items/{id}"), "GET /items/{id}: is gone."),
    "a method that is gone": (lambda d: d["paths"]["/items"].pop("post"), "POST /items: is gone."),
    "other scopes": (lambda d: d["paths"]["/items"]["get"].update(security=[]), "GET /items: needs other scopes."),
    "a field that is gone": (
        lambda d: item(d)["properties"].pop("quantity"),
        "POST /items: body/quantity is taken no more.",
    ),
    "a field that an answer has no more": (
        lambda d: item(d)["properties"].pop("quantity"),
        "GET /items: answer 200/items/*/quantity is gone.",
    ),
    "a field that must be sent": (
        lambda d: item(d)["required"].append("tags"),
        "POST /items: body/tags has become required.",
    ),
    "a field of another type": (
        lambda d: item(d)["properties"]["quantity"].update(type="string"),
        "PATCH /items/{id}: body/quantity was integer and is string.",
    ),
    "a shorter field": (
        lambda d: item(d)["properties"]["name"].update(maxLength=50),
        "POST /items: body/name has maxLength 50 now, and had 200.",
    ),
    "a field with a rule it did not have": (
        lambda d: item(d)["properties"]["description"].update(minLength=1),
        "PUT /items/{id}: body/description has minLength 1 now, and had none.",
    ),
    "a field of few words": (
        lambda d: item(d)["properties"]["name"].update(enum=["a", "b"]),
        "POST /items: body/name may be only a, b now.",
    ),
    "a rule inside a list": (
        lambda d: item(d)["properties"]["tags"]["items"].update(maxLength=5),
        "POST /items: body/tags/* has maxLength 5 now, and had 50.",
    ),
    "a member that may be missing": (
        lambda d: item(d)["required"].remove("version"),
        "POST /items: answer 201/version can be missing now.",
    ),
    "an answer that may be null": (
        lambda d: item(d)["properties"]["created_at"].update(nullable=True),
        "POST /items: answer 201/created_at can be null now.",
    ),
    "a parameter that is gone": (
        lambda d: d["paths"]["/items"]["get"]["parameters"].pop(0),
        "GET /items: query parameter limit is gone.",
    ),
    "a parameter that must be sent": (
        lambda d: limit(d).update(required=True),
        "GET /items: query parameter limit has become required.",
    ),
    "a smaller page": (
        lambda d: limit(d)["schema"].update(maximum=10),
        "GET /items: query parameter limit has maximum 10 now, and had 100.",
    ),
    "a header that is gone": (
        lambda d: d["paths"]["/items"]["post"]["responses"]["201"]["headers"].pop("Location"),
        "POST /items: answer 201: header Location is gone.",
    ),
    "another status": (
        lambda d: d["paths"]["/items"]["post"]["responses"].pop("201"),
        "POST /items: answer 201 is gone.",
    ),
    "another media type": (
        lambda d: d["paths"]["/items"]["post"]["requestBody"].update(content={}),
        "POST /items: takes no application/json any more.",
    ),
}

HARMLESS: dict[str, Callable[[Json], object]] = {
    "nothing": lambda _: None,
    "a new field": lambda d: item(d)["properties"].update(colour={"type": "string", "enum": ["red"]}),
    "a longer field": lambda d: item(d)["properties"]["name"].update(maxLength=500),
    "other words": lambda d: item(d)["properties"]["name"].update(title="Title", description="What it is."),
    "a new path": lambda d: d["paths"].update({"/copies": d["paths"]["/items"]}),
    "a field that need not be sent": lambda d: limit(d).update(required=False),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_a_client_is_told(name: str) -> None:
    change, sentence = BREAKS[name]
    assert sentence in contract_changes.breaking(*changed(change))


@pytest.mark.parametrize("name", HARMLESS)
def test_what_breaks_nobody_is_not_told(name: str) -> None:
    assert contract_changes.breaking(*changed(HARMLESS[name])) == []


def test_a_higher_major_version_may_break_clients() -> None:
    old, new = changed(lambda d: d["info"].update(version="2.0.0"))
    assert contract_changes.may_break(old, new)
    assert not contract_changes.may_break(new, old)
    assert not contract_changes.may_break(old, changed(lambda d: d["info"].update(version="1.9.0"))[1])
