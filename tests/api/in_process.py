"""The functions without a gateway: an httpx transport that turns a request into API Gateway's proxy event and calls the handler.

Only the network and the gateway are missing; validation, handlers, the DynamoDB client and the table are the real ones.
"""

from __future__ import annotations

import itertools
import os
import re
import threading
import time
import uuid
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import httpx

from functions import contract, handlers
from functions.store import Store

CLIENT_ID = "tests"
TIMEOUT = 10.0  # seconds after which Lambda would end a function; a request's extension `function` replaces it
SCOPE = " ".join(dict.fromkeys(scope for operation in contract.OPERATIONS.values() for scope in operation["scopes"]))


def matched(path: str) -> tuple[str, dict[str, str]]:
    """Return the path template of the contract that a path matches, and the values in it; the path itself if none does."""
    for template in sorted({template for _, template in contract.ROUTES}):
        expression = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
        if match := re.fullmatch(expression, path.rstrip("/")):
            return template, {name: unquote(value) for name, value in match.groupdict().items()}
    return path.rstrip("/"), {}


class InProcess(httpx.BaseTransport):
    """Responds with the handlers of `src/functions`. The bearer token is the caller's `sub`.

    Each thread has its own store, as each concurrent request has its own execution environment in Lambda.

    Args:
        environ: the functions' environment: the table, its index and the endpoint of DynamoDB.
    """

    def __init__(self, environ: dict[str, str]) -> None:
        os.environ |= environ | {"CLIENT_IDS": CLIENT_ID, "OWNERSHIP": "user", "METRIC_NAMESPACE": "items"}
        self._ids = itertools.count(1)
        self._environments = threading.local()
        handlers.store = self.store

    def use(self, store: Store) -> None:
        """Let this thread's requests use a store."""
        self._environments.store = store

    def store(self) -> Store:
        """Return the store of this thread."""
        if not hasattr(self._environments, "store"):
            self._environments.store = Store.from_environment(os.environ)
        store: Store = self._environments.store
        return store

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        event = self.event(request)
        route = event["requestContext"]["httpMethod"], event["requestContext"]["resourcePath"]
        operation = contract.ROUTES.get(route) or contract.ROUTES["GET", route[1]]  # of HEAD
        handler = contract.OPERATIONS[operation]["handler"]
        deadline = time.monotonic() + request.extensions.get("function", TIMEOUT)
        context = SimpleNamespace(
            aws_request_id=str(uuid.uuid4()),
            get_remaining_time_in_millis=lambda: max(0, int((deadline - time.monotonic()) * 1000)),
        )
        response: dict[str, Any] = getattr(handlers, handler)(event, context)
        body = response["body"].encode()
        headers = response["headers"] | {"Content-Length": str(len(body))}
        # For HEAD a server sends the length of the body, and drops it.
        return httpx.Response(
            response["statusCode"], headers=headers, content=b"" if request.method == "HEAD" else body
        )

    def event(self, request: httpx.Request) -> dict[str, Any]:
        """Return the proxy event of a request, as documented in
        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html."""
        method, params = request.method, request.url.params
        path = request.url.raw_path.decode().partition("?")[0]
        resource, in_path = matched(path)
        headers: dict[str, list[str]] = {}
        for key, value in request.headers.multi_items():
            headers.setdefault(key, []).append(value)
        request_id = f"request-{time.time_ns()}-{next(self._ids)}"
        subject = request.headers.get("authorization", "").removeprefix("Bearer ")
        return {
            "resource": resource,
            "path": path,
            "httpMethod": method,
            "headers": {key: values[-1] for key, values in headers.items()} or None,
            "multiValueHeaders": headers or None,
            "queryStringParameters": dict(params) or None,
            "multiValueQueryStringParameters": {key: params.get_list(key) for key in params} or None,
            "pathParameters": in_path or None,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": resource,
                "requestId": request_id,
                "authorizer": {"claims": {"sub": subject, "client_id": CLIENT_ID, "scope": SCOPE}},
            },
            "body": request.content.decode("utf-8", "replace") or None,
            "isBase64Encoded": False,
        }
