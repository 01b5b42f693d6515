"""Starts, finds and stops the process of the emulator; knows nothing of what runs in it."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MODULE = "emulator"  # of `python -m`
ACCOUNT = "000000000000"

PID_PATH = "/_emulator/pid"  # responds with the emulator's process id

POLL = 0.02  # seconds
PROCESSES = Path("/proc")  # of Linux; elsewhere `ps` reports the same, and takes longer

ROOT_FILE = "root.secret"  # in the state folder
PRIVATE = 0o077  # umask of what is for the user alone, who can run programs through it
_INHERITED = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "SYSTEMROOT")


class EmulatorUnavailable(RuntimeError):
    """The emulator did not respond in time, or its process has ended."""


class ProgramMissing(RuntimeError):
    """A program that lists processes is not installed."""


def start(port: int, state_dir: Path, log_path: Path, region: str) -> int:
    """Start the emulator of an AWS region on 127.0.0.1:`port` in the background and return its process id.

    The state in `state_dir` is loaded, and the log is appended to `log_path`. Returns at once: call
    `wait_ready` before the first request. What it writes is for the user alone. Its root's secret is made at the first start.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):  # if a file is in the way, the emulator reports it
        state_dir.mkdir(mode=0o700, parents=True)
    if state_dir.is_dir():
        make_secret(state_dir)
    command = [sys.executable, "-P", "-m", MODULE, "--port", str(port)]
    command += [
        "--identity",
        identity(state_dir),
        "--region",
        region,
        "--state",
        str(state_dir),
        "--log",
        str(log_path),
    ]
    return start_server(command, log_path)


