"""The handlers of the Lambda functions: one for each kind of operation of the contract; `update` serves PUT and PATCH."""

from __future__ import annotations

import base64
import hashlib
import os

from . import contract, errors, resource
from .http import Response, endpoint
from .json_text import dumps
from .store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .request import Request

ATTEMPTS = 5  # to apply a change to content that keeps changing
LIMIT, MOST = 25, 1000  # entries of a page: without a limit, and whatever the contract allows
MAX_PAGE = 2_900_000  # characters; Lambda's limit is 6 MB, and the body may double when it becomes a JSON string


@endpoint
def create(request: Request) -> Response:
    """POST: create one."""
    key = request.idempotency_key
    resource_id = resource.id_for_key(request.caller, key) if key else resource.random_id(os.urandom(16))
    new = resource.created(resource_id, request.body, request.now)
    stored, replayed = store().of(request).create(new)
    request.resource_id = resource_id
    if stored.fingerprint != new.fingerprint:
        raise errors.IdempotencyKeyReused
    location = {"Location": f"{request.collection}/{resource_id}"}
    return respond(201, stored, location | ({"Idempotent-Replayed": "true"} if replayed else {}))


@endpoint
def get(request: Request) -> Response:
    """GET: return one."""
    current = store().of(request).get(request.parameters["id"])
    if not request.none_match(current.version):
        return Response(304, headers={"ETag": f'"{current.version}"'})
    return respond(200, current)


@endpoint
def update(request: Request) -> Response:
    """PUT and PATCH: replace or change the content of one."""
    if request.kind == "restore":
        raise errors.NotFound
    if request.kind == "replace":
        needs_current = resource.replacement_needs_current(request.body)
        return _changed(request, resource.replacement, request.body, needs_current=needs_current)
    return patch(request, request.body)


@endpoint
def delete(request: Request) -> Response:
    """DELETE: delete one."""
    store().of(request).delete(request.parameters["id"], request.if_match())
    return Response(204)


@endpoint
def list_page(request: Request) -> Response:
    """GET on the collection: return a page."""
    limit = max(1, min(request.parameters.get("limit") or LIMIT, MOST))
    order, cursor = request.parameters.get("order") or "asc", request.parameters.get("cursor")
    after = _position(request.owner, order, cursor) if cursor else None
    entries, more = store().of(request).page(limit, order == "desc", after)
    # One entry always fits: the table's limit for it is 400 KB, and JSON takes at most six characters for a byte.
    while len(page := dumps([entry.representation() for entry in entries])) > MAX_PAGE and len(entries) > 1:
        entries, more = entries[: len(entries) // 2], True
    next_cursor = _cursor(request.owner, order, entries[-1].created_at, entries[-1].id) if more else None
    following = f"{request.collection}?limit={limit}&order={order}&cursor={next_cursor}"
    link = {"Link": f'<{following}>; rel="next"'} if more else {}
    return Response(200, f'{{{dumps(contract.SERVICE["page"])}:{page},"next_cursor":{dumps(next_cursor)}}}', link)


def store() -> Store:
    """Return the store of this execution environment, which is created and connected on first use."""
    global _store
    if _store is None:
        _store = Store.from_environment(os.environ)
    return _store


_store: Store | None = None


def patch(request: Request, content: Mapping[str, Any]) -> Response:
    """Apply a merge patch to the one that the request is about, if `If-Match` allows it, and return it."""
    return _changed(request, _patched, content, needs_current=resource.patch_needs_current(content))


def _changed(
    request: Request,
    change: Callable[[Mapping[str, Any], Mapping[str, Any]], resource.Change],
    content: Mapping[str, Any],
    *,
    needs_current: bool,
) -> Response:
    resources, resource_id, expected = store().of(request), request.parameters["id"], request.if_match()
    if not needs_current:
        return respond(200, resources.update(resource_id, change(content, {}), expected))
    for _ in range(ATTEMPTS):
        current = resources.get(resource_id)
        if expected is not None and current.version not in expected:
            raise errors.VersionConflict(current.version)
        try:
            return respond(200, resources.update(resource_id, change(content, current.content), [current.version]))
        except errors.VersionConflict:
            if expected is not None:
                raise
    raise errors.Conflict


def respond(status: int, current: resource.Resource, headers: dict[str, str] | None = None) -> Response:
    """Return the response that shows a resource as it is now, with its version as entity tag."""
    return Response(status, dumps(current.representation()), {"ETag": f'"{current.version}"', **(headers or {})})


def _patched(patch: Mapping[str, Any], current: Mapping[str, Any]) -> resource.Change:
    """Return what a merge patch changes. Raise errors.InvalidRequest if that would be invalid."""
    if faults := contract.patch_faults(patch, current):
        raise errors.InvalidRequest(faults)
    return resource.patched(patch, current)


def _cursor(owner: str, order: str, created_at: str, resource_id: str) -> str:
    """Return where a page ended, bound to its owner and order: base64url of `<check>|<created_at>|<id>`.

    It contains no secret and grants no access: a query takes the owner from the token, never from the cursor.
    """
    position = f"{created_at}|{resource_id}"
    check = hashlib.sha256(f"{owner}|{order}|{position}".encode()).hexdigest()[:16]
    return base64.urlsafe_b64encode(f"{check}|{position}".encode()).decode().rstrip("=")


def _position(owner: str, order: str, cursor: str) -> tuple[str, str]:
    """Return (created_at, id) of a cursor. Raise errors.InvalidRequest for one that was not made for this query."""
    try:
        octets = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        _, created_at, resource_id = octets.decode("ascii").split("|")
    except ValueError:
        created_at = resource_id = ""
    if not (created_at and resource_id) or _cursor(owner, order, created_at, resource_id) != cursor:
        detail = "must be a next_cursor of this API, sent by the same caller with the same order"
        raise errors.InvalidRequest([{"parameter": "cursor", "detail": detail}])
    return created_at, resource_id


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # connect while Lambda initialises, not while a request waits
    store()
