"""Serves the functions for one contract over HTTP: `python -m tests.contracts.serve CONTRACT`, which prints its port.

The functions read their contract when they are imported, so another contract needs another process. The environment is that of
the functions: the table, its index and the endpoint of DynamoDB.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests import contracts


@contextmanager
def serving(path: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Serve the contract at `path` in a process of its own for as long as the block runs; yields its URL."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "tests.contracts.serve", str(path)]
        with log.open("w") as lines:
            server = subprocess.Popen(
                command, cwd=Path(__file__).parents[2], env={**os.environ, **environ}, stdout=lines
            )
        try:
            while not (printed := log.read_text(encoding="utf-8")).endswith("\n"):
                assert server.poll() is None
                time.sleep(0.05)
            yield f"http://127.0.0.1:{printed.split()[0]}/"
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    contracts.install(Path(sys.argv[1]))
    from tests.api.in_process import InProcess  # after the contract, which the functions read then

    transport = InProcess(dict(os.environ))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = httpx.Request(
                self.command, f"http://127.0.0.1{self.path}", headers=self.headers.items(), content=body
            )
            response = transport.handle_request(request)
            self.send_response(response.status_code)
            for name, value in response.headers.multi_items():
                self.send_header(name, value)
            if response.status_code in (204, 304):
                self.end_headers()
                return
            if "content-length" not in response.headers:
                self.send_header("Content-Length", str(len(response.content)))
            self.end_headers()
            self.wfile.write(response.content)

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing: the functions log each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
