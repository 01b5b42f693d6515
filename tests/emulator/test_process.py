"""Starting, finding and stopping the process of the emulator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from emulator import process

from .conftest import free_port
from .stack import REGION


def test_another_process_is_left_alone() -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    assert not process.is_emulator(other.pid)
    process.stop(other.pid)
    assert other.poll() is None
    other.kill()
    other.wait()


def test_stopping_twice_is_not_an_error(tmp_path: Path) -> None:
    port = free_port()
    pid = process.start(port, tmp_path / "state", tmp_path / "log", REGION)
    process.wait_ready(port, pid=pid)
    process.stop(pid)
    process.stop(pid)
    assert not process.is_emulator(pid)


def test_waiting_ends_as_soon_as_the_process_has_ended(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way of the directory")
    pid = process.start(free_port(), tmp_path / "state", tmp_path / "log", REGION)
    with pytest.raises(process.EmulatorUnavailable, match="ended"):
        process.wait_ready(free_port(), timeout=20, pid=pid)


def test_waiting_has_a_timeout() -> None:
    with pytest.raises(process.EmulatorUnavailable, match="no response"):
        process.wait_ready(free_port(), timeout=0.2)


def test_process_is_recognized_as_soon_as_it_is_started() -> None:
    for _ in range(50):
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "-m", "emulator", ""])
        assert process.is_emulator(other.pid)
        other.kill()
        other.wait()
        assert not process.is_emulator(other.pid)
