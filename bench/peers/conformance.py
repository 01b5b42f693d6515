"""The API that every peer must have before it is timed: the same requests, and what has to come back.

It is the part of the contract that is measured: five operations with their validation, preconditions, scopes, idempotent create
and log line. A peer fails by an AssertionError that names the request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from bench.peers.events import event

Send = Callable[[str, Any], Mapping[str, Any]]  # (operation, event) -> proxy response
LAMP = {
    "name": "Desk lamp",
    "description": "Brass, with a green shade.",
    "quantity": 3,
    "tags": ["lighting", "office"],
    "attributes": {"colour": "green", "room": "2.14"},
}
WRONG: dict[str, Any] = {
    "a field is missing": {"quantity": 1},
    "a property is unknown": {"name": "a", "size": 1},
    "a string is empty": {"name": ""},
    "a string is too long": {"name": "a" * 201},
    "a number is negative": {"name": "a", "quantity": -1},
    "a number is a string": {"name": "a", "quantity": "1"},
    "a number is a boolean": {"name": "a", "quantity": True},
    "a tag is there twice": {"name": "a", "tags": ["x", "x"]},
    "a tag is a number": {"name": "a", "tags": [1]},
    "an attribute is a number": {"name": "a", "attributes": {"x": 1}},
    "a field is null": {"name": "a", "description": None},
    "the body is a list": [],
}
OPERATIONS = {
    ("POST", "/items"): "create_item",
    ("GET", "/items"): "list_items",
    ("GET", "/items/{id}"): "get_item",
    ("PATCH", "/items/{id}"): "update_item",
    ("DELETE", "/items/{id}"): "delete_item",
}


class Api:
    """A peer as a client sees it. Args: send: passes an event to the function of an operation."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.requests: list[tuple[str, int]] = []  # id and status of each so far

    def __call__(self, method: str, target: str, body: Any = None, expect: int = 200, **rest: Any) -> Any:
        """Send a request, check the status and what every response has, and return (body, headers by name in lower case)."""
        asked = event(method, target, body, **rest)
        gateway = asked["requestContext"]
        response = self._send(OPERATIONS[method, gateway["resourcePath"]], asked)
        status = response["statusCode"]
        assert status == expect, f"{method} {target} {body}: {status} instead of {expect}: {response}"
        several = {name: values[-1] for name, values in (response.get("multiValueHeaders") or {}).items()}
        headers = {name.lower(): value for name, value in {**(response.get("headers") or {}), **several}.items()}
        assert headers["access-control-allow-origin"] == "*", response
        assert headers["x-correlation-id"] == gateway["requestId"], response
        assert headers["cache-control"] == ("no-store" if status >= 400 else "private, no-cache"), response
        self.requests.append((gateway["requestId"], status))
        if not response.get("body"):
            return None, headers
        document = json.loads(response["body"])
        assert headers["content-type"] == f"application/{'problem+' if status >= 400 else ''}json", response
        if status >= 400:
            assert document["status"] == status, response
            assert document["request_id"] == gateway["requestId"], response
            assert document["type"].startswith("urn:items:problem:"), response
        return document, headers


def check(api: Api) -> None:
    """Raise AssertionError unless the peer behaves as the contract says."""
    made = creates(api)
    reads(api, made)
    changes(api, made)
    lists(api, f"lists-{made}")
    refuses(api, made)


def creates(api: Api) -> str:
    """Check POST, and return the id of one that it made."""
    made, headers = api("POST", "/items", LAMP, 201)
    assert {name: made[name] for name in LAMP} == LAMP, made
    assert made["version"] == 1, made
    assert headers["etag"] == '"1"', headers
    assert headers["location"].endswith(made["id"]), headers
    identifier: str = made["id"]
    key = {"Idempotency-Key": f"key-{identifier}"}
    first, _ = api("POST", "/items", LAMP, 201, headers=key)
    again, _ = api("POST", "/items", LAMP, 201, headers=key)
    assert again == first, again
    api("POST", "/items", {**LAMP, "quantity": 4}, 422, headers=key)
    for why, body in WRONG.items():
        problem, _ = api("POST", "/items", body, 400)
        assert problem["errors"], why
    put_back, _ = api("POST", "/items", {**LAMP, "id": "x", "version": 7}, 201)
    assert (put_back["version"], put_back["id"] == "x") == (1, False), put_back
    api("POST", "/items", LAMP, 415, headers={"Content-Type": "text/plain"})
    return identifier


