"""An HTTP server for tests that behaves on each request as configured: well, late, incompletely or not at all."""

from __future__ import annotations

import json
import queue
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable
from typing import Any

Behaviour = Callable[[socket.socket, threading.Event], bool]
"""Handles one request on a connection, until the event ends the test. Returns whether the connection stays open."""


class HostileServer:
    """Listens on a free port of 127.0.0.1 and uses one behaviour per request.

    Args:
        behaviours: how to handle the first request, the second, and so on.
        context: TLS context; None for plain HTTP.

    Attributes:
        requests: head and body of each request so far.
        connections: the number of connections accepted so far.
    """

    def __init__(self, *behaviours: Behaviour, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, bytes]] = []
        self.connections = 0
        self._behaviours: queue.SimpleQueue[Behaviour] = queue.SimpleQueue()
        for behaviour in behaviours:
            self._behaviours.put(behaviour)
        self._context = context
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> HostileServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        try:
            if self._context:
                connection.settimeout(5)
                connection = self._context.wrap_socket(connection, server_side=True)
                connection.settimeout(0.05)
            with connection:
                while request := self._request(connection):
                    self.requests.append(request)
                    if not self._behaviours.get(timeout=5)(connection, self._over):
                        return
        except OSError:
            connection.close()  # the client disconnected or rejected the certificate

    def _request(self, connection: socket.socket) -> tuple[str, bytes] | None:
        octets = b""
        while not self._over.is_set():
            head, end, body = octets.partition(b"\r\n\r\n")
            lines = [line.lower() for line in head.split(b"\r\n")]
            lengths = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
            if end and len(body) >= lengths[0]:
                return head.decode(), body
            try:
                received = connection.recv(65536)
            except TimeoutError:
                continue
            if not received:
                return None
            octets += received
        return None


def respond(
    document: Any, status: int = 200, checksum: bool = True, close: bool = False, date: str | None = None
) -> Behaviour:
    """Send a valid response of DynamoDB. With `close`, close the connection after it without announcing it."""
    octets = _octets(document, status, checksum, date)

    def behave(connection: socket.socket, over: threading.Event) -> bool:
        connection.sendall(octets)
        return not close

    return behave


def error(code: str, status: int = 400, **properties: Any) -> Behaviour:
    """Send an error in DynamoDB's form."""
    return respond({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"} | properties, status)


def raw(octets: bytes, close: bool = True) -> Behaviour:
    """Send these octets as they are."""

    def behave(connection: socket.socket, over: threading.Event) -> bool:
        connection.sendall(octets)
        return not close

    return behave


def half(document: Any) -> Behaviour:
    """Send the first part of a response and close the connection."""
    octets = _octets(document)
    return raw(octets[: len(octets) - len(octets) // 4])


def reset(connection: socket.socket, over: threading.Event) -> bool:
    """Read the request and reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def hang(connection: socket.socket, over: threading.Event) -> bool:
    """Read the request and send nothing."""
    over.wait(5)
    return False


def drip(connection: socket.socket, over: threading.Event) -> bool:
    """Send the response one octet at a time, far too slowly."""
    for octet in _octets({"Item": {}}):
        connection.sendall(bytes([octet]))
        if over.wait(0.05):
            break
    return False


def _octets(document: Any, status: int = 200, checksum: bool = True, date: str | None = None) -> bytes:
    body = json.dumps(document).encode()
    crc32 = zlib.crc32(body) if checksum else zlib.crc32(body) ^ 1
    dated = f"Date: {date}\r\n" if date else ""
    head = f"HTTP/1.1 {status} -\r\n{dated}Content-Length: {len(body)}\r\nx-amz-crc32: {crc32}\r\n\r\n"
    return head.encode() + body
