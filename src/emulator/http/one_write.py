"""Sends the head of a response together with the beginning of its body. Knows no AWS service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from hypercorn import events as connection_events
from hypercorn.protocol import events, h11

from emulator.patches import Difference, patch, register, uses

ONE_WRITE = register(
    Difference(
        name="one-write",
        service="Emulator",
        aws="the head of a response arrives together with its body, or at least so soon that clients do not see the gap",
        source="https://github.com/aws/aws-sdk-go-v2/issues/2737",
        ministack="Hypercorn writes them one after the other. Terraform's SDK for Go now and then closes the connection "
        "between the two, by a race of its own, and repeats the request: a resource that was created is then refused "
        "as existing",
        here="head and first part of the body are one write",
        upstream="in Hypercorn: hold the head of an HTTP/1.1 response back until the next event",
    )
)
uses(ONE_WRITE, connection_events, "RawData(data, address=None)")
uses(ONE_WRITE, events, "Response.status_code")

Send = Callable[[Any], Awaitable[None]]


def install() -> None:
    """Hold the heads of HTTP/1.1 responses back until something follows."""
    patch(h11, "H11Protocol.__init__", create, ONE_WRITE)
    patch(h11, "H11Protocol.stream_send", stream_send, ONE_WRITE)


class Joined:
    """Sends to a connection, the head of a response joined with the data that follows it.

    Attributes:
        is_head: whether the next data is a head.
    """

    def __init__(self, send: Send) -> None:
        self.is_head = False
        self._send, self._head = send, b""

    async def __call__(self, event: Any) -> None:
        if isinstance(event, connection_events.RawData):
            if self.is_head:
                self._head = event.data
                return
            event, self._head = connection_events.RawData(data=self._head + event.data), b""
        await self._send(event)


def create(
    original: Callable[..., None],
    self: Any,
    app: Any,
    config: Any,
    context: Any,
    task_group: Any,
    connection_state: Any,
    ssl: bool,
    client: Any,
    server: Any,
    send: Send,
) -> None:
    """Create a connection that sends through `Joined`."""
    original(self, app, config, context, task_group, connection_state, ssl, client, server, Joined(send))


async def stream_send(original: Callable[..., Awaitable[None]], self: Any, event: Any) -> None:
    """Send an event of a response: its head, a part of its body, its end."""
    self.send.is_head = isinstance(event, events.Response) and event.status_code >= 200
    await original(self, event)
