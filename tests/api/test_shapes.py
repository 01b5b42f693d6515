"""Every row of docs/contract.md through the API: what is valid is kept exactly, what is not is refused, and both everywhere.

The functions have a contract of their own here, tests/contracts/shapes.yaml, and a real table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import jsonschema
import pytest

from crudctl.build import aws_profile, contract, service
from tests.contracts import serve, shapes
from tests.contracts.shapes import SHAPES, Shape
from tests.stack import ROOT

OWNER = {"Authorization": "Bearer shapes"}
PATCH = {"Content-Type": "application/merge-patch+json"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def api(table: dict[str, str]) -> Iterator[httpx.Client]:
    """The functions with the contract of the shapes."""
    with (
        serve.serving(shapes.PATH, table) as url,
        httpx.Client(base_url=url, headers=OWNER, timeout=60) as client,
    ):
        yield client


def read(text: str) -> Any:
    return json.loads(text, parse_float=Decimal)


def body(shape: Shape, text: str, *, name: bool = True) -> str:
    """Return a body with the field, and the required one unless it is that."""
    others = "" if shape.field == "name" or not name else '"name":"x",'
    return f"{{{others}{json.dumps(shape.field)}:{text}}}"


def patched(value: Any) -> Any:
    """Return what a merge patch makes of nothing (RFC 7396): objects lose the properties that are null."""
    if not isinstance(value, dict):
        return value
    return {name: patched(inner) for name, inner in value.items() if inner is not None}


def sent(response: httpx.Response, status: int) -> Any:
    assert response.status_code == status, response.text
    return read(response.text) if response.content else None


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.field)
def test_a_valid_value_is_kept_exactly(api: httpx.Client, shape: Shape) -> None:
    first, *others = shape.valid
    created = sent(api.post("samples", content=body(shape, first), headers=JSON), 201)
    url = f"samples/{created['id']}"
    assert same(created[shape.field], read(first))
    for text in (*others, first):
        replaced = sent(api.put(url, content=body(shape, text), headers=JSON), 200)
        assert same(replaced[shape.field], read(text))
        fetched = sent(api.get(url), 200)
        assert same(fetched[shape.field], read(text))
        listed = sent(api.get("samples?limit=100&order=desc"), 200)["samples"]
        assert same(next(one for one in listed if one["id"] == created["id"]), fetched)
    for text in shape.valid:
        if shape.field != "name":
            sent(api.patch(url, content=body(shape, "null", name=False), headers=PATCH), 200)
        changed = sent(api.patch(url, content=body(shape, text, name=False), headers=PATCH), 200)
        assert same(changed.get(shape.field), patched(read(text)))
    assert api.delete(url).status_code == 204


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.invalid], ids=lambda shape: shape.field)
def test_an_invalid_value_is_refused_at_its_place_and_changes_nothing(api: httpx.Client, shape: Shape) -> None:
    created = sent(api.post("samples", content=body(shape, shape.valid[0]), headers=JSON), 201)
    url, pointer = f"samples/{created['id']}", "/" + shape.field.replace("~", "~0").replace("/", "~1")
    for text in shape.invalid:
        requests = [
            api.post("samples", content=body(shape, text), headers=JSON),
            api.put(url, content=body(shape, text), headers=JSON),
        ]
        # null removes a field, and an object adds to the one that is stored
        if text != "null" and not isinstance(read(text), dict):
            requests.append(api.patch(url, content=body(shape, text, name=False), headers=PATCH))
        for response in requests:
            problem = sent(response, 400)
            assert problem["type"] == "urn:samples:problem:invalid-request"
            pointers = [fault["pointer"] for fault in problem["errors"]]
            assert all(one == pointer or one.startswith(f"{pointer}/") for one in pointers), pointers
    assert same(sent(api.get(url), 200), created)
    assert api.delete(url).status_code == 204


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.field)
def test_the_gateways_model_is_never_stricter_than_the_contract(shape: Shape) -> None:
    document = shapes.document()
    profile = aws_profile.aws_profile(document)
    described = service.describe(document)
    models = {kind: described.operation(kind) for kind in (service.CREATE, service.REPLACE, service.PATCH)}
    for kind, operation in models.items():
        media = profile["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]
        schema = contract.flatten(profile, next(iter(media.values()))["schema"])
        for text in shape.valid:
            value = json.loads(body(shape, text, name=kind != service.PATCH))
            if kind == service.PATCH and text == "null" and shape.field == "name":
                continue
            jsonschema.Draft4Validator(schema).validate(value)


def test_every_field_of_the_contract_is_a_row_and_has_different_values() -> None:
    assert [shape.field for shape in SHAPES] == list(service.describe(shapes.document()).fields)
    for shape in SHAPES:
        assert len({json.dumps(json.loads(text), sort_keys=True) for text in shape.valid}) >= 2


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "contract.md").read_text(encoding="utf-8") == shapes.page()
