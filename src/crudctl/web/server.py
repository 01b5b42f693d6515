"""Serve the built web app on loopback as CloudFront serves it on AWS: same headers, same caching, same fallback.

`python -m crudctl.web.server --port N --dist DIR --settings FILE`. Knows nothing of how the app is built.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import hashlib
import io
import json
import re
import socket
import sys
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any
from urllib.parse import unquote

from crudctl.web import content

PAGE = "index.html"
METHODS = ("GET", "HEAD")
HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)  # any port: one may be forwarded
WRONG_HOST = "The local web app is at http://127.0.0.1 and http://localhost only."
PATIENCE = 10.0  # seconds for a request to arrive, and for a response to be taken
LONGEST = 1 << 16  # bytes of a request line


@dataclass(frozen=True)
class File:
    """The response for a path."""

    body: bytes
    compressed: bytes | None
    content_type: str
    cache_control: str
    etag: str


class Handler(BaseHTTPRequestHandler):
    """Responds to GET and HEAD. Whatever a client sends, it gets a response, or its connection ends after PATIENCE."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # of a request line without one: a response to HTTP/0.9 would have no status
    server: Server

    def setup(self) -> None:
        """Read from the connection with a deadline."""
        super().setup()
        self._reader = Reader(self.connection)
        self.rfile = self._received = io.BufferedReader(self._reader)

    def handle_one_request(self) -> None:
        """Serve one request."""
        self.close_connection = True
        self.command, self.requestline, self.request_version = "", "", self.default_request_version
        try:
            if not self._begins():
                return
            self.raw_requestline = self.rfile.readline(LONGEST + 1)
            if len(self.raw_requestline) > LONGEST:
                self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            elif self.parse_request():
                self._serve()
        except TimeoutError:
            self.send_error(HTTPStatus.REQUEST_TIMEOUT)
        except ConnectionError:
            self.close_connection = True  # the client has left

    def _begins(self) -> bool:
        """Wait for a request. Return whether one begins before the connection ends or the client is too slow."""
        self._reader.deadline = time.monotonic() + PATIENCE
        try:
            return bool(self._received.peek(1))
        except TimeoutError:
            return False

    def _serve(self) -> None:
        path = self._path()
        if not self._is_for_this_machine():
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST, WRONG_HOST)
        elif self.command not in METHODS:
            self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)
        elif path is None:
            self.send_error(HTTPStatus.BAD_REQUEST)
        else:
            try:
                headers, file = self.server.settings["headers"], self.server.file(path)
            except (OSError, ValueError) as error:  # the app is being built, or its settings are damaged
                self.log_error("%s", error)
                self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)
                return
            self._send(headers, file)
            if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
                self._discard()

    def _path(self) -> str | None:
        """Return the path of the request, decoded and without its first slash; None if the target is not a path or URL."""
        target = re.sub(r"^https?://[^/?#]*", "", self.path, flags=re.IGNORECASE).partition("?")[0].partition("#")[0]
        return unquote(target).lstrip("/") if target.startswith("/") or not target else None

    def _is_for_this_machine(self) -> bool:
        """Whether the request names this machine: that of a page whose own name has its address (DNS rebinding) does not."""
        url = re.match(r"https?://([^/?#]*)", self.path, re.IGNORECASE)
        hosts = [*self.headers.get_all("Host", []), *([url[1]] if url else [])]
        return bool(hosts) and all(HOST.fullmatch(host.strip()) for host in hosts)

    def _send(self, headers: dict[str, str], file: File) -> None:
        """Send the file, or 304 if the caller has it."""
        compress = file.compressed is not None and "gzip" in self.headers.get("Accept-Encoding", "")
        body = file.compressed if compress and file.compressed is not None else file.body
        known = self.headers.get("If-None-Match") == file.etag
        fields = {**headers, "Cache-Control": file.cache_control, "ETag": file.etag, "Vary": "Accept-Encoding"}
        if not known:
            fields |= {"Content-Type": file.content_type, "Content-Length": str(len(body))}
            fields |= {"Content-Encoding": "gzip"} if compress else {}
        self._respond(HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK, fields, b"" if known else body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send an error, which ends the connection: where the next request begins may not be known."""
        status = HTTPStatus(code)
        body = f"{message or explain or status.description or status.phrase}\n".encode("ascii", "replace")
        fields = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body)), "Connection": "close"}
        fields |= {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        fields |= {"Allow": ", ".join(METHODS)} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
        self._respond(status, fields, body)
        self._discard()

    def _respond(self, status: HTTPStatus, fields: dict[str, str], body: bytes) -> None:
        self.connection.settimeout(PATIENCE)  # for all of the response
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        try:
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the client has left, or does not read

    def _discard(self) -> None:
        """End the connection after what the client still sends, a part of it at most: no body is of interest.

        With something unread it would be reset, and the response could be lost.
        """
        self.close_connection = True
        self._reader.deadline = time.monotonic() + 1
        with contextlib.suppress(OSError):  # the client has left, or does not
            self.connection.shutdown(socket.SHUT_WR)
            for _ in range(16):
                if not self._received.read1(1 << 16):
                    return

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: a local page needs no access log."""

    def log_error(self, format: str, *args: object) -> None:
        """Log a fault of this side."""
        print(format % args, file=sys.stderr, flush=True)


class Reader(socket.SocketIO):
    """What a connection receives, until `deadline`, in seconds of the monotonic clock. Raises TimeoutError after it."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection, "r")
        self._connection, self.deadline = connection, 0.0

    def readinto(self, buffer: Any) -> int | None:
        """Receive into a buffer, and return the number of bytes; 0 at the end."""
        self._connection.settimeout(max(0.001, self.deadline - time.monotonic()))
        try:
            return super().readinto(buffer)
        finally:
            self._timeout_occurred = False  # SocketIO refuses to be read after one; there is still a response to send


class Server(ThreadingTCPServer):
    """The files of `dist`, or of the build in it that is in service (builds.Folder). config.json and headers are of `settings`.

    Both are read again after each change. http.server's own server looks up its host name first, which may take seconds.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port: int, dist: Path, settings: Path) -> None:
        self._dist, self._settings = dist.resolve(), settings
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        """`headers` of every response, and the `config` of the app. Raises OSError or ValueError if they cannot be read."""
        return _parsed(self._settings, self._settings.stat().st_mtime_ns)

    def file(self, path: str) -> File:
        """Return the file at `path`, or else the page: the app does the routing. Raises OSError or ValueError if it cannot.

        What a client sends is compared with the names of the files, and never used as one.
        """
        if path == content.CONFIG:
            return _file(path, json.dumps(self.settings["config"]).encode())
        dist = self._in_service()
        files = {source.relative_to(dist).as_posix(): source for source in dist.rglob("*") if source.is_file()}
        source = files.get(path)
        if source is None or not source.resolve().is_relative_to(dist):
            source = dist / PAGE
        return _read(dist, source, source.stat().st_mtime_ns)

    def _in_service(self) -> Path:
        named = self._dist / content.IN_SERVICE
        return self._dist / named.read_text(encoding="ascii") if named.exists() else self._dist


@functools.lru_cache(maxsize=1)
def _parsed(path: Path, _modified: int) -> dict[str, dict[str, str]]:
    settings = json.loads(path.read_text(encoding="utf-8"))
    if not (isinstance(settings, dict) and all(isinstance(settings.get(name), dict) for name in ("headers", "config"))):
        raise ValueError(f"{path} is damaged: run `crudctl up` again")
    return settings


@functools.lru_cache(maxsize=64)
def _read(dist: Path, path: Path, _modified: int) -> File:
    return _file(path.relative_to(dist).as_posix(), path.read_bytes())


def _file(path: str, body: bytes) -> File:
    kind = content.content_type(path)
    return File(
        body=body,
        compressed=gzip.compress(body, mtime=0) if kind.startswith(content.TEXT) else None,
        content_type=kind,
        cache_control=content.cache_control(path),
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
    )


def main() -> None:
    """Parse the command line and serve until the process ends."""
    parser = argparse.ArgumentParser(prog="python -m crudctl.web.server")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dist", type=Path, required=True)
    parser.add_argument("--settings", type=Path, required=True)
    arguments = parser.parse_args()
    Server(arguments.port, arguments.dist, arguments.settings).serve_forever()


if __name__ == "__main__":
    main()
