"""Starting, finding and stopping the process of the emulator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from emulator import process

from .conftest import free_port
from .stack import REGION, Stack


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
        process.wait_ready(free_port(), timeout=180, pid=pid)


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


@pytest.mark.parametrize("name", ["naïve café", "a & b; c", "[x] (y)", 'quo"te', "日本語"])
def test_the_emulator_of_a_folder_is_found_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    """And its state is kept there, apart from that of a folder beside it."""
    state, beside, port = tmp_path / name / "state", tmp_path / f"{name} 2" / "state", free_port()
    beside.mkdir(parents=True)
    pid = process.start(port, state, tmp_path / name / "log", REGION)
    try:
        process.wait_ready(port, pid=pid)
        assert process.is_emulator(pid)
        assert process.serves(pid, state)
        assert not process.serves(pid, beside)
        assert (process.serving(state), process.serving(beside)) == ([pid], [])
    finally:
        process.stop(pid)
    assert process.serving(state) == []
    assert (state / "state.sqlite").is_file()


def test_two_emulators_on_one_machine_are_told_apart(tmp_path: Path) -> None:
    """Each in a region of its own, with what the other does not have."""
    ports, started = (free_port(), free_port()), {}
    try:
        for port, region in zip(ports, (REGION, "ap-southeast-2"), strict=True):
            started[region] = process.start(port, tmp_path / region, tmp_path / f"{region}.log", region)
            process.wait_ready(port, pid=started[region])
        assert [process.serving(tmp_path / region) for region in started] == [[pid] for pid in started.values()]
        for port, region in zip(ports, started, strict=True):
            topic = Stack(port, region, tmp_path / region).client("sns").create_topic(Name="alarms")["TopicArn"]
            assert topic == f"arn:aws:sns:{region}:{process.ACCOUNT}:alarms"
    finally:
        for pid in started.values():
            process.stop(pid)


def test_an_emulator_that_an_older_version_started_is_still_found(tmp_path: Path) -> None:
    """It names its state folder, and not the folder's identity."""
    arguments = ["-m", "emulator", "--port", "1", "--state", str(tmp_path), "--log", "x"]
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", *arguments])
    try:
        assert process.is_emulator(other.pid)
        assert process.serving(tmp_path) == [other.pid]
        assert process.serves(other.pid, tmp_path)
    finally:
        other.kill()
        other.wait()


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a system without /proc, where `ps` lists the processes."""
    monkeypatch.setattr(process, "PROCESSES", tmp_path / "proc")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(process.ProgramMissing, match="The program ps"):
        process.serving(tmp_path)
