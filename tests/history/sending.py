"""Sends one operation of the model as an HTTP request, and reads what the response says about it. Knows nothing of histories."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

from tests.history.model import Operation, Outcome, text

COLLECTION = "items"
MERGE = {"Content-Type": "application/merge-patch+json"}
SYSTEM = {"id", "version", "created_at", "updated_at", "deleted_at", "expires_at"}
PROBLEMS = {
    404: ("not-found",),
    409: ("conflict", "deleted"),
    412: ("version-conflict",),
    422: ("idempotency-key-reused",),
}


class NotSent(Exception):
    """The service did not take the request: there was no connection, or too many requests."""


class Unexpected(AssertionError):
    """A response that no request of a history may have."""


def send(
    api: httpx.Client, operation: Operation, resource_id: str, *, keyed: bool
) -> tuple[Outcome | None, dict[str, Any]]:
    """Send an operation on the resource `resource_id`. Return its outcome, None if it is not known, and the body of the response.

    Args:
        keyed: whether `operation.write` is sent as `Idempotency-Key`.

    Raises:
        NotSent: It had no effect.
        Unexpected: The response is wrong, whatever was done before.
    """
    method, rest, headers = {
        "create": ("POST", "", {}),
        "get": ("GET", f"/{resource_id}", {}),
        "replace": ("PUT", f"/{resource_id}", {}),
        "patch": ("PATCH", f"/{resource_id}", MERGE),
        "delete": ("DELETE", f"/{resource_id}", {}),
        "purge": ("DELETE", f"/{resource_id}?purge=true", {}),
        "restore": ("POST", f"/{resource_id}/restore", {}),
    }[operation.kind]
    if keyed:
        headers = headers | {"Idempotency-Key": operation.write}
    if operation.match is not None:
        headers = headers | {"If-Match": f'"{operation.match}"'}
    body = json.loads(operation.content) if operation.content else None
    try:
        response = api.request(method, COLLECTION + rest, json=body, headers=headers)
    except (httpx.ConnectError, httpx.ConnectTimeout) as failure:
        raise NotSent(str(failure)) from failure
    except httpx.TransportError:
        return None, {}
    return outcome(response, operation)


def outcome(response: httpx.Response, operation: Operation) -> tuple[Outcome | None, dict[str, Any]]:
    """Return what a response says, None if it leaves open whether something was done, and its body."""
    status = response.status_code
    if status == 429:
        raise NotSent("too many requests")
    if status >= 500 or not is_of_the_service(response):
        return None, {}
    if status == 204:
        return Outcome(204), {}
    body: dict[str, Any] = response.json()
    if status in (200, 201):
        if response.headers["etag"] != f'"{body["version"]}"':
            raise Unexpected(f"the entity tag {response.headers['etag']} is not that of version {body['version']}")
        content = {name: value for name, value in body.items() if name not in SYSTEM}
        return Outcome(status, body["version"], text(content)), body
    problem = re.split("[:/]", str(body.get("type", "")))[-1]
    if problem not in PROBLEMS.get(status, ()) or (problem == "deleted") != (
        status == 409 and operation.kind == "create"
    ):
        raise Unexpected(f"{operation.kind}: {status} {response.text}")
    return Outcome(status, body.get("current_version")), body


def is_of_the_service(response: httpx.Response) -> bool:
    """Return whether a response is one that the API gives. While the local stack starts, there are others."""
    return response.is_success or response.headers.get("content-type") == "application/problem+json"
