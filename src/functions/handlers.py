"""The handlers of the Lambda functions: one for each kind of operation of the contract; `update` serves PUT and PATCH."""

from __future__ import annotations

import base64
import hashlib
import os

from . import contract, errors, resource
from .entry import Exactly
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
REPLAYED = {"Idempotent-Replayed": "true"}
MAX_PAGE = 2_900_000  # characters; Lambda's limit is 6 MB, and the body may double when it becomes a JSON string


@endpoint
def create(request: Request) -> Response:
    """POST: create one."""
    key = request.idempotency_key
    resource_id = resource.id_for_key(request.caller, key) if key is not None else resource.random_id(os.urandom(16))
    new = resource.created(resource_id, request.body, request.now)
    request.resource_id = resource_id
    try:
        stored = store().of(request).create(new)
    except errors.Deleted:
        if key is not None:
            raise
        stored = new  # a random id: this request created it, and did not receive the response
    if stored.fingerprint != new.fingerprint:
        raise errors.IdempotencyKeyReused
    return respond(201, stored, {"Location": f"{request.collection}/{resource_id}"})


@endpoint
def get(request: Request) -> Response:
    """GET: return one."""
    current = store().of(request).read(request.parameters["id"])
    if not request.precondition.matches(current.version):
        raise errors.VersionConflict(current.version)
    if not request.precondition.allows(current.version):
        return Response(304, headers={"ETag": f'"{current.version}"'})
    return respond(200, current)


@endpoint
def update(request: Request) -> Response:
    """PUT, PATCH and the POST that restores: replace or change the content of one, or move it out of the trash."""
    if request.kind == "restore":
        return respond(200, store().of(request).restore(request.parameters["id"], request.precondition))
    if request.kind == "replace":
        needs_current = resource.replacement_needs_current(request.body)
        return _changed(request, resource.replacement, request.body, needs_current=needs_current)
    return patch(request, request.body)


@endpoint
def delete(request: Request) -> Response:
    """DELETE: move one to the trash, or delete it for good."""
    purge = bool(request.parameters.get("purge"))
    replayed = store().of(request).delete(request.parameters["id"], request.precondition, purge)
    return Response(204, headers=REPLAYED if replayed else {})


@endpoint
def list_page(request: Request) -> Response:
    """GET on the collection: return a page."""
    limit = max(1, min(request.parameters.get("limit") or LIMIT, MOST))
    order, cursor = request.parameters.get("order") or "asc", request.parameters.get("cursor")
    deleted = bool(request.parameters.get("deleted"))
    query = f"{request.owner}|{order}" + ("|deleted" if deleted else "")
    after = _position(query, cursor) if cursor else None
    entries, following = store().of(request).page(limit, order == "desc", after, deleted)
    # One entry always fits: the table's limit for it is 400 KB, and JSON takes at most six characters for a byte.
    while len(page := dumps([entry.representation() for entry in entries])) > MAX_PAGE and len(entries) > 1:
        entries = entries[: len(entries) // 2]
        following = entries[-1].position
    next_cursor = _cursor(query, *following) if following else None
    only = "deleted=true&" if deleted else ""
    address = f"{request.collection}?{only}limit={limit}&order={order}&cursor={next_cursor}"
    link = {"Link": f'<{address}>; rel="next"'} if following else {}
    return Response(200, f'{{{dumps(contract.SERVICE["page"])}:{page},"next_cursor":{dumps(next_cursor)}}}', link)


def store() -> Store:
    """Return the store of this execution environment, which is created and connected on first use."""
    global _store
    if _store is None:
        _store = Store.from_environment(os.environ)
    return _store


_store: Store | None = None


def patch(request: Request, content: Mapping[str, Any]) -> Response:
    """Apply a merge patch to the one that the request is about, if its precondition allows it, and return it."""
    return _changed(request, _patched, content, needs_current=resource.patch_needs_current(content))


def _changed(
    request: Request,
    change: Callable[[Mapping[str, Any], Mapping[str, Any]], resource.Change],
    content: Mapping[str, Any],
    *,
    needs_current: bool,
) -> Response:
    resources, resource_id, precondition = store().of(request), request.parameters["id"], request.precondition
    if not needs_current:
        return respond(200, resources.update(resource_id, change(content, {}), precondition))
    for _ in range(ATTEMPTS):
        current = resources.get(resource_id)
        if current.replayed:
            return respond(200, current)
        if not precondition.allows(current.version):
            raise errors.VersionConflict(current.version)
        try:
            return respond(
                200, resources.update(resource_id, change(content, current.content), Exactly(current.version))
            )
        except errors.VersionConflict as conflict:
            if not precondition.allows(conflict.current_version):
                raise
    raise errors.Conflict


def respond(status: int, current: resource.Resource, headers: dict[str, str] | None = None) -> Response:
    """Return the response that shows a resource as it is now, with its version as entity tag."""
    replayed = REPLAYED if current.replayed else {}
    return Response(
        status, dumps(current.representation()), {"ETag": f'"{current.version}"', **replayed, **(headers or {})}
    )


def _patched(patch: Mapping[str, Any], current: Mapping[str, Any]) -> resource.Change:
    """Return what a merge patch changes. Raise errors.InvalidRequest if that would be invalid."""
    if faults := contract.patch_faults(patch, current):
        raise errors.InvalidRequest(faults)
    return resource.patched(patch, current)


def _cursor(query: str, created_at: str, resource_id: str) -> str:
    """Return where a page ended, bound to whose list it is and in which order: base64url of `<check>|<created_at>|<id>`.

    It contains no secret and grants no access: a query takes the owner from the token, never from the cursor.
    """
    position = f"{created_at}|{resource_id}"
    check = hashlib.sha256(f"{query}|{position}".encode()).hexdigest()[:16]
    return base64.urlsafe_b64encode(f"{check}|{position}".encode()).decode().rstrip("=")


def _position(query: str, cursor: str) -> tuple[str, str]:
    """Return (created_at, id) of a cursor. Raise errors.InvalidRequest for one that was not made for this query."""
    try:
        octets = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        _, created_at, resource_id = octets.decode("ascii").split("|")
    except ValueError:
        created_at = resource_id = ""
    if not (created_at and resource_id) or _cursor(query, created_at, resource_id) != cursor:
        detail = "must be a next_cursor of this API, sent by the same caller for the same list in the same order"
        raise errors.InvalidRequest([{"parameter": "cursor", "detail": detail}])
    return created_at, resource_id


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # connect while Lambda initialises, not while a request waits
    store()
