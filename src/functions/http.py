"""The only module that knows API Gateway's events: a request in, a response or a problem out, one log line for each.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import time

from . import contract, errors, telemetry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

MAX_BODY = 128 * 1024  # bytes; the largest item that the contract allows is half of that, in UTF-8
MARGIN = 0.5  # seconds before the function's own timeout in which the answer is made

# Any origin: what guards the API is a bearer token that a page must hold, not a cookie that a browser would add.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Idempotent-Replayed, Link, Location, Retry-After, X-Correlation-Id",
}
ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')

cold = True


class Request:
    """One valid request of a known caller.

    Attributes:
        operation: the operationId it was made for.
        owner: whose items it is about.
        id: API Gateway's request id.
        parameters: values by name, with their types and defaults.
        body: the parsed body; None for an operation without one.
        now: when it came, RFC 3339, UTC.
        caller: who sent it; the owner, unless items are shared.
        item_id: which item it is about, once that is known.
        collection: the relative URL before an item's id.
    """

    def __init__(self, operation: str, event: Mapping[str, Any], context: Any, now_ns: int) -> None:
        self.operation = operation
        self.id: str = event["requestContext"]["requestId"]
        self.now = _timestamp(now_ns)
        self.collection = "" if event["path"].endswith("/") else "items/"
        self._context = context
        self.parameters, faults = contract.parameters(
            operation,
            {
                "path": {name: [value] for name, value in (event.get("pathParameters") or {}).items()},
                "query": event.get("multiValueQueryStringParameters") or {},
                "header": {k.lower(): v for k, v in (event.get("multiValueHeaders") or {}).items()},
            },
        )
        self.item_id: str | None = self.parameters.get("id")
        self.caller = _caller((event["requestContext"].get("authorizer") or {}).get("claims") or {})
        self.owner = "shared" if os.environ.get("OWNERSHIP") == "shared" else self.caller
        self.body = _body(operation, event)
        if contract.media_type(operation):
            faults += _body_faults(operation, self.body)
        if faults:
            raise errors.InvalidRequest(faults)

    def remaining(self) -> float:
        """Seconds left to answer in."""
        return float(self._context.get_remaining_time_in_millis()) / 1000 - MARGIN

    def if_match(self) -> list[int] | None:
        """The versions that `If-Match` allows; None when any is right. Raises errors.InvalidRequest.

        Weak tags never match: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
        """
        tags = _entity_tags("If-Match", self.parameters["If-Match"])
        if tags is None:
            return None
        return [int(tag) for weak, tag in tags if not weak and re.fullmatch("[1-9][0-9]{0,17}", tag)]

    def none_match(self, version: int) -> bool:
        """Whether `If-None-Match` lets the item be sent. https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2"""
        given = self.parameters["If-None-Match"]
        if given == "*":
            return False
        return all(tag != str(version) for _, tag in _entity_tags("If-None-Match", given) or ())


class Response:
    """An answer: `status`, `body` (JSON value, None for none) and `headers`."""

    def __init__(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}


def endpoint(action: Callable[[Request], Response]) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """Makes a Lambda handler for API Gateway's proxy events of what answers one operation."""

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
    """Answers one proxy event by `action`; whatever goes wrong becomes a problem, and a line in the log.

    Args:
        clock: tells the time in nanoseconds since the epoch.
    """
    global cold
    started = clock()
    gateway = event["requestContext"]
    operation = contract.ROUTES[gateway["httpMethod"], gateway["resourcePath"]]
    correlation_id = _correlation_id(event)
    request, failure = None, None
    try:
        request = Request(operation, event, context, started)
        response = action(request)
    except errors.Problem as problem:
        failure = problem.__cause__
        response = _problem(problem, gateway["requestId"])
    except Exception as error:
        failure = error
        response = _problem(errors.InternalError(), gateway["requestId"])
    duration_ms = (clock() - started) / 1e6
    claims = (gateway.get("authorizer") or {}).get("claims") or {}
    telemetry.record(
        {
            "timestamp": _timestamp(started),
            "level": "ERROR" if response.status >= 500 else "INFO",
            "operation": action.__name__,
            "method": gateway["httpMethod"],
            "status": response.status,
            "duration_ms": round(duration_ms, 2),
            "request_id": gateway["requestId"],
            "function_request_id": context.aws_request_id,
            "correlation_id": correlation_id,
            "trace_id": os.environ.get("_X_AMZN_TRACE_ID"),
            "owner_hash": hashlib.sha256(claims["sub"].encode()).hexdigest()[:16] if claims.get("sub") else None,
            "item_id": request.item_id if request else None,
            "cold_start": cold or None,
            "problem": response.body["type"] if response.status >= 400 else None,
            "error": _describe(failure) if failure else None,
        },
        {
            "Latency": round(duration_ms, 2),
            "Faults": int(response.status >= 500),
            "ColdStarts": int(cold),
            "Conflicts": int(response.status in (409, 412)),
            "Replays": int("Idempotent-Replayed" in response.headers),
        },
        started // 1_000_000,
    )
    cold = False
    return _answer(response, correlation_id)


