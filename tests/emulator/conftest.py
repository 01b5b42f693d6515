"""Two emulators for the tests of this directory: ours, and MiniStack as it is released."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import process
from emulator.settings import environment

from .stack import Stack


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The local stack's AWS: MiniStack with the additions of emulator."""
    directory, port = tmp_path_factory.mktemp("ours"), free_port()
    pid = process.start(port, directory / "state", directory / "log")
    process.wait_ready(port, pid=pid)
    yield Stack(port)
    process.stop(pid)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """MiniStack without any of them, but otherwise run in the same way."""
    directory, port = tmp_path_factory.mktemp("ministack"), free_port()
    server = start_ministack(port, directory)
    process.wait_ready(port)
    yield Stack(port)
    server.terminate()
    server.wait(15)


def start_ministack(port: int, directory: Path) -> subprocess.Popen[bytes]:
    (directory / "tmp").mkdir(exist_ok=True)
    with (directory / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env={**environment(port, directory), "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "adds(difference): our addition makes it as on AWS")
    config.addinivalue_line("markers", "lacks(difference): MiniStack still needs the addition")
