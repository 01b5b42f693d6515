"""Serve the built web app on loopback as CloudFront serves it on AWS: same headers, same caching, same fallback.

`python -m crudctl.web.server --port N --dist DIR --settings FILE`. Knows nothing of how the app is built.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import hashlib
import json
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from urllib.parse import unquote, urlsplit

from crudctl.web import content

PAGE = "index.html"


@dataclass(frozen=True)
class File:
    """The response for a path."""

    body: bytes
    compressed: bytes | None
    content_type: str
    cache_control: str
    etag: str


class Handler(BaseHTTPRequestHandler):
    """Responds to GET and HEAD."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Send the file, or 304 if the caller has it."""
        self._respond(with_body=True)

    def do_HEAD(self) -> None:
        """Send the headers of GET."""
        self._respond(with_body=False)

    def _respond(self, *, with_body: bool) -> None:
        file = self.server.file(unquote(urlsplit(self.path).path).lstrip("/"))
        compress = file.compressed is not None and "gzip" in self.headers.get("Accept-Encoding", "")
        body = file.compressed if compress and file.compressed is not None else file.body
        known = self.headers.get("If-None-Match") == file.etag
        self.send_response(HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK)
        for name, value in self.server.settings["headers"].items():
            self.send_header(name, value)
        self.send_header("Cache-Control", file.cache_control)
        self.send_header("ETag", file.etag)
        self.send_header("Vary", "Accept-Encoding")
        if not known:
            self.send_header("Content-Type", file.content_type)
            self.send_header("Content-Length", str(len(body)))
            if compress:
                self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if with_body and not known:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: a local page needs no access log."""


class Server(ThreadingTCPServer):
    """The files of `dist`, with config.json and headers from `settings`, which is read again after each change.

    Not http.server's own server, which looks up its host name first: that may take seconds.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port: int, dist: Path, settings: Path) -> None:
        self._dist, self._settings = dist.resolve(), settings
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        """`headers` of every response, and the `config` of the app."""
        return _parsed(self._settings, self._settings.stat().st_mtime_ns)

    def file(self, path: str) -> File:
        """Return the file at `path`, or else the page: the app does the routing."""
        if path == content.CONFIG:
            return _file(path, json.dumps(self.settings["config"]).encode())
        source = (self._dist / path).resolve()
        if not source.is_relative_to(self._dist) or not source.is_file():
            source = self._dist / PAGE
        return _read(self._dist, source, source.stat().st_mtime_ns)


@functools.lru_cache(maxsize=1)
def _parsed(path: Path, _modified: int) -> dict[str, dict[str, str]]:
    settings: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
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
