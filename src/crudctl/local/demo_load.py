"""Steady traffic of a signed-in user on the API, for demonstrations and tests. Loopback only."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from crudctl.build.round_trip import Call, RoundTrip
from crudctl.build.service import CREATE, DELETE
from crudctl.project import loopback


class Load:
    """Calls the operations of a round trip at a steady rate; a context manager. Each round deletes what it created.

    Args:
        api_url: base URL of the API, on this machine.
        token: access token.
        rate: requests a second.
        trip: the requests of a round.
        clients: number of concurrent clients; each waits for the response before its next request.
    """

    def __init__(self, api_url: str, token: str, rate: float, trip: RoundTrip, clients: int = 8) -> None:
        self._round = [call for call in trip.calls if call.right != ("404",)]
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
        resource = ""
        for call in itertools.cycle(self._round):
            if self._stop.wait(max(0.0, due - time.monotonic())):
                break
            due = max(due + self._pause, time.monotonic() - 1)
            resource = self._one(client, call, resource)
        if resource:
            client.send(self._round[-1], resource)

    def _one(self, client: _Client, call: Call, resource: str) -> str:
        """Send one request of the round. Return the id of the resource that exists afterwards, or an empty string."""
        if "{id}" in call.path and not resource:  # the create failed: there is nothing to work on
            call = next(other for other in self._round if "{id}" not in other.path and other.kind != CREATE)
        status, document = client.send(call, resource)
        with self._lock:
            self._responses[status] += 1
        if call.kind == CREATE:
            return str(document.get("id", ""))
        return "" if call.kind == DELETE and status == 204 else resource


class _Client:
    """One connection to the API, kept open."""

    def __init__(self, host: str, port: int, path: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=40)
        self._path, self._token = path, token

    def send(self, call: Call, resource: str) -> tuple[int, dict[str, Any]]:
        """Send a request. Return the status, 0 without a response, and the JSON object of the body."""
        headers = {"Authorization": f"Bearer {self._token}"}
        body = None if call.body is None else json.dumps(call.body)
        if body is not None:
            headers["Content-Type"] = call.media_type
        try:
            self._connection.request(call.method, self._path + call.path.replace("{id}", resource), body, headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0, {}
        return response.status, json.loads(text) if text.startswith(b"{") else {}
