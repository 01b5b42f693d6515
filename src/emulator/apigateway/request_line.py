"""The request line as the client wrote it: the case of its method, and its path before it was decoded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote

from h11 import Request
from hypercorn.protocol import h11
from ministack import app
from ministack.services import apigateway_v1 as v1

from emulator.apigateway import deployments
from emulator.apigateway.exchange import current
from emulator.patches import Difference, patch, register

Json = dict[str, Any]

METHOD_CASE = register(
    Difference(
        name="method-case",
        service="API Gateway",
        aws="a resource has methods in capitals, or ANY. By RFC 9110, section 9.1, `get` is another method than GET; what serves "
        "it is not documented",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html",
        ministack="Hypercorn changes methods to upper case",
        here="a method in lower case is none that a resource has; ANY serves it",
        upstream="in Hypercorn: pass the method on as it is",
    )
)
PATH_SEGMENTS = register(
    Difference(
        name="path-segments",
        service="API Gateway",
        aws="a path is served by the resource with the same segments, or is a 403 through MISSING_AUTHENTICATION_TOKEN; one "
        "slash at its end does not count. `%2F` is part of a segment",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html",
        ministack="leaves empty segments out, so that `//items` is `/items`, and splits at `%2F`",
        here="as AWS",
        upstream="split the undecoded path in `_execute_in_scope`, and decode each segment",
    )
)
MARK = b"~"  # before a method that is not in capitals; a character that a method may have

_method: ContextVar[str] = ContextVar("emulator_method")
_raw_path: ContextVar[str] = ContextVar("emulator_raw_path")


def install() -> None:
    """Read methods and paths as the client wrote them."""
    patch(h11, "H11Protocol._create_stream", create_stream, METHOD_CASE)
    patch(app, "_handle_execute_api_request", handle_request, PATH_SEGMENTS)
    patch(v1, "_match_resource_tree", match_resource, PATH_SEGMENTS, deployments.DEPLOYED_RESOURCES)


async def create_stream(original: Callable[..., Awaitable[None]], self: Any, request: Any) -> None:
    """Serve a request. If its method is not in capitals, Hypercorn gets another one, which it knows nothing of.

    As the capitals of `head`, it would send no body, which the connection, for which `head` is any method, waits for.
    """
    _method.set(request.method.decode("ascii"))
    if not request.method.isupper():
        headers = request.headers.raw_items()
        version, target = request.http_version, request.target
        request = Request(method=MARK + request.method, target=target, headers=headers, http_version=version)
    await original(self, request)


def method(known: str) -> str:
    """Return the method of the current request as it was sent, from the one that Hypercorn knows."""
    sent = _method.get(known)
    return sent if known == MARK.decode() + sent.upper() else known


async def handle_request(
    original: Callable[..., Awaitable[Any]],
    host: str,
    path: str,
    method: str,
    headers: Json,
    body: bytes,
    query_params: Json,
    raw_path: str | None = None,
    raw_query_string: str | None = None,
) -> Any:
    """Serve a request to an API in a context that knows its undecoded path."""
    _raw_path.set(raw_path or path)
    return await original(host, path, method, headers, body, query_params, raw_path, raw_query_string)


def match_resource(original: Callable[..., Any], api_id: str, segments: list[str]) -> Any:
    """Return the resource of the deployment that serves a path, and the parameters in it; None for no resource.

    Args:
        segments: of the path behind the stage, as MiniStack splits it.
    """
    exchange = current.get(None)
    sent = segments if exchange is None else _segments(exchange.path, _raw_path.get(exchange.path).split("/"))
    return original(deployments.served(api_id), sent) if all(sent) else (None, {})


def _segments(path: str, whole: list[str]) -> list[str]:
    """Return the decoded segments of a path behind the stage, without the slash at its end.

    Args:
        path: decoded.
        whole: the undecoded segments of the whole path, which ends with it.
    """
    behind = (whole[start:] for start in range(len(whole) + 1))
    sent = next((part for part in behind if "/" + unquote("/".join(part)) == path), path.split("/")[1:])
    return [unquote(segment) for segment in (sent[:-1] if sent[-1:] == [""] else sent)]
