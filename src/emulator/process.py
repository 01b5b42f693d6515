"""Starts, finds and stops the process of the emulator; knows nothing of what runs in it."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

MODULE = "emulator"  # of `python -m`
ACCOUNT = "000000000000"

POLL = 0.02  # seconds
PROCESSES = Path("/proc")  # of Linux; elsewhere `ps` reports the same, and takes longer


class EmulatorUnavailable(RuntimeError):
    """The emulator did not respond in time, or its process has ended."""


def start(port: int, state_dir: Path, log_path: Path, region: str) -> int:
    """Start the emulator of an AWS region on 127.0.0.1:`port` in the background and return its process id.

    The state in `state_dir` is loaded, and the log is appended to `log_path`. Returns at once: call
    `wait_ready` before the first request.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", MODULE, "--port", str(port)]
    command += ["--region", region, "--state", str(state_dir), "--log", str(log_path)]
    source = str(Path(__file__).resolve().parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return process.pid


def wait_ready(port: int, timeout: float = 30.0, pid: int | None = None) -> None:
    """Return as soon as the emulator responds on `port`.

    Raises:
        EmulatorUnavailable: it does not within `timeout` seconds, or the process `pid` has ended.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if _is_ready(port):
            return
        if pid is not None and not is_emulator(pid):
            raise EmulatorUnavailable(f"the emulator (process {pid}) ended")
        time.sleep(POLL)
    raise EmulatorUnavailable(f"no response on port {port} after {timeout:g} s")


def _is_ready(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        with contextlib.closing(connection):
            connection.request("GET", "/_ministack/ready")
            return connection.getresponse().status == http.client.OK
    except (http.client.HTTPException, OSError):
        return False


def stop(pid: int, timeout: float = 15.0, module: str = MODULE) -> None:
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


def is_emulator(pid: int) -> bool:
    """Return whether `pid` is a living process that runs the emulator."""
    return runs(pid, MODULE)


def runs(pid: int, module: str) -> bool:
    """Return whether `pid` is a living process that runs `python -m module`."""
    with contextlib.suppress(ChildProcessError):  # another process started it, and reaps it
        os.waitpid(pid, os.WNOHANG)
    return f" -m {module} " in _command(pid)


def _command(pid: int) -> str:
    """Return the command line of a living process; empty if it has ended, even if nobody has reaped it."""
    if PROCESSES.exists():
        return _command_on_linux(PROCESSES / str(pid))
    listing = subprocess.run(
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    status, _, command = listing.stdout.strip().partition(" ")
    return "" if status.startswith("Z") else command


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


def root_credentials(region: str) -> dict[str, str]:
    """Return environment variables that make an AWS client the root of the emulator's account, in `region`.

    With IAM enforced, MiniStack treats the access key `test` (secret `test`) as the root of the
    account, to which no policy applies. It checks the signature, so the secret matters.
    """
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
