"""DynamoDB over TLS on this machine: a real table for the tests, and replayed responses with a fixed delay for the measurements.

The table is MiniStack's. What a peer's operation received from it is recorded once and sent again while the operation is timed,
so that every peer waits for the same time and this server costs none.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import tempfile
import threading
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
from ministack.services import dynamodb

HOST = "dynamodb.eu-west-2.amazonaws.com"
DELAY = 0.001  # seconds that a replayed response takes
TABLE = {
    "TableName": "bench",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "owner", "created_at")],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_owner",
            "KeySchema": [
                {"AttributeName": "owner", "KeyType": "HASH"},
                {"AttributeName": "created_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}
# What the idempotency utility of Powertools asks for: https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
KEYS = {
    "TableName": "bench-idempotency",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}


@dataclass(frozen=True)
class Exchange:
    """One request and its response. Attributes: action: GetItem, …; sent: bytes of the request; octets: the whole response."""

    action: str
    sent: int
    octets: bytes


class Table:
    """Listens on `port` of 127.0.0.1 with a certificate of `root`, a file with the root certificate."""

    def __init__(self) -> None:
        authority = trustme.CA()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1", HOST).configure_cert(self._context)
        self._folder = tempfile.TemporaryDirectory(prefix="bench-peers.")
        self.folder = Path(self._folder.name)
        self.root = self.folder / "root.pem"
        self.root.write_bytes(authority.cert_pem.bytes())
        self.store = self.folder / "store.pem"  # what a machine has, and this root
        system = ssl.get_default_verify_paths().cafile
        self.store.write_bytes((Path(system).read_bytes() if system else b"") + authority.cert_pem.bytes())
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._replayed: list[Exchange] = []
        self._position = 0
        self.recorded: list[Exchange] = []
        for table in (TABLE, KEYS):
            self._answer("CreateTable", json.dumps(table).encode())
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._folder.cleanup()

    def record(self) -> None:
        """Serve from the table, and keep in `recorded` what is exchanged from now on."""
        with self._lock:
            self._replayed, self.recorded = [], []

    def replay(self, exchanges: list[Exchange]) -> None:
        """Send these responses, in turn, to whatever is asked from now on."""
        with self._lock:
            self._replayed, self._position = exchanges, 0

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self._context.wrap_socket(plain, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while line := stream.readline():
                    headers = {}
                    while header := stream.readline().strip():
                        name, _, value = header.decode().partition(":")
                        headers[name.lower()] = value.strip()
                    body = stream.read(int(headers.get("content-length", 0)))
                    action = headers.get("x-amz-target", "").partition(".")[2] or line.decode().split()[1]
                    connection.sendall(self._respond(action, body))
        except OSError:
            plain.close()  # the peer closed the connection, or ended

    def _respond(self, action: str, body: bytes) -> bytes:
        with self._lock:
            if self._replayed:
                exchange = self._replayed[self._position % len(self._replayed)]
                self._position += 1
                if exchange.action != action:
                    raise AssertionError(f"{action} is asked for where {exchange.action} was recorded")
            else:
                exchange = Exchange(action, len(body), self._answer(action, body))
                self.recorded.append(exchange)
                return exchange.octets
        time.sleep(DELAY)
        return exchange.octets

    def _answer(self, action: str, body: bytes) -> bytes:
        headers = {"x-amz-target": f"DynamoDB_20120810.{action}"}
        answered: tuple[int, Any, bytes] = asyncio.run(dynamodb.handle_request("POST", "/", headers, body, {}))
        status, _, content = answered
        head = (
            f"HTTP/1.1 {status} -\r\nContent-Type: application/x-amz-json-1.0\r\nServer: Server\r\nConnection: keep-alive\r\n"
            f"x-amzn-RequestId: 4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG\r\n"
            f"x-amz-crc32: {zlib.crc32(content)}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content
