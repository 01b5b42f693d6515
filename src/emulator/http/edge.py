"""The emulator's outermost layer: what every request passes first, and which page of a browser may use it."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ministack import app

from emulator.http import malformed, open_requests
from emulator.process import PID_PATH
from emulator.state.persistence import Persistence

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

# A page may give its own name the address of this machine after it was loaded (DNS rebinding); its requests have its name.
# Any port: one may be forwarded to the emulator's.
HOST = re.compile(rb"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
CORS = b"access-control-"
# MiniStack's own administration resets and reconfigures everything, and shows e-mails, messages and code, without a signature.
ADMINISTRATION = re.compile(r"/(_ministack|_localstack|health)(/|$)")
CLOSE = (
    b"connection",
    b"close",
)  # of a request whose body is not read: a client would send its next one just when that happens
WRONG_HOST = (
    b"The local stack serves http://127.0.0.1 and http://localhost only. `crudctl outputs` prints its addresses.\n"
)


def guarded(persistence: Persistence) -> Application:
    """Return MiniStack for this machine's own programs, without the headers that open AWS APIs to pages of any origin.

    Requests that are not AWS API calls, such as those to a REST API, mark what they may have changed in `persistence`.
    """

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # nothing here serves one
            return
        if scope["type"] != "http":
            await app.app(scope, receive, send)
            return
        send = app._with_date_header(send)  # by which clients check their clocks
        if not _is_for_this_machine(scope):
            await _respond(send, 421, [(b"content-type", b"text/plain"), CLOSE], WRONG_HOST)
        elif scope["path"] == PID_PATH and scope["method"] == "GET":
            await _respond(send, 200, [(b"content-type", b"text/plain")], str(os.getpid()).encode())
        elif ADMINISTRATION.match(scope["path"]) and not open_requests.needs_no_signature(scope):
            await _respond(send, 403, [CLOSE], b"")
        elif preflight := open_requests.preflight(scope):
            await _respond(send, 204, preflight, b"")
        else:
            await malformed.strict(app.app)(scope, receive, _with_own_cors(scope, send))
            _mark(scope, persistence)

    return serve


def _is_for_this_machine(scope: Message) -> bool:
    hosts = [value for name, value in scope["headers"] if name.lower() in (b"host", b":authority")]
    return bool(hosts) and all(HOST.fullmatch(host) for host in hosts)


def _with_own_cors(scope: Message, send: Send) -> Send:
    """Return `send`, without CORS headers for responses that no page of another origin may read."""
    if open_requests.of_rest_api(scope) or open_requests.readable_by_any_page(scope):
        return send

    async def without(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", []) if not name.lower().startswith(CORS)]
            message = {**message, "headers": kept}
        await send(message)

    return without


def _mark(scope: Message, persistence: Persistence) -> None:
    headers = dict(scope["headers"])
    if open_requests.of_rest_api(scope):
        persistence.mark("cloudwatch_logs", "cloudwatch")
    elif not headers.get(b"authorization", b"").startswith(b"AWS4-"):
        persistence.mark("cognito")  # hosted sign-in pages and token endpoints


async def _respond(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = [(b"content-length", str(len(body)).encode())] if body else []
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body})
