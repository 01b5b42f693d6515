"""Steady traffic of a signed-in user on the API, for demonstrations and tests. Loopback only."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from crudctl.project import loopback


class Load:
    """Calls all five operations at a steady rate; a context manager. Each round creates an item and deletes it again.

    Args:
        api_url: base URL of the API, on this machine.
        token: access token.
        rate: requests a second.
        clients: number of concurrent clients; each waits for the response before its next request.
    """

    def __init__(self, api_url: str, token: str, rate: float, clients: int = 8) -> None:
        self._url, self._token = urlsplit(loopback(api_url)), token
        self._pause, self._stop, self._lock = clients / rate, threading.Event(), threading.Lock()
        starts = [number * self._pause / clients for number in range(clients)]
        self._threads = [threading.Thread(target=self._run, args=(delay,)) for delay in starts]
        self._responses: Counter[int] = Counter()

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    @property
    def responses(self) -> dict[int, int]:
        """The number of responses so far by status; 0 counts requests without a response."""
        with self._lock:
            return dict(self._responses)

    @property
    def requests(self) -> int:
        """The number of requests so far."""
        return sum(self.responses.values())

    @property
    def failed(self) -> int:
        """The number of requests so far with a 5xx response or without a response."""
        return sum(count for status, count in self.responses.items() if status >= 500 or not status)

    def _run(self, delay: float) -> None:
        client = _Client(self._url.hostname or "", self._url.port or 80, self._url.path, self._token)
        due = time.monotonic() + delay
        item = ""
        for step in _forever():
            if self._stop.wait(max(0.0, due - time.monotonic())):
                break
            due = max(due + self._pause, time.monotonic() - 1)
            item = self._one(client, step, item)
        if item:
            client.call("DELETE", f"/items/{item}")

    def _one(self, client: _Client, step: int, item: str) -> str:
        """Send one request of the round. Return the id of the item that exists afterwards, or an empty string."""
        method, body = (
            ("POST", {"name": "Load"}),
            ("GET", None),
            ("LIST", None),
            ("PUT", {"name": "Load, changed"}),
            ("PATCH", {"quantity": 1}),
            ("DELETE", None),
        )[step]
        if method not in ("POST", "LIST") and not item:
            method = "LIST"  # the create failed: there is no item to work on
        path = {"POST": "/items", "LIST": "/items?limit=5"}.get(method, f"/items/{item}")
        status, document = client.call("GET" if method == "LIST" else method, path, body)
        with self._lock:
            self._responses[status] += 1
        if method == "POST":
            return str(document.get("id", ""))
        return "" if method == "DELETE" and status == 204 else item


class _Client:
    """One connection to the API, kept open."""

    def __init__(self, host: str, port: int, path: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=40)
        self._path, self._token = path, token

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Send a request. Return the status, 0 without a response, and the JSON object of the body."""
        media_type = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Authorization": f"Bearer {self._token}"} | ({"Content-Type": media_type} if body else {})
        try:
            self._connection.request(method, self._path + path, json.dumps(body) if body else None, headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0, {}
        return response.status, json.loads(text) if text.startswith(b"{") else {}


def _forever() -> Iterator[int]:
    """Yield 0 to 5, over and over."""
    while True:
        yield from range(6)
