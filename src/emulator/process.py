"""Starts, finds and stops the emulator's process; knows nothing of what runs inside it."""

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
REGION = "eu-west-2"


class EmulatorUnavailable(RuntimeError):
    """The emulator did not answer in time, or its process is gone."""


def start(port: int, state_dir: Path, log_path: Path) -> int:
    """Start the emulator on 127.0.0.1:`port` in the background and return its process id.

    The state found in `state_dir` is loaded; `log_path` is appended to. Returns at once: call
    `wait_ready` before the first request.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", MODULE, "--port", str(port)]
    command += ["--state", str(state_dir), "--log", str(log_path)]
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
    """Return as soon as the emulator answers on `port`.

    Raises EmulatorUnavailable after `timeout` seconds, or at once when `pid` has ended.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            with contextlib.closing(connection):
                connection.request("GET", "/_ministack/ready")
                if connection.getresponse().status == http.client.OK:
                    return
        except (http.client.HTTPException, OSError):
            if pid is not None and not is_emulator(pid):
                raise EmulatorUnavailable(f"the emulator (process {pid}) ended") from None
        time.sleep(0.1)
    raise EmulatorUnavailable(f"no answer on port {port} after {timeout:g} s")


def stop(pid: int, timeout: float = 15.0, module: str = MODULE) -> None:
    """Ask the emulator `pid` to save its state and end, and wait until it has; or another `module` that runs.

    A process that is not ours (ended, or the id was given to another) is left alone.
    Raises EmulatorUnavailable when it is still there after `timeout` seconds.
    """
    if not runs(pid, module):
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if not runs(pid, module):
            return
        time.sleep(0.05)
    raise EmulatorUnavailable(f"process {pid} did not end within {timeout:g} s")


def is_emulator(pid: int) -> bool:
    """Whether `pid` is a living process that runs our emulator module."""
    return runs(pid, MODULE)


def runs(pid: int, module: str) -> bool:
    """Whether `pid` is a living process that runs `module`."""
    _reap(pid)
    listing = subprocess.run(
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    status, _, command = listing.stdout.strip().partition(" ")
    return not status.startswith("Z") and f" -m {module} " in command


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # started by another process: it is that one's to reap


def endpoint_url(port: int) -> str:
    """The value of AWS_ENDPOINT_URL for clients of the emulator."""
    return f"http://127.0.0.1:{port}"


def api_url(port: int, api_id: str, stage: str) -> str:
    """The base URL of a deployed REST API, without a trailing slash."""
    return f"{endpoint_url(port)}/_aws/execute-api/{api_id}/{stage}"


def root_credentials() -> dict[str, str]:
    """Environment variables that make an AWS client the account root of the emulator.

    With IAM enforced, MiniStack takes the access key `test` (secret `test`) as the root of the
    account, to which no policy applies. It checks the signature, so the secret matters.
    """
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
