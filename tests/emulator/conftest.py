"""The emulators that the tests of this directory share: ours, MiniStack as released, and MiniStack with docs/upstream."""

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

from .copies import UPSTREAM, apply, copy_of_ministack, importing
from .stack import REGION, Stack


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The local stack's AWS: MiniStack with the additions of `src/emulator`."""
    directory, port = tmp_path_factory.mktemp("ours"), free_port()
    pid = process.start(port, directory / "state", directory / "log", REGION)
    process.wait_ready(port, pid=pid)
    yield Stack(port, folder=directory / "state")
    process.stop(pid)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """MiniStack alone, but otherwise run in the same way."""
    yield from serving(tmp_path_factory.mktemp("ministack"), os.environ.get("PYTHONPATH", ""))


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """MiniStack alone, with all patches of docs/upstream."""
    folder = tmp_path_factory.mktemp("upstream")
    copy_of_ministack(folder)
    for patch in UPSTREAM:
        apply(patch, folder)
    yield from serving(folder, importing(folder))


def serving(folder: Path, python_path: str) -> Iterator[Stack]:
    port = free_port()
    server = start_ministack(port, folder, python_path)
    process.wait_ready(port)
    yield Stack(port, folder=folder)
    server.terminate()
    server.wait(120)


def start_ministack(port: int, directory: Path, python_path: str = "") -> subprocess.Popen[bytes]:
    """Start MiniStack alone, which keeps its files in `directory`."""
    (directory / "tmp").mkdir(exist_ok=True)
    with (directory / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "ministack"],
            env={
                **environment(port, directory, REGION, "test"),
                "PYTHONPATH": python_path or os.environ.get("PYTHONPATH", ""),
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "adds(difference): with our addition, the behaviour is that of AWS")
    config.addinivalue_line("markers", "lacks(difference): MiniStack alone still needs the addition")
