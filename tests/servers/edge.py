"""A proxy that stands in for the TLS endpoints of AWS: the emulator behind it treats requests as if they came over TLS.

MiniStack enforces bucket policies that deny plain HTTP, and trusts `X-Forwarded-Proto`.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import threading
from collections.abc import Callable, Collection, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


EXPIRED = b'{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}'


Seen = Callable[[str, str, dict[str, str], bytes], None]


@contextlib.contextmanager
def before(endpoint_url: str, refused: Collection[tuple[str, str]] = (), seen: Seen = lambda *_: None) -> Iterator[str]:
    """Yield the URL of a proxy on 127.0.0.1 that passes every request on to `endpoint_url`.

    Args:
        refused: methods and patterns of paths of requests that are refused, as if the credentials had expired.
        seen: called with the method, path, headers and body of every other request.
    """
    host = urlsplit(endpoint_url).netloc

    class Edge(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body leave in one write: between two, Terraform's SDK now and then closes the connection and repeats the
        # request. https://github.com/aws/aws-sdk-go-v2/issues/2737
        wbufsize = 1 << 20

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if any(self.command == method and re.search(pattern, self.path) for method, pattern in refused):
                self._refuse()
                return
            seen(self.command, self.path, dict(self.headers), body)
            behind = http.client.HTTPConnection(host, timeout=120)
            with contextlib.closing(behind):
                behind.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() != "expect":
                        behind.putheader(name, value)
                behind.putheader("X-Forwarded-Proto", "https")
                behind.endheaders(body)
                response = behind.getresponse()
                content = response.read()
            self.send_response_only(response.status, response.reason)
            for name, value in response.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            length = response.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
            if response.status not in (204, 304):
                self.send_header("Content-Length", length or "0")
            self.end_headers()
            self.wfile.write(content)

        def __getattr__(self, name: str) -> Any:
            """Pass on whatever method there is."""
            if name.startswith("do_"):
                return self._pass_on
            raise AttributeError(name)

        def _refuse(self) -> None:
            self.send_response_only(403)
            self.send_header("x-amzn-ErrorType", "ExpiredTokenException")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(EXPIRED)))
            self.end_headers()
            self.wfile.write(EXPIRED)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Edge) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
