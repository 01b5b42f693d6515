"""Responses of API Gateway itself: who is let in, and its own problems, in the same form as those of the functions."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import TARGETS, Service
from tests.api.test_items import problem

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
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "things"), ("GET", "items/a/b"), ("DELETE", "items"), ("POST", "items/x")]
)
def test_an_unknown_path_or_method_is_404(api: httpx.Client, method: str, path: str) -> None:
    response = api.request(method, path)
    assert problem(response, 404)["type"] == "urn:items:problem:not-found"
    assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["items", "items/5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11"])
def test_a_preflight_request_of_a_browser_is_allowed(service: Service, path: str) -> None:
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "PUT"}
    response = service.client(None).options(path, headers=headers)
    assert response.status_code in (200, 204)
    assert response.headers["access-control-allow-origin"] == "*"
    allowed = response.headers["access-control-allow-headers"].lower()
    for header in ("authorization", "content-type", "if-match", "if-none-match", "idempotency-key", "x-correlation-id"):
        assert header in allowed
    methods = response.headers["access-control-allow-methods"]
    assert all(m in methods for m in (("GET", "POST") if path == "items" else ("GET", "PUT", "PATCH", "DELETE")))
    assert int(response.headers["access-control-max-age"]) > 0


def test_a_body_over_the_gateways_limit_is_413(api: httpx.Client) -> None:
    response = api.post("items", content=b'"' + b"x" * 11_000_000 + b'"', headers={"Content-Type": "application/json"})
    problem(response, 413)
