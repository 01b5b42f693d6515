"""What every hand-written peer shares: from an event to a valid request, problems, the log line. Standard library only.

A good plain handler: explicit, small, without a framework. It knows nothing of how an item is stored.
"""

import base64
import hashlib
import json
import os
import re
import sys
import time
import uuid
from datetime import UTC, datetime

FIELDS = ("name", "description", "quantity", "tags", "attributes")
CLIENTS = os.environ["CLIENT_IDS"].split(",")
CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag, Location, Link, X-Correlation-Id"}
JSON = re.compile(r"application/(merge-patch\+)?json\b")
KEY = re.compile(r"[!-~]{1,255}")
TAG = re.compile(r'"([1-9][0-9]{0,17})"')
TRASH_DAYS = 30


class Problem(Exception):
    """RFC 9457."""

    def __init__(self, status, kind, title, detail, **more):
        super().__init__(detail)
        self.status = status
        self.document = {
            "type": f"urn:items:problem:{kind}",
            "title": title,
            "status": status,
            "detail": detail,
            **more,
        }


def invalid(faults):
    return Problem(400, "invalid-request", "Invalid request", "The request is invalid; see errors.", errors=faults)


def not_found():
    return Problem(404, "not-found", "Not found", "There is no such item.")


def conflict(version):
    detail = "The item has changed. Read it again and repeat the change on that version."
    return Problem(412, "version-conflict", "Version conflict", detail, current_version=version)


def key_reused():
    detail = "This Idempotency-Key was used for a different request."
    return Problem(422, "idempotency-key-reused", "Idempotency key reused", detail)


class Request:
    def __init__(self, event):
        gateway = event["requestContext"]
        claims = gateway["authorizer"]["claims"]
        self.id = gateway["requestId"]
        self.now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.owner = claims["sub"]
        self.headers = {name.lower(): value for name, value in (event["headers"] or {}).items()}
        self.query = event["queryStringParameters"] or {}
        self.item_id = (event["pathParameters"] or {}).get("id")
        self.event = event
        if claims.get("client_id") not in CLIENTS:
            raise Problem(403, "forbidden", "Forbidden", "The token was issued to another app client.")
        needed = "items/read" if gateway["httpMethod"] == "GET" else "items/write"
        if needed not in claims.get("scope", "").split():
            raise Problem(403, "insufficient-scope", "Insufficient scope", f"This operation needs the scope {needed}.")

    @property
    def key(self):
        key = self.headers.get("idempotency-key")
        if key is not None and not KEY.fullmatch(key):
            raise invalid([{"parameter": "Idempotency-Key", "detail": "must have 1 to 255 visible characters"}])
        return key

    @property
    def if_match(self):
        header = self.headers.get("if-match")
        if header is None or header.strip() == "*":
            return None
        match = TAG.fullmatch(header.strip())
        return int(match[1]) if match else 0

    def body(self):
        check_media_type(self.headers.get("content-type", ""))
        try:
            value = json.loads(self.event["body"] or "")
        except ValueError:
            raise invalid([{"pointer": "", "detail": "must be JSON"}]) from None
        if not isinstance(value, dict):
            raise invalid([{"pointer": "", "detail": "must be an object"}])
        return {name: each for name, each in value.items() if name not in ("id", "version", "created_at", "updated_at")}


def check_media_type(value):
    if not JSON.match(value):
        raise Problem(415, "unsupported-media-type", "Unsupported media type", "Send Content-Type: application/json.")


def is_text(value, least, most):
    return isinstance(value, str) and least <= len(value) <= most


def fault_of(name, value):
    """Return what is wrong with a field, or None."""
    if name == "name":
        return None if is_text(value, 1, 200) else "must be a string of 1 to 200 characters"
    if name == "description":
        return None if is_text(value, 0, 2000) else "must be a string of at most 2000 characters"
    if name == "quantity":
        whole = isinstance(value, int) and not isinstance(value, bool)
        return None if whole and 0 <= value <= 9007199254740991 else "must be an integer from 0"
    if name == "tags":
        right = isinstance(value, list) and len(value) <= 20 and all(is_text(tag, 1, 50) for tag in value)
        return None if right and len(set(value)) == len(value) else "must be at most 20 different strings"
    if name == "attributes":
        right = isinstance(value, dict) and len(value) <= 50
        right = right and all(is_text(key, 1, 255) and is_text(each, 0, 200) for key, each in value.items())
        return None if right else "must be at most 50 pairs of strings"
    return "is not a known property"


