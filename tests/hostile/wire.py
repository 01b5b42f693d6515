"""HTTP/1.1 as octets: requests that no client library would send, and whatever comes back. Knows nothing of the API."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

FIRST = 60.0  # seconds that a response may take on a busy machine
NEXT = 0.3  # seconds in which another response to the same octets would begin
Header = tuple[str | bytes, str | bytes]


@dataclass(frozen=True)
class Answer:
    """One response.

    Attributes:
        headers: by name in lower case; of a repeated one the last.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """The Content-Type without parameters; empty if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def octets(value: str | bytes) -> bytes:
    """Return text as UTF-8, where `\\udc80` to `\\udcff` are single bytes."""
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")


def request(method: str, target: str | bytes, headers: Iterable[Header] = (), body: bytes = b"") -> bytes:
    """Return the octets of a request, with the length of its body unless a header is about that."""
    named = [(octets(name), octets(value)) for name, value in headers]
    framed = {name.strip().lower() for name, _ in named} & {b"content-length", b"transfer-encoding"}
    if not framed and (body or method in ("POST", "PUT", "PATCH")):
        named.append((b"Content-Length", str(len(body)).encode()))
    head = b" ".join([octets(method), octets(target), b"HTTP/1.1"])
    return b"\r\n".join([head, *(b": ".join(one) for one in named), b"", body])


class Wire:
    """A server, reached without a library in between.

    Args:
        url: of the API; its path is in front of every target that `target` makes.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.base = parts.path.rstrip("/")
        self.host = parts.netloc
        self._secure = parts.scheme == "https"
        self._address = str(parts.hostname), parts.port or (443 if self._secure else 80)
        self._kept: socket.socket | None = None

    def target(self, path: str) -> str:
        """Return the request target of a path within the API, which begins with a slash."""
        return self.base + path

    def ask(self, method: str, path: str, headers: Iterable[Header] = (), body: bytes = b"") -> Answer:
        """Return the response to one well-framed request, over a connection that is kept. Raise OSError without one."""
        sent = request(method, self.target(path), [("Host", self.host), *headers], body)
        for fresh in (self._kept is None, True):
            connection = self._kept or self._connected()
            self._kept = None
            try:
                with contextlib.suppress(ConnectionError):  # a server may respond before it has read everything
                    connection.sendall(sent)
                answer, stays = _read(connection, method)
            except (OSError, http.client.HTTPException):
                connection.close()
                if fresh:
                    raise
                continue  # the server has closed the kept connection meanwhile
            if stays:
                self._kept = connection
            else:
                connection.close()
            return answer
        raise AssertionError("unreachable")

    def exchange(self, sent: bytes, *, cut: bool = False, method: str = "GET") -> list[Answer]:
        """Return every response to octets that are sent over a connection of their own; none if the server only closes it.

        Args:
            cut: end the sending direction afterwards: what was announced never comes.
            method: of the first request.
        """
        connection = self._connected()
        with contextlib.closing(connection):
            with contextlib.suppress(ConnectionError):
                connection.sendall(sent)
            if cut and not self._secure:
                with contextlib.suppress(OSError):  # the server has closed it meanwhile
                    connection.shutdown(socket.SHUT_WR)
            return list(_read_all(connection, method))

    def close(self) -> None:
        """Close the connection that is kept."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _connected(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=FIRST)
        if not self._secure:
            return connection
        return ssl.create_default_context().wrap_socket(connection, server_hostname=self._address[0])


def _read(connection: Any, method: str) -> tuple[Answer, bool]:
    """Return one response, and whether the connection stays open after it."""
    response: Any = http.client.HTTPResponse(connection, method=method)
    with contextlib.closing(response):
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read()), not response.will_close


class _Unclosed:
    """A stream of several responses: what reads one of them does not close it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def makefile(self, mode: str) -> _Unclosed:
        """Return what `http.client` takes for the file of a socket."""
        return self

    def close(self) -> None:
        """Leave the stream open."""


def _read_all(connection: socket.socket, method: str) -> Iterator[Answer]:
    """Yield responses until the server closes the connection, resets it, or sends no other one."""
    stream: Any = _Unclosed(connection.makefile("rb"))
    with contextlib.suppress(OSError, http.client.HTTPException):
        while stream.peek(1):
            yield _read(stream, method)[0]
            method = "GET"
            connection.settimeout(NEXT)
