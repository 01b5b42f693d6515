"""The emulator's outermost layer: what every request passes first. Knows no AWS service."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from emulator.process import PID_PATH
from emulator.state.persistence import Persistence

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

# MiniStack accepts these without a signature: any page in a browser could wipe or reconfigure the stack.
REFUSED = ("/_ministack/reset", "/_ministack/config")


def guarded(application: Application, persistence: Persistence) -> Application:
    """Return `application` without its unsigned administration.

    Requests that are not AWS API calls, such as those to a REST API, mark what they may have changed in `persistence`.
    """

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        path = scope["path"]
        if path.startswith(REFUSED):
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        if path == PID_PATH:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
            return
        await application(scope, receive, send)
        headers = dict(scope["headers"])
        if "execute-api" in path or b"execute-api" in headers.get(b"host", b""):
            persistence.mark("cloudwatch_logs", "cloudwatch")
        elif not headers.get(b"authorization", b"").startswith(b"AWS4-"):
            persistence.mark("cognito")  # hosted sign-in pages and token endpoints

    return serve