def content(body):
    """Return a valid whole content."""
    faults = [
        {"pointer": f"/{name}", "detail": fault} for name, value in body.items() if (fault := fault_of(name, value))
    ]
    if "name" not in body:
        faults.append({"pointer": "/name", "detail": "is required"})
    if faults:
        raise invalid(faults)
    return body


def change(body):
    """Return a valid merge patch of the fields."""
    faults = [
        {"pointer": f"/{name}", "detail": fault}
        for name, value in body.items()
        if not (value is None and name in FIELDS and name != "name") and (fault := fault_of(name, value))
    ]
    if faults:
        raise invalid(faults)
    return body


def new(request, body):
    """Return a new item as it is stored; the same for the same key."""
    if request.key:
        digest = hashlib.sha256(f"{request.owner}\0{request.key}".encode()).digest()
        item_id = str(uuid.UUID(bytes=digest[:16], version=5))
    else:
        item_id = str(uuid.uuid4())
    return {
        "id": f"{request.owner}#{item_id}",
        "owner": request.owner,
        "version": 1,
        "created_at": request.now,
        "updated_at": request.now,
        "fingerprint": hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:32],
        **body,
    }


def shown(stored):
    """Return an item as clients see it."""
    system = {
        "id": stored["id"].rpartition("#")[2],
        "version": int(stored["version"]),
        "created_at": stored["created_at"],
        "updated_at": stored["updated_at"],
    }
    if "quantity" in stored:
        stored["quantity"] = int(stored["quantity"])
    return system | {name: stored[name] for name in FIELDS if name in stored}


def respond(status, value=None, headers=None):
    body = "" if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return status, body, headers or {}


def respond_item(status, stored, headers=None):
    return respond(status, shown(stored), {"ETag": f'"{int(stored["version"])}"', **(headers or {})})


def created(request, stored):
    return respond_item(201, stored, {"Location": f"items/{stored['id'].rpartition('#')[2]}"})


def read(request, stored):
    if request.headers.get("if-none-match") == f'"{int(stored["version"])}"':
        return respond(304, headers={"ETag": f'"{int(stored["version"])}"'})
    return respond_item(200, stored)


def page_of(request):
    """Return limit, whether newest first, and the position to continue after."""
    limit = request.query.get("limit", "25")
    if not limit.isdecimal() or not 1 <= int(limit) <= 100:
        raise invalid([{"parameter": "limit", "detail": "must be from 1 to 100"}])
    order = request.query.get("order", "asc")
    if order not in ("asc", "desc"):
        raise invalid([{"parameter": "order", "detail": "must be asc or desc"}])
    cursor = request.query.get("cursor")
    try:
        after = tuple(base64.urlsafe_b64decode(cursor).decode().split("|")) if cursor else None
    except ValueError:
        raise invalid([{"parameter": "cursor", "detail": "must be a next_cursor of this API"}]) from None
    if after and len(after) != 2:
        raise invalid([{"parameter": "cursor", "detail": "must be a next_cursor of this API"}])
    return int(limit), order == "desc", after


def page(stored, more):
    cursor = None
    if more:
        last = stored[-1]
        cursor = base64.urlsafe_b64encode(f"{last['created_at']}|{last['id']}".encode()).decode()
    return respond(200, {"items": [shown(each) for each in stored], "next_cursor": cursor})


def expires():
    return int(time.time()) + TRASH_DAYS * 86_400


def update_of(request, body):
    """Return the parts of an update: expression, condition, names and values."""
    names = {"#version": "version", "#updated": "updated_at", "#deleted": "deleted_at"}
    values = {":one": 1, ":now": request.now}
    sets, removes = ["#version = #version + :one", "#updated = :now"], []
    for number, (name, value) in enumerate(body.items()):
        names[f"#f{number}"] = name
        if value is None:
            removes.append(f"#f{number}")
        else:
            values[f":f{number}"] = value
            sets.append(f"#f{number} = :f{number}")
    expression = "SET " + ", ".join(sets) + (" REMOVE " + ", ".join(removes) if removes else "")
    return expression, *guarded(request, names, values)


