"""Starts moto and dynalite on loopback. Each ends with the `with` that started it, and dynalite also with this process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from tests.conftest import ANYBODY
from tests.oracles import installed
from tests.stack import ROOT, free_port

LIMIT = 60  # seconds to start in


@contextlib.contextmanager
def moto(log: Path) -> Iterator[dict[str, str]]:
    """Start moto's server, which is many services of AWS, with nothing in them. Yield the environment of a client.

    Args:
        log: the file for what it prints.
    """
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [str(installed.python()), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _started(command, log) as server, httpx.Client(timeout=LIMIT) as client:
        for _ in range(LIMIT * 20):
            assert server.poll() is None, log.read_text(encoding="utf-8")
            with contextlib.suppress(httpx.ConnectError):
                client.get(f"{url}/moto-api/data.json")
                break
            time.sleep(0.05)
        yield ANYBODY | {"AWS_ENDPOINT_URL": url}


@contextlib.contextmanager
def dynalite(log: Path) -> Iterator[dict[str, str]]:
    """Start dynalite, a DynamoDB without a table. Yield the environment of a client. Parameters as `moto`."""
    installed.npm_package("dynalite")
    with _started(["node", str(ROOT / "tests" / "oracles" / "dynalite.cjs")], log) as server:
        for _ in range(LIMIT * 20):
            assert server.poll() is None, log.read_text(encoding="utf-8")
            if (printed := log.read_text(encoding="utf-8")).endswith("\n"):
                break
            time.sleep(0.05)
        yield ANYBODY | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{int(printed)}"}


@contextlib.contextmanager
def _started(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    environ: Mapping[str, str] = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "AWS_REGION": "eu-west-2"}
    with log.open("wb") as printed:
        server = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=printed, stderr=subprocess.STDOUT)
    try:
        yield server
    finally:
        server.terminate()
        server.communicate()