def reads(api: Api, made: str) -> None:
    """Check GET of one."""
    read, headers = api("GET", f"/items/{made}")
    assert {name: read[name] for name in LAMP} == LAMP, read
    assert headers["etag"] == '"1"', headers
    api("GET", f"/items/{made}", expect=304, headers={"If-None-Match": '"1"'})
    api("GET", f"/items/{made}", expect=404, owner="somebody-else")
    api("GET", "/items/00000000-0000-4000-8000-000000000000", expect=404)


def changes(api: Api, made: str) -> None:
    """Check PATCH and DELETE with their preconditions."""
    patch: dict[str, Any] = {"quantity": 4, "description": None, "tags": []}
    changed, headers = api("PATCH", f"/items/{made}", patch, headers={"If-Match": '"1"'})
    assert (changed["version"], changed["quantity"], changed["tags"]) == (2, 4, []), changed
    assert "description" not in changed, changed
    assert headers["etag"] == '"2"', headers
    api("PATCH", f"/items/{made}", patch, 412, headers={"If-Match": '"1"'})
    api("PATCH", f"/items/{made}", {"quantity": -1}, 400)
    api("PATCH", f"/items/{made}", {"name": None}, 400)
    api("PATCH", f"/items/{made}", patch, 404, owner="somebody-else")
    assert api("PATCH", f"/items/{made}", {"name": "Lamp"})[0]["version"] == 3
    api("DELETE", f"/items/{made}", expect=412, headers={"If-Match": '"1"'})
    api("DELETE", f"/items/{made}", expect=404, owner="somebody-else")
    api("DELETE", f"/items/{made}", expect=204, headers={"If-Match": '"3"'})
    api("GET", f"/items/{made}", expect=404)
    api("DELETE", f"/items/{made}", expect=404)


def lists(api: Api, owner: str) -> None:
    """Check pages in both orders, and that only one's own are listed."""
    made = [api("POST", "/items", {"name": f"{number}"}, 201, owner=owner)[0]["id"] for number in range(5)]
    pages, cursor = [], ""
    while cursor is not None:
        page, _ = api("GET", f"/items?limit=2{f'&cursor={cursor}' if cursor else ''}", owner=owner)
        pages.append([each["id"] for each in page["items"]])
        cursor = page["next_cursor"]
    assert pages == [made[:2], made[2:4], made[4:]], pages
    newest, _ = api("GET", "/items?order=desc&limit=1", owner=owner)
    assert [each["id"] for each in newest["items"]] == made[-1:], newest
    assert api("GET", "/items", owner="nobody")[0] == {"items": [], "next_cursor": None}
    api("DELETE", f"/items/{made[0]}", expect=204, owner=owner)
    assert len(api("GET", "/items", owner=owner)[0]["items"]) == 4
    for query in ("limit=0", "limit=many", "order=sideways"):
        api("GET", f"/items?{query}", expect=400)


def refuses(api: Api, made: str) -> None:
    """Check the app client and the scopes of a token."""
    api("GET", f"/items/{made}", expect=403, client="another")
    api("GET", f"/items/{made}", expect=403, scope="items/write")
    api("POST", "/items", LAMP, 403, scope="items/read")


def logged(text: str, requests: list[tuple[str, int]]) -> None:
    """Raise AssertionError unless the log has one JSON line for each request, without a metric where there was no fault."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    by_request: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        by_request.setdefault(line.get("request_id", ""), []).append(line)
    for request_id, status in requests:
        found = by_request.get(request_id, [])
        assert [line["status"] for line in found] == [status], f"log lines of {request_id}: {found}"
        needed = {"timestamp", "level", "operation", "method", "duration_ms"}
        assert needed <= found[0].keys(), f"a log line lacks {needed - found[0].keys()}: {found[0]}"
