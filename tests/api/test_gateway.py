"""Responses of API Gateway itself: who is let in, and its own problems, in the same form as those of the functions."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from functions import contract
from tests.api.conftest import TARGETS, Service
from tests.api.test_items import problem

SOME_ID = "5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11"
JSON_BODY = {"Content-Type": "application/json"}

# There is no gateway in-process.
pytestmark = pytest.mark.parametrize(
    "service", [t for t in TARGETS if t != "in-process"], indirect=True, scope="session"
)


def tampered(token: str) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["sub"] = "00000000-0000-0000-0000-000000000000"
    return ".".join([head, base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("="), signature])


def unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


@pytest.mark.parametrize(
    "forge",
    [lambda t: None, lambda t: "", lambda t: "Bearer", lambda t: "Bearer x.y.z",
     lambda t: "Bearer " + tampered(t), lambda t: "Bearer " + unsigned(t)],
    ids=["none", "empty", "no token", "no JWT", "tampered", "unsigned"],
)  # fmt: skip
@pytest.mark.parametrize(("method", "path"), [("GET", "items"), ("POST", "items"), ("DELETE", "items/x")])
def test_a_request_without_a_valid_token_is_401(service: Service, forge: Any, method: str, path: str) -> None:
    token = service.client("first").headers["authorization"].removeprefix("Bearer ")
    value = forge(token)
    headers = {} if value is None else {"Authorization": value}
    response = service.client(None).request(method, path, headers=headers)
    assert problem(response, 401)["type"] == "urn:items:problem:unauthorized"
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert_headers_of_an_error(response)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "things"), ("DELETE", "items/a/b")])
def test_an_unknown_path_is_404(api: httpx.Client, method: str, path: str) -> None:
    response = api.request(method, path)
    assert problem(response, 404)["type"] == "urn:items:problem:not-found"
    assert_headers_of_an_error(response)


def assert_headers_of_an_error(response: httpx.Response) -> None:
    """Assert that browsers can read the error, that nobody stores or reinterprets it, and that it can be found in the logs."""
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-correlation-id"] == response.json()["request_id"]


ROUTES = {path: sorted(method for method, at in contract.ROUTES if at == path) for _, path in contract.ROUTES}


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_method_that_a_path_does_not_have_is_405_and_lists_those_it_has(service: Service, signed_in: bool) -> None:
    client = service.client("first" if signed_in else None)
    for path, methods in ROUTES.items():
        allowed = [*sorted([*methods, *(["HEAD"] if "GET" in methods else [])]), "OPTIONS"]
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} - set(allowed):
            response = client.request(method, path.lstrip("/").replace("{id}", SOME_ID), headers=JSON_BODY)
            assert (response.status_code, response.headers["allow"]) == (405, ", ".join(allowed))
            if method != "HEAD":
                assert problem(response, 405)["type"] == "urn:items:problem:method-not-allowed"
                assert_headers_of_an_error(response)


COMMON = (
    "application/graphql", "application/json; charset=utf-8", "application/ld+json", "application/merge-patch+json",
    "application/problem+json", "application/vnd.api+json", "application/x-ndjson", "image/jpeg", "image/png",
    "multipart/form-data; boundary=x", "text/csv", "text/html", "text/plain",
)  # fmt: skip


def test_the_body_of_a_method_that_is_not_allowed_does_not_choose_the_status(api: httpx.Client) -> None:
    for media_type in COMMON:
        headers = {"Content-Type": media_type}
        assert api.delete("items", headers=headers).status_code == 405
        assert api.request("PATCH", "items", content=b'{"statusCode": 200}', headers=headers).status_code == 405
        assert api.options("items", headers=headers).status_code == 204
    for method in ("DELETE", "PATCH", "OPTIONS"):
        other = api.request(method, "items", content=b'{"statusCode": 200}', headers={"Content-Type": "application/x"})
        assert "may not allow this method" in problem(other, 415)["detail"]
        assert_headers_of_an_error(other)


def test_head_has_the_headers_of_get_and_no_body(api: httpx.Client, make: Callable[..., dict[str, Any]]) -> None:
    item = make()
    for path in (f"items/{item['id']}", "items?limit=1", f"items/{SOME_ID}", "items?limit=0"):
        get, head = api.get(path), api.head(path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert of_the_resource(head) == of_the_resource(get)
    fresh = {"If-None-Match": f'"{item["version"]}"'}
    assert api.head(f"items/{item['id']}", headers=fresh).status_code == 304


def test_responses_to_head_leave_nothing_on_the_connection(
    service: Service, make: Callable[..., dict[str, Any]]
) -> None:
    """A byte of a body would be read as the beginning of the next response."""
    url = service.client("first").base_url
    token = {"Authorization": service.client("first").headers["authorization"]}
    connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = connect(url.host, url.port, timeout=60)
    connection.connect()
    first = connection.sock
    for path, headers, status in (
        (f"items/{make()['id']}", token, 200),
        (f"items/{SOME_ID}", token, 404),
        ("items/x", token, 400),
        ("items", {}, 401),
        (f"items/{SOME_ID}/restore", token, 405),
        ("things", token, 404),
    ):
        lengths = []
        for method in ("HEAD", "GET"):
            connection.request(method, url.raw_path.decode() + path, headers=headers)
            response = connection.getresponse()
            length, body = response.headers["Content-Length"], response.read()
            assert (response.status, len(body)) == (status, 0 if method == "HEAD" else int(length))
            lengths.append(length)
        assert lengths[0] == lengths[1] != "0"
        assert connection.sock is first
    connection.close()


ALIKE = {
    "//items": 404, "/items//": 404, "///items": 404, "/items//x": 404, f"/items/{SOME_ID}//restore": 404, "/Items": 404,
    "/./items": 404, "/x/../items": 404, "/items/../items": 404, "/%2Fitems": 404, "/items%2F": 404, "/items%2Fx": 404,
    f"/items/{SOME_ID}%2Frestore": 400, "/items/..": 400, "/items/%2E%2E": 400, "/items/.%2F": 400, "/items;x=1": 404,
    "/items/%00": 400, "/items/ ": 400, "/items/%FF": 400, "/items/%2e": 400, "/items.": 404, "/items%20": 404, "/items%00": 404,
    "/items/": 200, "/items": 200, f"/items/{SOME_ID}/": 404,
}  # fmt: skip


def test_a_path_that_is_only_like_one_of_the_contract_is_another(service: Service) -> None:
    """Also how they are served at all: by the gateway, or refused by the function as ids."""
    if service.name != "local":
        pytest.skip("AWS documents none of this; docs/parity.md has what is assumed")
    client, found = service.client("first"), {}
    for path in ALIKE:
        found[path] = raw(client, "GET", path.replace(" ", "%20"))[0]
    assert found == ALIKE
    for method in ("get", "Get", "gET", "head"):
        status, headers = raw(client, method, "/items")
        assert (status, headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")


def raw(client: httpx.Client, method: str, path: str) -> tuple[int, http.client.HTTPMessage]:
    """Return status and headers of a request with exactly this method and path."""
    url = client.base_url
    connection = http.client.HTTPConnection(url.host, url.port, timeout=60)
    connection.putrequest(method, url.raw_path.decode().rstrip("/") + path, skip_accept_encoding=True)
    connection.putheader("Authorization", client.headers["authorization"])
    connection.endheaders()
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.headers


def of_the_resource(response: httpx.Response) -> dict[str, str]:
    """Return the headers of a response without those of one request."""
    own = ("date", "x-correlation-id", "x-amz", "traceparent")
    return {name: value for name, value in response.headers.items() if not name.startswith(own)}


def test_functions_and_gateway_let_browsers_read_the_same_headers(api: httpx.Client) -> None:
    exposed = {api.get(path).headers["access-control-expose-headers"] for path in ("things", f"items/{SOME_ID}")}
    assert len(exposed) == 1


@pytest.mark.parametrize("path", ["items", "items/5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11"])
def test_a_preflight_request_of_a_browser_is_allowed(service: Service, path: str) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "PUT"}
    response = service.client(None).options(path, headers=headers)
    assert response.status_code in (200, 204)
    assert response.headers["access-control-allow-origin"] == "*"
    allowed = response.headers["access-control-allow-headers"].lower()
    for header in ("authorization", "content-type", "if-match", "if-none-match", "idempotency-key", "x-correlation-id",
                   "traceparent"):  # fmt: skip
        assert header in allowed
    methods = response.headers["access-control-allow-methods"]
    assert all(
        m in methods for m in (("GET", "HEAD", "POST") if path == "items" else ("GET", "PUT", "PATCH", "DELETE"))
    )
    assert int(response.headers["access-control-max-age"]) > 0


def test_a_body_over_the_limit_of_lambda_is_413(api: httpx.Client) -> None:
    response = api.post("items", content=b'"' + b"x" * 7_000_000 + b'"', headers=JSON_BODY)
    problem(response, 413)
    assert_headers_of_an_error(response)


def test_a_body_over_the_gateways_limit_is_413(api: httpx.Client) -> None:
    """AWS refuses it before it looks for the API, whose form of an error it does not have."""
    assert api.post("items", content=b'"' + b"x" * 11_000_000 + b'"', headers=JSON_BODY).status_code == 413
