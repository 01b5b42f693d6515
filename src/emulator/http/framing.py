"""Refuses a request whose body may end in two places: what one reader takes for its rest is the next request to another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def strict(application: Application) -> Application:
    """Return `application` without requests that have both a length and a transfer coding: 400, and the connection ends.

    A server may go by the coding, but has to close the connection: https://www.rfc-editor.org/rfc/rfc9112#section-6.3
    Hypercorn goes on reading, so that a request hidden in the body is served.
    """

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        names = {name.lower() for name, _ in scope.get("headers", ())}
        if not {b"content-length", b"transfer-encoding"} <= names:
            await application(scope, receive, send)
            return
        text = b"A request must not have both Content-Length and Transfer-Encoding.\n"
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text)), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    return serve
