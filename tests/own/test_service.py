"""The project's own service does what its contract says. No field and no noun is named here: they come from the contract."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from crudctl.build import contract, service
from crudctl.build.service import Service
from tests.own.conftest import CONTRACT, Make, removed

DOCUMENT = contract.parse(CONTRACT)
DESCRIBED = service.describe(DOCUMENT)
OPERATIONS = {operation["operationId"]: operation for _, _, operation in contract.each_operation(DOCUMENT)}


def body_of(operation: str) -> tuple[str, Mapping[str, Any]]:
    """Media type and media type object of an operation's request body; empty without one."""
    declared = contract.dereference(DOCUMENT, OPERATIONS[operation].get("requestBody", {}))
    return next(iter(declared.get("content", {}).items()), ("", {}))


def examples() -> list[Any]:
    """Each example of a request body, with its operation."""
    found = []
    for name in OPERATIONS:
        _, media = body_of(name)
        named = {key: contract.dereference(DOCUMENT, each) for key, each in media.get("examples", {}).items()}
        named |= {"example": {"value": media["example"]}} if "example" in media else {}
        found += [pytest.param(name, one["value"], id=f"{name}-{key}") for key, one in named.items() if "value" in one]
    return found


def content_of(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a resource that a client may set."""
    return {name: value for name, value in resource.items() if name in DESCRIBED.fields}


def call(api: httpx.Client, name: str, resource_id: str, body: Any = None) -> httpx.Response:
    """Call an operation on a resource, with `body` as JSON."""
    operation, (media_type, _) = DESCRIBED.operations[name], body_of(name)
    sent: dict[str, Any] = {"json": body, "headers": {"Content-Type": media_type}} if media_type else {"headers": {}}
    if operation.kind in (service.REPLACE, service.PATCH, service.DELETE, service.RESTORE):
        sent["headers"]["If-Match"] = "*"  # a service may demand it
    return api.request(operation.method, operation.path[1:].replace("{id}", resource_id), **sent)


def test_what_is_created_can_be_read_replaced_changed_and_deleted(api: httpx.Client, described: Service) -> None:
    sample = dict(described.sample)
    created = api.post(described.collection, json=sample)
    assert created.status_code == 201, created.text
    assert content_of(created.json()) == sample
    path = f"{described.collection}/{created.json()['id']}"
    assert api.get(path).json() == created.json()
    replaced = api.put(path, json=created.json(), headers={"If-Match": created.headers["ETag"]})  # as it was read
    assert replaced.status_code == 200, replaced.text
    assert content_of(replaced.json()) == sample
    change = dict(list(sample.items())[:1])
    merge_patch = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}
    patched = api.patch(path, json=change, headers=merge_patch)
    assert patched.status_code == 200, patched.text
    assert content_of(patched.json()) == sample
    assert api.put(path, json=sample, headers={"If-Match": created.headers["ETag"]}).status_code == 412
    assert removed(api, described, created.json()["id"]).status_code == 204
    assert api.get(path).status_code == 404


def test_what_is_created_is_listed(api: httpx.Client, described: Service, make: Make) -> None:
    created = make()
    page = api.get(described.collection, params={"order": "desc", "limit": 5})
    assert page.status_code == 200, page.text
    assert created in page.json()[described.page]


def test_a_create_that_is_repeated_makes_one(api: httpx.Client, described: Service) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = api.post(described.collection, json=described.sample, headers=key)
    again = api.post(described.collection, json=described.sample, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert removed(api, described, first.json()["id"]).status_code == 204


EXAMPLES = examples()
CREATE = DESCRIBED.operation(service.CREATE).id


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_every_example_of_a_body_is_accepted(api: httpx.Client, make: Make, name: str, example: Any) -> None:
    kind = DESCRIBED.operations[name].kind
    fullest = max((each.values[1] for each in EXAMPLES if each.values[0] == CREATE), key=len, default=DESCRIBED.sample)
    response = call(api, name, "" if kind == service.CREATE else make(fullest)["id"], example)
    assert response.is_success, response.text
    if kind == service.CREATE:
        assert content_of(response.json()) == {k: v for k, v in example.items() if k in DESCRIBED.fields}
        assert removed(api, DESCRIBED, response.json()["id"]).status_code == 204


@pytest.mark.parametrize("kind", [service.CREATE, service.REPLACE, service.PATCH])
def test_an_unknown_property_is_refused(api: httpx.Client, make: Make, described: Service, kind: str) -> None:
    unknown = "surely-unknown"
    name = described.operation(kind).id
    response = call(api, name, make()["id"], {**described.sample, unknown: "x"})
    assert response.status_code == 400, response.text
    assert [fault.get("pointer") for fault in response.json()["errors"]] == [f"/{unknown}"]


@pytest.mark.parametrize("kind", [service.CREATE, service.REPLACE])
def test_a_required_property_that_is_missing_is_reported(
    api: httpx.Client, make: Make, described: Service, kind: str
) -> None:
    for required in service.content_of(DOCUMENT, described.content_schema)["required"]:
        body = {name: value for name, value in described.sample.items() if name != required}
        response = call(api, described.operation(kind).id, make()["id"], body)
        assert response.status_code == 400, response.text
        assert f"/{required}" in [fault.get("pointer") for fault in response.json()["errors"]]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_responds_as_the_contract_says(
    api: httpx.Client, make: Make, described: Service, name: str
) -> None:
    _, media = body_of(name)
    first: dict[str, Any] = next(iter(media.get("examples", {}).values()), {})
    body = contract.dereference(DOCUMENT, first).get("value", media.get("example", described.sample))
    created, kind, kept = make(), described.operations[name].kind, True
    if kind == service.RESTORE:
        assert call(api, described.operation(service.DELETE).id, created["id"]).status_code == 204
        trash = api.get(described.collection, params={"deleted": "true", "order": "desc"}).json()[described.page]
        kept = created["id"] in [one["id"] for one in trash]  # not where the service keeps what is deleted for 0 days
    response = call(api, name, created["id"], body)
    assert str(response.status_code) in OPERATIONS[name]["responses"], response.text
    assert response.status_code not in ((403, 404) if kept else (403,))
    assert response.status_code < 500
    if kind == service.CREATE:
        assert removed(api, described, response.json()["id"]).status_code == 204
