"""One kept-alive HTTP/1.1 connection, plain or TLS. Knows neither AWS protocols nor retries.

It uses a socket directly because importing `http.client` costs a cold start more than this whole module
(bench/cold_start).

    ConnectionError
    ├── NotSent             no part of the request was sent (see transport.py)
    └── Broken              the request was sent, but no complete response was received
"""

from __future__ import annotations

import select
import time

from .transport import Host, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from .tls import Secure

    Wire = socket.socket | Secure

MAX_IDLE = 300.0  # seconds; NAT gateways and load balancers drop a flow that is idle for 350
MAX_HEAD = 64 * 1024  # bytes
MAX_BODY = 32 * 1024 * 1024  # bytes; DynamoDB's largest response is 16 MB


class Broken(ConnectionError):
    """Attributes: stale: the connection was idle, and was closed before the first byte of the response."""

    def __init__(self, reason: str, stale: bool = False) -> None:
        super().__init__(reason)
        self.stale = stale


class Connection:
    """A connection to one origin, opened when needed and kept between requests. Not thread-safe.

    Args:
        origin: `http://host[:port]` or `https://host[:port]`. Any other form raises ValueError.
        clock: returns seconds since the epoch, so that the time in which Lambda froze the process counts as idle.
    """

    def __init__(self, origin: str, clock: Callable[[], float] = time.time) -> None:
        scheme, _, rest = origin.partition("://")
        authority = rest.partition("/")[0]
        host, colon, port = authority.rpartition(":")
        if not colon or authority.endswith("]"):
            host, port = authority, "443" if scheme == "https" else "80"
        if scheme not in ("http", "https") or not host or not port.isdecimal() or "@" in host:
            raise ValueError(f"not an http or https origin: {origin!r}")
        self.host = authority  # the value of the Host header
        self._host = Host(host.strip("[]"), int(port), scheme == "https")
        self._clock = clock
        self._socket: Wire | None = None
        self._poll = select.poll()
        self._buffer = bytearray()
        self._used = 0.0
        self._deadline = 0.0

    def open(self, timeout: float) -> bool:
        """Open a connection unless a usable one is open. Return whether one was.

        A connection that the peer has closed, or that was idle for too long, is replaced.

        Raises:
            NotSent: No connection could be opened within `timeout` seconds.
        """
        return self._ready(time.monotonic() + timeout)[1]

    def _ready(self, deadline: float) -> tuple[Wire, bool]:
        if self._socket and self._alive(self._socket):
            return self._socket, True
        self.close()
        self._socket = self._host.open(deadline)
        self._poll.register(self._socket, select.POLLIN)
        self._used = self._clock()
        return self._socket, False

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._socket:
            self._poll.unregister(self._socket)
            self._socket.close()
        self._socket = None
        self._buffer.clear()

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        connect_timeout: float,
        timeout: float,
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request and return status, headers (names in lower case) and body of the response.

        Args:
            connect_timeout, timeout: seconds for the connection (the look-up of the host name, every address, TLS), and for the
                whole call.

        Raises:
            NotSent: No connection could be opened.
            Broken: The response is late, incomplete or not HTTP/1.1.
        """
        now = time.monotonic()
        self._deadline = now + timeout
        wire, kept = self._ready(now + min(connect_timeout, timeout))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {path} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
        try:
            wire.settimeout(left(self._deadline))
            wire.sendall(head.encode("latin-1") + body)
            response, keep = self._response(wire)
        except (OSError, ValueError) as failure:
            closed = not self._buffer and not isinstance(failure, TimeoutError)
            self.close()
            raise Broken(f"no response from {self.host}: {failure}", kept and closed) from failure
        if not keep or self._buffer:
            self.close()
        self._used = self._clock()
        return response

    def _alive(self, kept: Wire) -> bool:
        """Whether the peer has neither closed the connection nor sent anything unrequested."""
        if not 0 <= self._clock() - self._used <= MAX_IDLE:
            return False
        if not self._poll.poll(0):
            return True
        try:  # perhaps it was only a message of TLS, such as a session ticket
            kept.settimeout(0)
            kept.recv(1)
        except OSError as nothing:
            from_tls = type(nothing).__name__ == "SSLWantReadError"
            return from_tls or isinstance(nothing, BlockingIOError)
        return False

    def _response(self, wire: Wire) -> tuple[tuple[int, dict[str, str], bytes], bool]:
        """Read one response. Return it and whether the connection can be kept: RFC 9112, sections 2 to 9."""
        status = 100
        while status < 200:  # 1xx are interim responses
            lines = self._until(b"\r\n\r\n", wire).decode("latin-1").split("\r\n")
            version, _, rest = lines[0].partition(" ")
            if version not in ("HTTP/1.1", "HTTP/1.0") or not rest[:3].isdecimal():
                raise ValueError(f"not HTTP/1.1: {lines[0][:40]!r}")
            status = int(rest[:3])
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or name != name.strip():
                raise ValueError(f"not a header: {line[:40]!r}")
            headers[name.lower()] = value.strip()
        keep = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        length = headers.get("content-length")
        if status in (204, 304):
            body = b""
        elif "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked" or length is not None:
                raise ValueError("unknown framing of the body")
            body = self._chunks(wire)
        elif length is not None:
            if not length.isdecimal():
                raise ValueError(f"not a length: {length[:40]!r}")
            body = self._take(int(length), wire)
        else:
            raise ValueError("a response without a length could be incomplete")
        return (status, headers, body), keep

    def _chunks(self, wire: Wire) -> bytes:
        body = bytearray()
        while True:
            size = self._until(b"\r\n", wire).partition(b";")[0].strip()
            if not size or size.strip(b"0123456789abcdefABCDEF"):
                raise ValueError(f"not the size of a chunk: {size[:40]!r}")
            if not int(size, 16):
                break
            body += self._take(int(size, 16), wire)
            if self._take(2, wire) != b"\r\n" or len(body) > MAX_BODY:
                raise ValueError("a chunk does not end at its declared size")
        while self._until(b"\r\n", wire):  # trailers, up to an empty line
            pass
        return bytes(body)

    def _until(self, end: bytes, wire: Wire) -> bytes:
        while (length := self._buffer.find(end)) < 0:
            if len(self._buffer) > MAX_HEAD:
                raise ValueError("the head is too long")
            self._receive(wire)
        line = bytes(self._buffer[:length])
        del self._buffer[: length + len(end)]
        return line

    def _take(self, size: int, wire: Wire) -> bytes:
        if size > MAX_BODY:
            raise ValueError("the body is too long")
        while len(self._buffer) < size:
            self._receive(wire)
        octets = bytes(self._buffer[:size])
        del self._buffer[:size]
        return octets

    def _receive(self, wire: Wire) -> None:
        wire.settimeout(left(self._deadline))
        octets = wire.recv(65536)
        if not octets:
            raise ConnectionResetError("closed before the end")
        self._buffer += octets
