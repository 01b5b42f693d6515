"""Refuses what cannot be read, of the requests that are open to everybody: MiniStack would fail at it, with a 500."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from emulator.http import open_requests

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

LARGEST = 1 << 20  # bytes of a form or of a call of Cognito; what is larger is left to MiniStack's own limits
SERIALIZATION = b'{"__type":"SerializationException"}'
UNREADABLE = b'{"error":"invalid_request"}'  # https://www.rfc-editor.org/rfc/rfc6749#section-5.2


def strict(application: Application) -> Application:
    """Return `application` without what Cognito cannot read.

    That is a body that is not UTF-8, a call that is no JSON object, and JSON, also in a token, nested deeper than Python reads.
    """

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        of_users, of_pages = open_requests.is_of_users(scope), open_requests.is_of_pages(scope)
        if not (of_users or of_pages):
            await application(scope, receive, send)
            return
        messages = await _received(receive)
        body = b"".join(message.get("body", b"") for message in messages)
        whole = not messages[-1].get("more_body", False) and messages[-1]["type"] == "http.request"
        if not whole or _is_readable(scope, body, of_users):
            await application(scope, _again(messages, receive), send)
            return
        text = SERIALIZATION if of_users else UNREADABLE
        kind = open_requests.JSON if of_users else b"application/json"
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % len(text)),
            (b"access-control-allow-origin", b"*"),
        ]
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    return serve


async def _received(receive: Receive) -> list[Message]:
    messages, size = [await receive()], 0
    while messages[-1].get("more_body", False) and (size := size + len(messages[-1].get("body", b""))) <= LARGEST:
        messages.append(await receive())
    return messages


def _again(messages: list[Message], receive: Receive) -> Receive:
    pending = iter(messages)

    async def again() -> Message:
        message = next(pending, None)
        return await receive() if message is None else message

    return again


def _is_readable(scope: Message, body: bytes, of_users: bool) -> bool:
    try:
        text = body.decode()
        document = json.loads(text or "{}") if of_users else parse_qs(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    authorizations = (value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"authorization")
    return all(map(_is_shallow, (*_texts(document), *(value.rpartition(" ")[2] for value in authorizations))))


def _texts(document: dict[str, Any]) -> Iterator[str]:
    """Yield the texts in which a client may send a token: of a form, of a call, and of a call's parameters."""
    for value in document.values():
        within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        yield from (text for text in within if isinstance(text, str))


def _is_shallow(text: str) -> bool:
    """Return whether no part of a token is nested too deeply; what is no token is."""
    for part in text.split(".")[:2]:
        try:
            json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except RecursionError:
            return False
        except ValueError:
            continue
    return True
