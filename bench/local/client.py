"""Sends requests to the API of a local stack over connections that stay open, and measures how long each takes.

A client of its own, because one with more comfort takes as much CPU as the stack, on the same processors.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Api:
    """Where the API is, and the token with which it is called."""

    url: str
    token: str

    def request(self, method: str, path: str, body: Any = None) -> bytes:
        """Return a request, for a path behind the API's address."""
        parts, content = urlsplit(self.url), b"" if body is None else json.dumps(body).encode()
        head = [
            f"{method} {parts.path}{path} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Authorization: Bearer {self.token}",
            f"Content-Length: {len(content)}",
            *(["Content-Type: application/json"] if content else []),
        ]
        return "\r\n".join([*head, "", ""]).encode() + content


class Connection:
    """One connection to an API."""

    def __init__(self, api: Api) -> None:
        parts = urlsplit(api.url)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def send(self, request: bytes) -> bytes:
        """Send a request and return the body of its response. Raise RuntimeError for a status of 300 or more."""
        self._socket.sendall(request)
        status, length = int(self._file.readline().split()[1]), 0
        while (line := self._file.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        body = self._file.read(length)
        if status >= 300:
            raise RuntimeError(f"{request[:60]!r} was answered with {status}: {body[:200]!r}")
        return body

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()


def load(api: Api, request: bytes, clients: int, seconds: float) -> list[float]:
    """Send a request from each of some clients, again and again. Return how long each took, in seconds."""
    end = time.perf_counter() + seconds

    def one(times: list[float]) -> None:
        connection = Connection(api)
        while (started := time.perf_counter()) < end:
            connection.send(request)
            times.append(time.perf_counter() - started)
        connection.close()

    return _together(clients, one)


def burst(api: Api, request: bytes, clients: int) -> list[float]:
    """Send one request from each of some new clients, all at once. Return how long each took, in seconds, with its connection."""
    start = threading.Barrier(clients)

    def one(times: list[float]) -> None:
        start.wait(60)
        started = time.perf_counter()
        connection = Connection(api)
        connection.send(request)
        times.append(time.perf_counter() - started)
        connection.close()

    return _together(clients, one)


def _together(clients: int, one: Any) -> list[float]:
    times: list[list[float]] = [[] for _ in range(clients)]
    threads = [threading.Thread(target=one, args=(each,)) for each in times]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not all(times):
        raise RuntimeError("a client got no response; its error is above")
    return [each for client in times for each in client]
