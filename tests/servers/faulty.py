"""A proxy before DynamoDB and STS. Some requests meet a fault, before they are carried out or after."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import struct
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

KINDS = ("throttles", "responds with 500", "hangs", "resets the connection", "cuts its response", "responds too late")
REFUSES = "refuses"
SIGNED_FOR = 300  # seconds that AWS accepts a signature for
# The codes of DynamoDB and of STS: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
# and https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
CODES = {
    "throttles": ("ProvisionedThroughputExceededException", 400, "Throttling", 400),
    "responds with 500": ("InternalServerError", 500, "InternalFailure", 500),
    REFUSES: ("AccessDeniedException", 400, "AccessDenied", 403),
    "expired": ("ExpiredTokenException", 400, "ExpiredToken", 403),
    "skewed": ("InvalidSignatureException", 400, "SignatureDoesNotMatch", 403),
}


class Faulty:
    """Passes requests on to the emulator, signed for its own name and port, and lets some meet a fault.

    As AWS does, it refuses signatures of another time, and says what time it is.

    Args:
        endpoint_url: of the emulator.
        kind: one of KINDS or REFUSES; empty for no fault.
        times: how many requests of each action meet it.
    """

    def __init__(self, endpoint_url: str, kind: str = "", times: float = 0) -> None:
        self._upstream = urlsplit(endpoint_url)
        self.kind = kind
        self.times = times
        self._met = Counter[str]()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._open: set[Any] = set()  # connections
        self._frozen: set[Any] = set()
        self._keys: set[str] = set()
        self._expired: set[str] = set()
        faulty = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 20

            def do_POST(self) -> None:
                faulty._serve(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port

    def __enter__(self) -> Faulty:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def expire(self) -> None:
        """Refuse the keys that were used so far."""
        self._expired |= self._keys

    def freeze(self) -> None:
        """Let nothing arrive any more on the connections that are open, as a NAT gateway does that has forgotten them."""
        self._frozen |= self._open

    def _serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        key = (re.findall(r"Credential=([^/]+)/", handler.headers["Authorization"]) or [""])[0]
        with self._lock:
            self._open.add(handler.connection)
            self._keys.add(key)
            action = handler.headers.get("X-Amz-Target", "AssumeRole")
            self._met[action] += 1
            meets = self._met[action] <= self.times
        if handler.connection in self._frozen:
            self._hang(handler)
        elif abs(_time(handler.headers["X-Amz-Date"]) - time.time()) > SIGNED_FOR:
            self._refuse(handler, "skewed")
        elif key in self._expired:
            self._refuse(handler, "expired")
        elif not meets:
            self._respond(handler, *self._passed_on(handler, body))
        elif self.kind in CODES:
            self._refuse(handler, self.kind)
        elif self.kind == "hangs":
            self._hang(handler)
        elif self.kind == "resets the connection":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(handler.connection.detach())
            handler.close_connection = True
        else:
            self._lose(handler, *self._passed_on(handler, body))

    def _passed_on(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        behind = http.client.HTTPConnection(self._upstream.netloc, timeout=60)
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "content-length"}
        try:
            behind.request("POST", handler.path, body, headers)
            response = behind.getresponse()
            return response.status, response.read()
        finally:
            behind.close()

    def _lose(self, handler: BaseHTTPRequestHandler, status: int, content: bytes) -> None:
        if self.kind == "responds too late":
            self._hang(handler)
        else:
            self._respond(handler, status, content, sent=len(content) // 2)

    def _hang(self, handler: BaseHTTPRequestHandler) -> None:
        self._over.wait(60)
        handler.close_connection = True

    def _refuse(self, handler: BaseHTTPRequestHandler, reason: str) -> None:
        code, status, sts_code, sts_status = CODES[reason]
        if "X-Amz-Target" in handler.headers:
            self._respond(handler, status, json.dumps({"__type": f"com.amazonaws#{code}", "message": "no"}).encode())
        else:
            document = f"<ErrorResponse><Error><Code>{sts_code}</Code><Message>no</Message></Error></ErrorResponse>"
            self._respond(handler, sts_status, document.encode())

    def _respond(self, handler: BaseHTTPRequestHandler, status: int, content: bytes, sent: int | None = None) -> None:
        """Respond. With `sent`, break off after so many bytes of the content."""
        handler.send_response_only(status)
        handler.send_header("Date", formatdate(usegmt=True))
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:sent])
        if sent is not None:
            handler.close_connection = True


def _time(date: str) -> float:
    """Return the seconds since the epoch of a signature's time."""
    return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
