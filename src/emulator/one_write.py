"""Sends the head of an answer together with the beginning of its body. Knows no AWS service.

Hypercorn writes them one after the other. Terraform's SDK for Go now and then closes a connection between the two, by a
race of its own, and repeats the request: what was created is then refused, as it exists already.
https://github.com/aws/aws-sdk-go-v2/issues/2737
"""

from __future__ import annotations

from typing import Any

from hypercorn import protocol
from hypercorn.events import Event, RawData
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.events import Response
from hypercorn.protocol.h11 import H11Protocol


class OneWrite(H11Protocol):  # type: ignore[misc]  # Hypercorn is taken for untyped, as in the rest of this package
    """HTTP/1.1 as Hypercorn speaks it, with the head of an answer held back until something follows it."""

    def __init__(self, *arguments: Any) -> None:
        *others, send = arguments
        super().__init__(*others, self._send_with_head)
        self._write = send
        self._is_head, self._head = False, b""

    async def stream_send(self, event: StreamEvent) -> None:
        """An event of an answer: its head, some of its body, its end."""
        self._is_head = isinstance(event, Response) and event.status_code >= 200
        await super().stream_send(event)

    async def _send_with_head(self, event: Event) -> None:
        if isinstance(event, RawData) and self._is_head:
            self._head = event.data
            return
        if isinstance(event, RawData):
            event, self._head = RawData(data=self._head + event.data), b""
        await self._write(event)


def install() -> None:
    """Have Hypercorn speak HTTP/1.1 so."""
    protocol.H11Protocol = OneWrite