def dumps(value: Any) -> str:
    """`value` as JSON; numbers keep every digit, as an int or a Decimal."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except TypeError:  # it holds a Decimal
        return _dumps_exactly(value)


def _dumps_exactly(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_dumps_exactly(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_dumps_exactly, value)) + "]"
    return json.dumps(value) if value is None or isinstance(value, (str, bool, int)) else str(value)


def _answer(response: Response, correlation_id: str) -> dict[str, Any]:
    headers = {**CORS, "Cache-Control": "private, no-cache", "X-Correlation-Id": correlation_id, **response.headers}
    if response.body is None:
        return {"statusCode": response.status, "headers": headers, "body": ""}
    headers["Content-Type"] = "application/json" if response.status < 400 else "application/problem+json"
    return {"statusCode": response.status, "headers": headers, "body": dumps(response.body)}


def _problem(problem: errors.Problem, request_id: str) -> Response:
    body = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "request_id": request_id,
        **problem.members,
    }
    return Response(problem.status, body, problem.headers)


def _describe(failure: BaseException) -> str:
    """The failure's type and where it was raised; not its message, which may hold what a user sent."""
    import traceback  # most execution environments never need it

    frames = traceback.extract_tb(failure.__traceback__)
    trail = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    return f"{type(failure).__module__}.{type(failure).__qualname__} in {trail}"


def _timestamp(ns: int) -> str:
    seconds, rest = divmod(ns, 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest // 1000:06d}Z"


def _correlation_id(event: Mapping[str, Any]) -> str:
    for name, value in (event.get("headers") or {}).items():
        if name.lower() == "x-correlation-id" and re.fullmatch("[A-Za-z0-9._-]{1,128}", value):
            return str(value)
    return str(event["requestContext"]["requestId"])


def _caller(claims: Mapping[str, str]) -> str:
    """Who an access token was issued for: the user, or the machine's app client.

    The gateway has checked the token; which app client it was issued to, it does not look at
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html).
    """
    if claims.get("client_id") not in os.environ["CLIENT_IDS"].split(","):
        raise errors.Forbidden("The token was issued to an app client that may not call this API.")
    caller = claims.get("sub") or claims["client_id"]
    if "#" in caller:
        raise errors.Forbidden("The token's subject cannot own items.")
    return caller


def _header(event: Mapping[str, Any], name: str) -> str:
    return next((value for key, value in (event.get("headers") or {}).items() if key.lower() == name), "")


def _body(operation: str, event: Mapping[str, Any]) -> Any:
    expected = contract.media_type(operation)
    if expected is None:
        return None
    text = event.get("body") or ""
    if len(text) > MAX_BODY * 4 // 3 + 4:
        raise errors.PayloadTooLarge(MAX_BODY)
    media_type, *options = _header(event, "content-type").lower().split(";")
    charset = next((o.partition("=")[2].strip(' "') for o in options if o.strip().startswith("charset=")), "utf-8")
    if media_type.strip() != expected or charset != "utf-8":
        raise errors.UnsupportedMediaType(expected)
    try:
        octets = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
        if len(octets) > MAX_BODY:
            raise errors.PayloadTooLarge(MAX_BODY)
        return json.loads(octets.decode(), parse_float=_decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError, binascii.Error) as error:
        raise errors.InvalidRequest([{"pointer": "", "detail": f"must be JSON: {_reason(error)}"}]) from None


def _decimal(text: str) -> Any:
    from decimal import Decimal, InvalidOperation  # only a number with a fraction needs it

    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("a number is out of range") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeError):
        return "it is not UTF-8"
    return (
        "it is nested too deeply" if isinstance(error, RecursionError) else "it holds a value that JSON does not have"
    )


def _body_faults(operation: str, body: Any) -> list[dict[str, str]]:
    if contract.media_type(operation) != "application/merge-patch+json":
        return contract.content_faults(body)
    # What a patch makes of the item is validated where the item is known (handlers.update_item).
    return [] if isinstance(body, dict) else [{"pointer": "", "detail": "must be an object"}]


def _entity_tags(header: str, value: str | None) -> list[tuple[bool, str]] | None:
    """(weak, opaque tag) for each of the header's tags; None when it is absent or `*`."""
    if value is None or value.strip() == "*":
        return None
    tags = []
    for part in value.split(","):
        match = ENTITY_TAG.fullmatch(part.strip())
        if not match:
            raise errors.InvalidRequest([{"parameter": header, "detail": 'must be entity tags such as "3", or *'}])
        tags.append((bool(match[1]), match[2]))
    return tags
