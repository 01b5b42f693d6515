"""One request and its response, exactly as they are sent: path, method and bytes are not changed on the way."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 60  # seconds; the gateway's own limit is 29


@dataclass(frozen=True)
class Answer:
    """A response.

    Attributes:
        status: 0 if the connection ended without a response.
        headers: by name in lower case.
        sent: epoch seconds at which the request was sent.
        seconds: until the response was complete.
        trace: the root of the trace that the request was sent with.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent: float
    seconds: float
    trace: str

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", errors="replace")

    @property
    def document(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Sender:
    """Sends requests to an address, each over a connection of its own.

    Args:
        url: the address that all paths are relative to.
        used: counts requests (`rest_request`) and bytes of responses (`data_out_gb`), for the price.
    """

    def __init__(self, url: str, used: dict[str, float]) -> None:
        self._url = urlsplit(url)
        self._used = used

    def send(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        """Send one request, also through the proxy that the environment names. Follows no redirect."""
        root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
        connection, started, sent = self._connection(), time.monotonic(), time.time()
        try:
            connection.putrequest(method, self._url.path.rstrip("/") + path, skip_accept_encoding=True)
            own = {"X-Amzn-Trace-Id": f"Root={root}"} | ({"Content-Length": str(len(body))} if body else {})
            for name, value in (own | dict(headers or {})).items():
                connection.putheader(name, value)
            with contextlib.suppress(OSError):  # a large body may be refused before it was read; the response follows
                connection.endheaders(body or None)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, {}, str(error).encode(), sent, time.monotonic() - started, root)
        finally:
            connection.close()
        self._used["rest_request"] += 1
        self._used["bytes_out"] += len(content)
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, content, sent, time.monotonic() - started, root)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme != "https":
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        proxy = "" if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get("https", "")
        if not proxy:
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT)
        through = urlsplit(proxy)
        tunnel = http.client.HTTPSConnection(through.hostname or "", through.port, timeout=TIMEOUT)
        tunnel.set_tunnel(host, port or 443)
        return tunnel