def start_server(command: list[str], log_path: Path) -> int:
    """Start a server of this project in the background and return its process id. What it prints is appended to `log_path`.

    It gets few of the caller's variables, and none that holds credentials or says where they are: a process can read the
    environment of another one of the same user.
    """
    source = str(Path(__file__).resolve().parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    with open(os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
        return subprocess.Popen(
            command,
            env={**inherited, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=PRIVATE,
        ).pid


def make_secret(state_dir: Path) -> None:
    """Make the secret of the root of the emulator on `state_dir`, atomically, unless there is one."""
    path = state_dir / ROOT_FILE
    if path.exists():
        return
    incomplete = path.with_name(f"{ROOT_FILE}.{os.getpid()}.tmp")
    with open(os.open(incomplete, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    incomplete.replace(path)


def wait_ready(port: int, timeout: float = 120.0, pid: int | None = None) -> None:
    """Return as soon as the emulator responds on `port`.

    Args:
        timeout: in seconds.
        pid: of the emulator that must respond. Another may have taken the port since it was found to be free.

    Raises:
        EmulatorUnavailable: it does not within `timeout` seconds, or the process `pid` has ended.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if _get(port, "/_ministack/ready") is not None and pid in (None, _pid_of(port)):
            return
        if pid is not None and not is_emulator(pid):
            raise EmulatorUnavailable(f"the emulator (process {pid}) ended")
        time.sleep(POLL)
    raise EmulatorUnavailable(f"no response on port {port} after {timeout:g} s")


def _pid_of(port: int) -> int | None:
    """Return the process id of the emulator that responds on `port`; None if none does."""
    body = _get(port, PID_PATH)
    return int(body) if body is not None and body.isdigit() else None


def _get(port: int, path: str) -> bytes | None:
    """Return the body of a 200 response; None for any other."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.read() if response.status == http.client.OK else None
    except (http.client.HTTPException, OSError):
        return None


def stop(pid: int, timeout: float = 60.0, module: str = MODULE) -> None:
    """Ask the process `pid` to save its state and end, and wait until it has.

    Args:
        timeout: in seconds.
        module: what the process runs, if it is another server than the emulator.

    A process that does not run the module (it has ended, or its id belongs to another one) is left alone.

    Raises:
        EmulatorUnavailable: it is still running after `timeout` seconds.
    """
    if not runs(pid, module):
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while runs(pid, module):
        if time.monotonic() > deadline:
            raise EmulatorUnavailable(f"process {pid} did not end within {timeout:g} s")
        time.sleep(POLL)


def serving(state_dir: Path) -> list[int]:
    """Return the process ids of the emulators that serve a state folder: one, or after a killed `start` possibly more.

    They are found by the folder's identity, not by its path, which a listing of processes may show in other characters. Raises
    ProgramMissing where only `ps` lists processes, and it is not installed.
    """
    return [pid for pid, command in _commands() if _serves(command, state_dir)] if state_dir.exists() else []


def serves(pid: int, state_dir: Path) -> bool:
    """Return whether `pid` is a living emulator that serves a state folder."""
    return is_emulator(pid) and state_dir.exists() and _serves(command(pid), state_dir)


def _serves(command: str, state_dir: Path) -> bool:
    # An emulator that was started by a version before 1.2 has no identity, and is still to be found after an upgrade.
    named = f" --identity {identity(state_dir)} " if " --identity " in command else f" --state {state_dir} "
    return f" -m {MODULE} " in command and named in command


def identity(folder: Path) -> str:
    """Return what identifies a folder in a command line, also after it was moved: its device and its inode."""
    found = folder.stat()
    return f"{found.st_dev}-{found.st_ino}"


def _commands() -> Iterator[tuple[int, str]]:
    """Yield process id and command line of each living process, with a space after each argument."""
    if PROCESSES.exists():
        for process in PROCESSES.glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended
                yield int(process.name), (process / "cmdline").read_text(errors="replace").replace("\0", " ")
        return
    for line in _ps("-axww", "-o", "pid=,stat=,command=").splitlines():
        pid, status, command = [*line.split(maxsplit=2), "", ""][:3]
        if not status.startswith("Z"):
            yield int(pid), f"{command} "


def _ps(*arguments: str) -> str:
    try:
        return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False, errors="replace").stdout
    except FileNotFoundError as error:
        raise ProgramMissing("The program ps, which lists processes, is not installed, or not on PATH.") from error


def is_emulator(pid: int) -> bool:
    """Return whether `pid` is a living process that runs the emulator."""
    return runs(pid, MODULE)


def runs(pid: int, module: str) -> bool:
    """Return whether `pid` is a living process that runs `python -m module`."""
    with contextlib.suppress(ChildProcessError):  # another process started it, and reaps it
        os.waitpid(pid, os.WNOHANG)
    return f" -m {module} " in command(pid)


def command(pid: int) -> str:
    """Return the command line of a living process; empty if it has ended, even if nobody has reaped it."""
    if PROCESSES.exists():
        return _command_on_linux(PROCESSES / str(pid))
    status, _, command = _ps("-ww", "-o", "stat=,command=", "-p", str(pid)).strip().partition(" ")
    return "" if status.startswith("Z") else f"{command} "


def _command_on_linux(process: Path) -> str:
    try:
        for _ in range(100):
            command = (process / "cmdline").read_text(errors="replace").replace("\0", " ")
            status = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            if command or status == "Z":
                return command
            time.sleep(0.001)  # for a moment after it was started, a process has no command line
    except OSError:
        pass  # it has ended
    return ""


def endpoint_url(port: int) -> str:
    """Return the value of AWS_ENDPOINT_URL for clients of the emulator."""
    return f"http://127.0.0.1:{port}"


def api_url(port: int, api_id: str, stage: str) -> str:
    """Return the base URL of a deployed REST API, without a trailing slash."""
    return f"{endpoint_url(port)}/_aws/execute-api/{api_id}/{stage}"


def root_secret(state_dir: Path) -> str:
    """Return the secret of the root of the emulator on `state_dir`; empty if none was ever started there."""
    path = state_dir / ROOT_FILE
    return path.read_text(encoding="ascii") if path.exists() else ""


def root_credentials(region: str, state_dir: Path) -> dict[str, str]:
    """Return environment variables that make an AWS client the root of the account of the emulator on `state_dir`, in `region`.

    No policy applies to the root, whose access key is `test`, and who is also the root of any other account by its twelve
    digits. The secret is random for each state folder, and who can read the folder has it. Where no emulator was ever
    started it is `none`, which opens nothing.
    """
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": root_secret(state_dir) or "none",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