def delete_of(request):
    """Return the parts of the update that moves an item to the trash."""
    names = {"#version": "version", "#deleted": "deleted_at", "#expires": "expires_at", "#owner": "owner"}
    values = {":now": request.now, ":expires": expires(), ":owner": f"{request.owner}#trash"}
    expression = "SET #deleted = :now, #expires = :expires, #owner = :owner"
    return expression, *guarded(request, names, values)


def guarded(request, names, values):
    condition = "attribute_exists(#version) AND attribute_not_exists(#deleted)"
    if request.if_match is not None:
        values[":match"] = request.if_match
        condition += " AND #version = :match"
    return condition, names, values


def refused(existing):
    """Return the problem of a write whose condition did not hold, by what is stored."""
    if not existing or "deleted_at" in existing:
        return not_found()
    return conflict(int(existing["version"]))


def serve(operations, event, context):
    """Run the operation of an event. Any failure becomes a problem; one log line for each request."""
    started = time.time()
    gateway = event["requestContext"]
    operation, error, request = "unknown", None, None
    kind = "application/json"
    try:
        operation, action = operations[gateway["httpMethod"], gateway["resourcePath"]]
        request = Request(event)
        status, body, headers = action(request)
    except Problem as problem:
        status, body, headers = respond(problem.status, {**problem.document, "request_id": gateway["requestId"]})
        kind = "application/problem+json"
    except Exception as failure:
        error = repr(failure)
        document = {"type": "urn:items:problem:internal-error", "title": "Internal error", "status": 500}
        status, body, headers = respond(500, {**document, "request_id": gateway["requestId"]})
        kind = "application/problem+json"
    line = {
        "timestamp": datetime.fromtimestamp(started, UTC).isoformat(),
        "level": "ERROR" if status >= 500 else "INFO",
        "version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        "operation": operation,
        "method": gateway["httpMethod"],
        "status": status,
        "duration_ms": round((time.time() - started) * 1000, 2),
        "request_id": gateway["requestId"],
        "function_request_id": context.aws_request_id,
        "correlation_id": correlation_of(event),
        "trace_id": os.environ.get("_X_AMZN_TRACE_ID"),
        "owner_hash": hashlib.sha256(gateway["authorizer"]["claims"]["sub"].encode()).hexdigest()[:16],
    }
    if request and request.item_id:
        line["resource_id"] = request.item_id
    if error:
        line["error"] = error
    if status >= 500:
        line |= faults(operation)
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()
    return answer_of(event, status, body, headers, kind)


def answer_of(event, status, body, headers, kind):
    """Return the proxy response."""
    headers = {
        **CORS,
        "Cache-Control": "no-store" if status >= 400 else "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "X-Correlation-Id": correlation_of(event),
        **headers,
    }
    if body:
        headers["Content-Type"] = kind
    return {"statusCode": status, "headers": headers, "body": body}


def correlation_of(event):
    given = (value for name, value in event["headers"].items() if name.lower() == "x-correlation-id")
    return next(given, event["requestContext"]["requestId"])


def faults(operation):
    """Return the properties that make a metric of a log line."""
    metric = {
        "Namespace": os.environ["METRIC_NAMESPACE"],
        "Dimensions": [["operation", "version"]],
        "Metrics": [{"Name": "Faults", "Unit": "Count"}],
    }
    return {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [metric]}, "Faults": 1}


def routes(store):
    """Return the operations of a store by method and path."""
    return {
        ("POST", "/items"): (
            "create_item",
            lambda request: created(request, store.create(request, new(request, content(request.body())))),
        ),
        ("GET", "/items"): ("list_items", lambda request: page(*store.page(request, *page_of(request)))),
        ("GET", "/items/{id}"): ("get_item", lambda request: read(request, store.get(request))),
        ("PATCH", "/items/{id}"): (
            "update_item",
            lambda request: respond_item(200, store.update(request, *update_of(request, change(request.body())))),
        ),
        ("DELETE", "/items/{id}"): (
            "delete_item",
            lambda request: store.delete(request, *delete_of(request)) or respond(204),
        ),
    }
