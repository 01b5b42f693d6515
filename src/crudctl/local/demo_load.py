"""Steady traffic of a signed-in user on the API, for demonstrations and tests. Loopback only."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

from crudctl.build.round_trip import ANY, Call, RoundTrip
from crudctl.build.service import CREATE, DELETE, LIST
from crudctl.project import loopback

Look = Callable[[Call, int, dict[str, Any]], None]


class Load:
    """Calls the operations of a round trip at a steady rate; a context manager. Each round deletes what it created.

    Args:
        api_url: base URL of the API, on this machine.
        token: access token.
        rate: requests a second.
        trip: the requests of a round.
        clients: number of concurrent clients; each waits for the response before its next request.
        look: is called with each request, the status of its response and the JSON object in that, one after the other.
    """

    def __init__(
        self,
        api_url: str,
        token: str,
        rate: float,
        trip: RoundTrip,
        *,
        clients: int = 8,
        look: Look = lambda *_: None,
    ) -> None:
        self._round = [call for call in trip.shared if call.right != ("404",)]
        self._url, self._token = urlsplit(loopback(api_url)), token
        self._pause, self._stop, self._lock = clients / rate, threading.Event(), threading.Lock()
        starts = [number * self._pause / clients for number in range(clients)]
        self._threads = [threading.Thread(target=self._run, args=(delay,)) for delay in starts]
        self._responses: Counter[int] = Counter()
        self._look = look

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
        resource, tag = "", ANY
        for call in itertools.cycle(self._round):
            if self._stop.wait(max(0.0, due - time.monotonic())):
                break
            due = max(due + self._pause, time.monotonic() - 1)
            resource, tag = self._one(client, call, resource, tag)
        if resource:
            client.send(self._round[-1], resource)

    def _one(self, client: _Client, call: Call, resource: str, tag: str) -> tuple[str, str]:
        """Send one request of the round. Return id and ETag of the resource that exists afterwards; no id if there is none."""
        if "{id}" in call.path and not resource:  # the create failed: there is nothing to work on
            call = next(other for other in self._round if "{id}" not in other.path and other.kind != CREATE)
        status, document, now = self._counted(client, call, resource, tag)
        if status == 400 and call.query:  # a version that does not know the parameter
            status, document, now = self._counted(client, replace(call, query={}), resource, tag)
        if call.kind == LIST:
            return resource, tag
        if call.kind == CREATE:
            resource = str(document.get("id", "")) if status == 201 else ""
        # A failure may hide a write that was applied.
        return "" if call.kind == DELETE and status == 204 else resource, now if 200 <= status < 300 else ANY

    def _counted(self, client: _Client, call: Call, resource: str, tag: str) -> tuple[int, dict[str, Any], str]:
        response = client.send(call, resource, tag)
        with self._lock:
            self._responses[response[0]] += 1
            self._look(call, *response[:2])
        return response


class _Client:
    """One connection to the API, kept open."""

    def __init__(self, host: str, port: int, path: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=40)
        self._path, self._token = path, token

    def send(self, call: Call, resource: str, tag: str = ANY) -> tuple[int, dict[str, Any], str]:
        """Send a request. Return the status, 0 without a response, the JSON object of the body, and the ETag or `*`."""
        headers = {"Authorization": f"Bearer {self._token}"} | ({"If-Match": tag} if call.conditional else {})
        body = None if call.body is None else json.dumps(call.body)
        if body is not None:
            headers["Content-Type"] = call.media_type
        path = self._path + call.path.replace("{id}", resource) + (f"?{urlencode(call.query)}" if call.query else "")
        try:
            self._connection.request(call.method, path, body, headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0, {}, ANY
        return response.status, json.loads(text) if text.startswith(b"{") else {}, response.getheader("ETag", ANY)
