"""Operations that a team adds: any method and path, with and without a body. And routes that this version does not know."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from crudctl.build import operations
from crudctl.build.service import HANDLERS
from functions import contract, errors, handlers
from functions.http import Response, endpoint
from functions.request import Request
from tests.api.conftest import Service
from tests.api.test_items import MERGE, problem
from tests.contracts import forms

# In-process: the contract of this process has the operations added.
pytestmark = pytest.mark.parametrize("service", ["in-process"], indirect=True, scope="session")

ID = next(p for p in contract.OPERATIONS["get_item"]["parameters"] if p["name"] == "id")
IF_MATCH = {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}}
Add = Callable[..., None]


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Add:
    """Add an operation of kind `other` to the contract, and its handler, which is named by the operationId."""

    def added(method: str, path: str, action: Callable[[Request], Response], **what: Any) -> None:
        name = action.__name__
        operation = {
            "kind": "other",
            "function": name,
            "handler": name,
            "method": method,
            "path": path,
            "scopes": ["items/write"],
            "parameters": [ID],
            "media_types": [],
            "body_required": False,
            "content": None,
            "ignored": [],
            "headers": {},
        }
        monkeypatch.setitem(contract.OPERATIONS, name, operation | what)
        monkeypatch.setitem(contract.ROUTES, (method, path), name)
        monkeypatch.setattr(handlers, name, endpoint(action), raising=False)

    return added


def archive_item(request: Request) -> Response:
    resources = handlers.store().of(request)
    change = {"tags": ["archived"]}
    return handlers.respond(200, resources.update(request.parameters["id"], change, request.precondition))


def test_an_operation_without_a_body_changes_an_item(
    api: httpx.Client, other: httpx.Client, make: Callable[..., dict[str, Any]], add: Add
) -> None:
    add("POST", "/items/{id}/archive", archive_item, parameters=[ID, IF_MATCH])
    item = make(tags=["new"])
    path = f"items/{item['id']}/archive"
    problem(other.post(path), 404)
    problem(api.post(path, headers={"If-Match": '"2"'}), 412)
    archived = api.post(path, headers={"If-Match": '"1"'})
    assert archived.status_code == 200
    assert archived.headers["etag"] == '"2"'
    assert archived.json() == api.get(f"items/{item['id']}").json()
    assert archived.json()["tags"] == ["archived"]
    assert problem(api.post("items/1/archive"), 400)["errors"][0]["parameter"] == "id"
    assert problem(api.post(path + "?force=1"), 400)["errors"][0]["parameter"] == "force"


def test_an_operation_that_does_not_declare_if_match_ignores_it(
    api: httpx.Client, make: Callable[..., dict[str, Any]], add: Add
) -> None:
    add("POST", "/items/{id}/archive", archive_item)
    assert api.post(f"items/{make()['id']}/archive", headers={"If-Match": '"9"'}).status_code == 200


def test_a_body_is_validated_by_the_operations_own_schema(
    api: httpx.Client, make: Callable[..., dict[str, Any]], add: Add
) -> None:
    def move_item(request: Request) -> Response:
        return handlers.patch(request, {"attributes": {"shelf": request.body["shelf"]}})

    body = {
        "type": "object",
        "additionalProperties": False,
        "required": ["shelf"],
        "properties": {"shelf": {"type": "string", "maxLength": 3}},
    }
    add("POST", "/items/{id}/move", move_item, media_types=["application/json"], body_required=True, content=body)
    item = make(attributes={"room": "1"})
    path = f"items/{item['id']}/move"
    assert api.post(path, json={"shelf": "B"}).json()["attributes"] == {"room": "1", "shelf": "B"}
    faults = problem(api.post(path, json={"name": "x", "shelf": "long"}), 400)["errors"]
    assert sorted(fault["pointer"] for fault in faults) == ["/name", "/shelf"]
    problem(api.post(path, content="{}", headers=MERGE), 415)
    problem(api.post(path), 415)


def test_a_body_that_is_optional_is_validated_if_it_is_sent(
    api: httpx.Client, make: Callable[..., dict[str, Any]], add: Add
) -> None:
    def tag_item(request: Request) -> Response:
        return handlers.patch(request, {"tags": request.body or ["tagged"]})

    body = {"type": "array", "items": {"type": "string"}}
    add("POST", "/items/{id}/tag", tag_item, media_types=["application/json"], content=body)
    path = f"items/{make()['id']}/tag"
    assert api.post(path).json()["tags"] == ["tagged"]
    assert api.post(path, json=["a"]).json()["tags"] == ["a"]
    assert problem(api.post(path, json=[1]), 400)["errors"] == [{"pointer": "/0", "detail": "must be a string"}]
    problem(api.post(path, content="{}", headers=MERGE), 415)


def test_read_only_properties_of_an_own_body_are_ignored(
    api: httpx.Client, make: Callable[..., dict[str, Any]], add: Add
) -> None:
    def add_note(request: Request) -> Response:
        return Response(201, json.dumps({**request.body, "id": "made-by-the-service"}))

    fields = {"id": {"type": "string", "readOnly": True}, "text": {"type": "string"}}
    derived = operations.operations(forms.with_notes(fields))["add_note"]
    add(action=add_note, **derived)
    path = f"items/{make()['id']}/notes"
    note = api.post(path, json={"text": "a"}).json()
    assert note == {"text": "a", "id": "made-by-the-service"}
    assert api.post(path, json=note).json() == note  # as it was read
    assert problem(api.post(path, json=note | {"more": 1}), 400)["errors"][0]["pointer"] == "/more"


def test_an_operation_reads_a_sub_path_and_raises_problems_of_its_own(
    api: httpx.Client, make: Callable[..., dict[str, Any]], add: Add, capsys: pytest.CaptureFixture[str]
) -> None:
    class Gone(errors.Problem):
        status, type, title = 410, errors.PREFIX + "gone", "Gone"

    def get_label(request: Request) -> Response:
        current = handlers.store().of(request).get(request.parameters["id"])
        if current.content["name"] == "Gone":
            raise Gone("The label was thrown away.")
        return Response(200, json.dumps({"label": current.content["name"], "all": request.collection}))

    add("GET", "/items/{id}/label", get_label)
    item = make(name="Lamp")
    response = api.get(f"items/{item['id']}/label")
    assert response.json() == {"label": "Lamp", "all": "../../items"}
    assert response.request.url.join("../../items").path == "/items"
    capsys.readouterr()
    assert problem(api.get(f"items/{make(name='Gone')['id']}/label"), 410)["detail"] == "The label was thrown away."
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["operation"], line["status"], line.get("Faults")) == ("get_label", 410, None)
    problem(api.get(f"items/{uuid.uuid4()}/label"), 404)


def invoked(handler: str, method: str, resource: str, path: str) -> dict[str, Any]:
    event = {
        "path": path,
        "httpMethod": method,
        "headers": None,
        "pathParameters": {"id": str(uuid.uuid4())},
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource,
            "requestId": "request-1",
            "authorizer": {"claims": {"sub": "first", "client_id": "tests", "scope": "items/write"}},
        },
        "body": "{}",
    }
    context = SimpleNamespace(aws_request_id="invocation", get_remaining_time_in_millis=lambda: 5000)
    response: dict[str, Any] = getattr(handlers, handler)(event, context)
    return response


ROUTES = [("POST", "/items/{id}/archive"), ("GET", "/things"), ("PUT", "/items"), ("GET", "/")]


@pytest.mark.parametrize("handler", sorted(set(HANDLERS.values())))
@pytest.mark.parametrize(("method", "path"), [*ROUTES, ("OPTIONS", "/items")])
def test_a_route_that_this_version_does_not_know_is_404(
    service: Service, handler: str, method: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    response = invoked(handler, method, path, path)
    document = json.loads(response["body"])
    assert (response["statusCode"], document["status"], document["type"]) == (404, 404, errors.PREFIX + "not-found")
    assert document["detail"] == "There is nothing at this path for this method."
    line = json.loads(capsys.readouterr().out)
    assert (line["operation"], line.get("Faults")) == (contract.function_of(handler), None)


def test_a_route_that_another_function_serves_is_404(service: Service) -> None:
    assert invoked("get", "DELETE", "/items/{id}", "/items/1")["statusCode"] == 404


@pytest.mark.parametrize(
    ("owners", "shared", "same"),
    [(("ann", "bob"), False, False), (("ann", "bob"), True, True), (("ann", "release-probe"), True, False),
     (("release-probe", "release-probe"), True, True)],
)  # fmt: skip
def test_what_a_release_creates_is_kept_apart(
    service: Service, owners: tuple[str, str], shared: bool, same: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWNERSHIP", "shared" if shared else "user")
    one, other = ({"Authorization": f"Bearer {owner}"} for owner in owners)
    api = service.client(None)
    created = api.post("items", json={"name": "x"}, headers=one)
    path = f"items/{created.json()['id']}"
    assert api.get(path, headers=one).status_code == 200
    assert (api.get(path, headers=other).status_code == 200) is same
    listed = [entry["id"] for entry in api.get("items?limit=100&order=desc", headers=other).json()["items"]]
    assert (created.json()["id"] in listed) is same
    assert api.delete(path, headers=one).status_code == 204


@pytest.mark.parametrize(
    "parameters", [[], [{"name": "limit", "in": "query", "required": False, "schema": {"type": "integer"}}]]
)
def test_a_page_needs_no_parameter_of_the_contract(
    api: httpx.Client, make: Callable[..., dict[str, Any]], parameters: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    monkeypatch.setitem(contract.OPERATIONS["list_items"], "parameters", parameters)
    for query in ["", *(f"?limit={limit}" for limit in (0, -1, 10**17) if parameters)]:
        response = api.get(f"items{query}")
        assert response.status_code == 200, response.text
        assert response.json()["items"]


def test_a_write_needs_no_parameter_but_the_id(
    api: httpx.Client, make: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for operation in contract.OPERATIONS.values():
        monkeypatch.setitem(operation, "parameters", [p for p in operation["parameters"] if p["name"] == "id"])
    path = f"items/{make()['id']}"
    assert api.get(path, headers={"If-None-Match": '"1"'}).status_code == 304
    problem(api.put(path, json={"name": "x"}, headers={"If-Match": '"9"'}), 412)
    assert api.put(path, json={"name": "x"}).status_code == 200
    assert api.delete(path).status_code == 204


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_more_entity_tags_than_the_table_compares_are_400(
    api: httpx.Client, make: Callable[..., dict[str, Any]], method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for operation in contract.OPERATIONS.values():
        parameters = [IF_MATCH if p["name"] == "If-Match" else p for p in operation["parameters"]]
        monkeypatch.setitem(operation, "parameters", parameters)
    path = f"items/{make()['id']}"
    for tags, status in ((100, 204 if method == "DELETE" else 200), (101, 400)):
        headers = {"If-Match": ",".join(f'"{n + 1}"' for n in range(tags))} | (MERGE if method == "PATCH" else {})
        body = {} if method == "DELETE" else {"json": {"name": "x"}}
        response = api.request(method, path, headers=headers, **body)  # type: ignore[arg-type]
        assert response.status_code == status, response.text
