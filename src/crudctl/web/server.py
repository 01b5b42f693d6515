"""Serves the built web app on loopback as CloudFront serves it on AWS: same headers, same caching, same fallback.

`python -m crudctl.web.server --port N --dist DIR --settings FILE`. It must know nothing of how the app is built.
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
    """What is sent for a path."""

    body: bytes
    compressed: bytes | None
    content_type: str
    cache_control: str
    etag: str


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Sends the file, or 304 when the caller has it."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Sends the headers of GET."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
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
        """Says nothing: a page of one's own needs no access log."""


class Server(ThreadingTCPServer):
    """The files of `dist`, with config.json and headers of `settings`, which are read again at each change.

    Not http.server's own server, which looks up its host's name first: that may take seconds.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port: int, dist: Path, settings: Path) -> None:
        self._dist, self._settings = dist.resolve(), settings
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def settings(self) -> dict[str, dict[str, str]]:
        """`headers` of every answer and the `config` of the app."""
        return _parsed(self._settings, self._settings.stat().st_mtime_ns)

    def file(self, path: str) -> File:
        """The file at `path`, else the page: the app routes by path itself."""
        if path == content.CONFIG:
            return _file(path, json.dumps(self.settings["config"]).encode())
        found = (self._dist / path).resolve()
        if not found.is_relative_to(self._dist) or not found.is_file():
            found = self._dist / PAGE
        return _read(self._dist, found, found.stat().st_mtime_ns)


@functools.lru_cache(maxsize=1)
def _parsed(path: Path, _modified: int) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


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
    """Parse the command line and serve until the process is ended."""
    parser = argparse.ArgumentParser(prog="python -m crudctl.web.server")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dist", type=Path, required=True)
    parser.add_argument("--settings", type=Path, required=True)
    arguments = parser.parse_args()
    Server(arguments.port, arguments.dist, arguments.settings).serve_forever()


if __name__ == "__main__":
    main()
