"""Lambda's Runtime API for one process on this machine: hands it events and receives what it makes of them.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

NEXT, INIT_ERROR = "/2018-06-01/runtime/invocation/next", "/2018-06-01/runtime/init/error"
TIMEOUT = 120.0  # seconds for whatever the process does, on a machine that is busy with something else
ARN = "arn:aws:lambda:eu-west-2:123456789012:function:bench:prod"


class Died(Exception):
    """The function did not answer: it ended, failed to start, or is late."""


@dataclass(frozen=True)
class Answer:
    """What an invocation returned, and the seconds from when the event was sent until that arrived."""

    value: Any
    seconds: float


class RuntimeApi:
    """Listens on a free port of 127.0.0.1, which `address` names, until it is closed.

    Attributes:
        alive: whether the process still runs.
    """

    def __init__(self) -> None:
        self.alive: Callable[[], bool] = lambda: True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._events: queue.SimpleQueue[tuple[str, bytes] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[str, bytes, float]] = queue.SimpleQueue()
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._sent = 0.0
        self._count = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._events.put(None)
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def until_idle(self) -> None:
        """Wait until the process asks for its next event. Raise Died if it does not."""
        if failure := self._next(self._waiting):
            raise Died(failure)

    def invoke(self, event: Any) -> Answer:
        """Hand the waiting process an event, and return its answer once it waits again. Raise Died if it fails."""
        self._count += 1
        self._events.put((f"invocation-{self._count:08d}", json.dumps(event).encode()))
        path, body, arrived = self._next(self._answers)
        if not path.endswith("/response"):
            raise Died(f"{path}: {body.decode(errors='replace')}")
        self.until_idle()
        return Answer(json.loads(body), arrived - self._sent)

    def _next(self, arrivals: queue.SimpleQueue[Any]) -> Any:
        deadline = time.monotonic() + TIMEOUT
        while self.alive() and time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                return arrivals.get(timeout=1)
        raise Died("it is late" if self.alive() else "its process ended")

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # the process was ended
            self._exchange(connection)

    def _exchange(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while line := stream.readline():
                method, path, _ = line.decode().split()
                length = 0
                while header := stream.readline().strip():
                    name, _, value = header.decode().partition(":")
                    length = int(value) if name.lower() == "content-length" else length
                body = stream.read(length)
                if method == "GET" and path == NEXT:
                    if not self._hand_out(connection):
                        return
                elif path == INIT_ERROR:
                    self._waiting.put(body.decode(errors="replace"))
                    connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                else:
                    self._answers.put((path, body, time.perf_counter()))
                    connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    def _hand_out(self, connection: socket.socket) -> bool:
        self._waiting.put("")
        handed = self._events.get()
        if handed is None:
            return False
        request_id, event = handed
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {request_id}\r\nLambda-Runtime-Invoked-Function-Arn: {ARN}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {int(time.time() * 1000) + 29_000}\r\n"
            "Lambda-Runtime-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1\r\n"
            f"Content-Length: {len(event)}\r\n\r\n"
        )
        self._sent = time.perf_counter()
        connection.sendall(head.encode() + event)
        return True
