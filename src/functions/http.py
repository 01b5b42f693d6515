"""Makes a Lambda handler of an operation: an event in, a response or a problem out, one log line for each request."""

from __future__ import annotations

import hashlib
import os
import re
import time

from . import contract, errors, telemetry
from .json_text import dumps
from .request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

# Any origin: access is guarded by a bearer token that a page must hold, not by a cookie that a browser would add.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Allow, Deprecation, ETag, Idempotent-Replayed, Link, Location, Retry-After, Sunset, traceparent, WWW-Authenticate, "
        "X-Correlation-Id"
    ),
}
# Version 00, or a later one with more fields behind it; an all-zero id is invalid: https://www.w3.org/TR/trace-context-1/#traceparent-header
TRACEPARENT = "(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?"

cold = True


class Response:
    """Attributes: status; body: JSON text, empty for none; headers."""

    def __init__(self, status: int, body: str = "", headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}


def endpoint(action: Callable[[Request], Response]) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Make a Lambda handler for API Gateway's proxy events from a function that serves one operation."""

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return serve(action, event, context)

    handler.__name__ = handler.__qualname__ = action.__name__
    handler.__doc__ = action.__doc__
    return handler


def serve(
    action: Callable[[Request], Response],
    event: dict[str, Any],
    context: Any,
    clock: Callable[[], int] = time.time_ns,
) -> dict[str, Any]:
    """Return the proxy response of `action` to one proxy event. Any failure becomes a problem, and a line in the log.

    Args:
        clock: returns the time in nanoseconds since the epoch.
    """
    global cold
    started = clock()
    received = _timestamp(started)
    gateway = event["requestContext"]
    function = contract.function_of(action.__name__)
    operation = contract.operation_at(gateway["httpMethod"], gateway["resourcePath"], function)
    received_headers = _headers(event)
    correlation_id, traceparent = (
        _correlation_id(received_headers, gateway["requestId"]),
        _traceparent(received_headers),
    )
    request: Request | None = None
    problem: errors.Problem | None = None
    failure: BaseException | None = None
    try:
        if operation is None:  # the gateway is changed before the functions are
            raise errors.NotFound("There is nothing at this path for this method.")
        request = Request(operation, event, received_headers, context, received)
        response = action(request)
    except errors.Problem as raised:
        problem, failure = raised, raised.__cause__
    except Exception as raised:
        problem, failure = errors.InternalError(), raised
    if problem:
        response = _problem_response(problem, gateway["requestId"])
    claims = (gateway.get("authorizer") or {}).get("claims") or {}
    request_id, fault = gateway["requestId"], response.status >= 500
    if fault:
        telemetry.count("Faults")
    # What the gateway's line has is not repeated, except its id and the outcome; a fault's line stands alone.
    telemetry.record(
        {
            "timestamp": received,
            "level": "ERROR" if fault else "INFO",
            "operation": function,
            "method": gateway["httpMethod"],
            "status": response.status,
            "duration_ms": round((clock() - started) / 1e6, 2),
            "request_id": request_id[: telemetry.LONGEST_ID],  # a caller can choose it
            "function_request_id": context.aws_request_id if fault else None,
            "correlation_id": correlation_id if correlation_id != request_id else None,
            "traceparent": traceparent,
            "owner_hash": hashlib.sha256(claims["sub"].encode()).hexdigest()[:16] if claims.get("sub") else None,
            "resource_id": request.resource_id[: telemetry.LONGEST_ID] if request and request.resource_id else None,
            "cold_start": cold or None,
            "replayed": "Idempotent-Replayed" in response.headers or None,
            "problem": problem.type if problem else None,
            **(telemetry.described(failure) if failure else {}),
        },
        started // 1_000_000,
    )
    cold = False
    headers = {
        **CORS,
        "Cache-Control": "no-store" if problem else "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "X-Correlation-Id": correlation_id,
        **(contract.headers(operation) if operation else {}),
        **response.headers,
    }
    if traceparent:
        headers["traceparent"] = traceparent
    if response.body:
        headers["Content-Type"] = "application/problem+json" if problem else "application/json"
    # The gateway sends no body for HEAD, but the length of this one: https://www.rfc-editor.org/rfc/rfc9110#section-8.6
    return {"statusCode": response.status, "headers": headers, "body": response.body}


def _problem_response(problem: errors.Problem, request_id: str) -> Response:
    document = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "request_id": request_id,
        **problem.extensions,
    }
    return Response(problem.status, dumps(document), problem.headers)


def _timestamp(ns: int) -> str:
    seconds, rest = divmod(ns, 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest // 1000:06d}Z"


def _headers(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the values of each header, by its name in lower case."""
    headers: dict[str, list[str]] = {}
    for name, values in (event.get("multiValueHeaders") or {}).items():
        headers.setdefault(name.lower(), []).extend(values)
    return headers


def _correlation_id(headers: Mapping[str, list[str]], request_id: str) -> str:
    sent = headers.get("x-correlation-id")
    return sent[-1] if sent and re.fullmatch("[A-Za-z0-9._-]{1,128}", sent[-1]) else request_id


def _traceparent(headers: Mapping[str, list[str]]) -> str | None:
    """Return the caller's trace as it continues here: its id and whether it is sampled, and a new parent id; None without one.

    A malformed header, or more than one, is ignored: https://www.w3.org/TR/trace-context-1/#a-traceparent-is-received
    """
    received = headers.get("traceparent", ())
    match = re.fullmatch(TRACEPARENT, received[0]) if len(received) == 1 else None
    if not match or (match[1] == "00" and match[4]):
        return None
    return f"00-{match[2]}-{os.urandom(8).hex()}-{int(match[3], 16) & 1:02x}"
