"""A proxy between a client and the API that loses every other answer: the request is carried out, but its client cannot know."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
IDENTITY = ("If-Match", "If-None-Match", "Idempotency-Key")  # with method and path: which request it is


@contextlib.contextmanager
def before(url: str) -> Iterator[tuple[str, Counter[str]]]:
    """Yield the URL of a proxy before the API at `url`, and how many answers were lost and how, by the kind of the loss.

    The first attempt of each request is answered with 429 and not passed on, or passed on and then answered with 503, 500 or not
    at all. Its second attempt gets the API's response. A 503 has a date in Retry-After; a second attempt before it is `early`.
    While the API is down, every attempt is answered with 429.
    """
    target = urlsplit(url)
    attempts: Counter[tuple[str | None, ...]] = Counter()
    earliest: dict[tuple[str | None, ...], int] = {}
    losses, kinds = Counter[str](), itertools.cycle(["503", "reset", "429", "500"])

    class Lossy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 20

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = (self.command, self.path, *(self.headers.get(name) for name in IDENTITY))
            attempts[request] += 1
            kind = next(kinds) if attempts[request] % 2 else ""
            losses[kind] += 1
            losses["early"] += time.time() + 0.01 < earliest.pop(request, 0)
            if kind == "429":
                self._answer(429, [("Retry-After", "0")], b"")
                return
            try:
                response, content = self._passed_on(body)
            except ConnectionRefusedError:  # nobody is there to carry it out
                self._answer(429, [("Retry-After", "0")], b"")
                return
            except (http.client.HTTPException, OSError):  # it may have been carried out
                self.close_connection = True
                return
            if kind == "reset":
                self.close_connection = True
            elif kind == "503":
                earliest[request] = int(time.time()) + 1
                self._answer(503, [("Retry-After", formatdate(earliest[request], usegmt=True))], b"")
            elif kind:
                self._answer(int(kind), [("Retry-After", "0")], b"")
            else:
                kept = [(name, value) for name, value in response.getheaders() if name.lower() not in HOP]
                self._answer(response.status, kept, content)

        def _passed_on(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
            with contextlib.closing(http.client.HTTPConnection(target.netloc, timeout=60)) as behind:
                headers = {name: value for name, value in self.headers.items() if name.lower() not in {"host", *HOP}}
                behind.request(self.command, target.path + self.path, body, headers)
                response = behind.getresponse()
                return response, response.read()

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Lossy) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", losses
        server.shutdown()
