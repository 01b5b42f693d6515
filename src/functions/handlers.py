"""The handlers of the Lambda functions: one for each kind of operation of the contract; `update` serves PUT and PATCH."""

from __future__ import annotations

import base64
import hashlib
import os

from . import errors, item
from .body import dumps
from .http import Response, endpoint
from .store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .request import Request

ATTEMPTS = 5  # to apply a merge patch to an item that keeps changing
MAX_PAGE = 2_900_000  # characters; Lambda's limit is 6 MB, and the body may double when it becomes a JSON string


@endpoint
def create(request: Request) -> Response:
    """POST: create one."""
    key = request.parameters["Idempotency-Key"]
    item_id = item.id_for_key(request.caller, key) if key else item.random_id(os.urandom(16))
    new = item.created(item_id, request.body, request.now)
    stored, replayed = store().of(request).create(new)
    request.item_id = item_id
    if stored.fingerprint != new.fingerprint:
        raise errors.IdempotencyKeyReused
    headers = {"Location": f"{request.collection}{item_id}"} | ({"Idempotent-Replayed": "true"} if replayed else {})
    return _item(201, stored, headers)


@endpoint
def get(request: Request) -> Response:
    """GET: return one."""
    current = store().of(request).get(request.parameters["id"])
    if not request.none_match(current.version):
        return Response(304, headers={"ETag": f'"{current.version}"'})
    return _item(200, current)


@endpoint
def update(request: Request) -> Response:
    """PUT and PATCH: replace or change the content of one."""
    items, item_id, expected = store().of(request), request.parameters["id"], request.if_match()
    if request.kind == "replace":
        return _item(200, items.update(item_id, item.replacement(request.body), expected))
    if not item.needs_current(request.body):
        return _item(200, items.update(item_id, _patched(request.body, {}), expected))
    for _ in range(ATTEMPTS):
        current = items.get(item_id)
        if expected is not None and current.version not in expected:
            raise errors.VersionConflict(current.version)
        try:
            return _item(200, items.update(item_id, _patched(request.body, current.content), [current.version]))
        except errors.VersionConflict:
            if expected is not None:
                raise
    raise errors.Conflict


@endpoint
def delete(request: Request) -> Response:
    """DELETE: delete one."""
    store().of(request).delete(request.parameters["id"], request.if_match())
    return Response(204)


@endpoint
def list_page(request: Request) -> Response:
    """GET on the collection: return a page."""
    limit, order, cursor = (request.parameters[name] for name in ("limit", "order", "cursor"))
    after = _position(request.owner, order, cursor) if cursor else None
    items, more = store().of(request).page(limit, order == "desc", after)
    while len(page := dumps([entry.representation() for entry in items])) > MAX_PAGE:
        items, more = items[: len(items) // 2], True
    next_cursor = _cursor(request.owner, order, items[-1].created_at, items[-1].id) if more else None
    link = (
        {"Link": f'<{request.collection.rstrip("/")}?limit={limit}&order={order}&cursor={next_cursor}>; rel="next"'}
        if more
        else {}
    )
    return Response(200, f'{{"items":{page},"next_cursor":{dumps(next_cursor)}}}', link)


def store() -> Store:
    """Return the store of this execution environment, which is created and connected on first use."""
    global _store
    if _store is None:
        _store = Store.from_environment(os.environ)
    return _store


_store: Store | None = None


def _item(status: int, current: item.Item, headers: dict[str, str] | None = None) -> Response:
    return Response(status, dumps(current.representation()), {"ETag": f'"{current.version}"', **(headers or {})})


def _patched(patch: Mapping[str, Any], current: Mapping[str, Any]) -> item.Change:
    """Return what a merge patch changes. Raise errors.InvalidRequest if the item would become invalid."""
    change = item.patched(patch, current)
    if faults := item.faults(change):
        raise errors.InvalidRequest(faults)
    return change


def _cursor(owner: str, order: str, created_at: str, item_id: str) -> str:
    """Return where a page ended, bound to its owner and order: base64url of `<check>|<created_at>|<item id>`.

    It contains no secret and grants no access: a query takes the owner from the token, never from the cursor.
    """
    position = f"{created_at}|{item_id}"
    check = hashlib.sha256(f"{owner}|{order}|{position}".encode()).hexdigest()[:16]
    return base64.urlsafe_b64encode(f"{check}|{position}".encode()).decode().rstrip("=")


def _position(owner: str, order: str, cursor: str) -> tuple[str, str]:
    """Return (created_at, item id) of a cursor. Raise errors.InvalidRequest for one that was not made for this query."""
    try:
        octets = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        _, created_at, item_id = octets.decode("ascii").split("|")
    except ValueError:
        created_at = item_id = ""
    if not (created_at and item_id) or _cursor(owner, order, created_at, item_id) != cursor:
        detail = "must be a next_cursor of this API, sent by the same caller with the same order"
        raise errors.InvalidRequest([{"parameter": "cursor", "detail": detail}])
    return created_at, item_id


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # connect while Lambda initialises, not while a request waits
    store()
