"""What runs on this machine: other programs and what they print, emulators by state folder, and ports with who holds them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from crudctl.console import Failed
from emulator import process


def run(
    program: str | Path, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, hint: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a program without input and return how it ended and what it printed, read as UTF-8 whatever the locale is.

    Args:
        hint: what to do when it is not installed; by default, to install it.

    Raises Failed, which names the program, when it cannot be started.
    """
    try:
        return subprocess.run(
            [program, *arguments],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except (FileNotFoundError, PermissionError) as error:
        if error.filename != str(program):
            raise
        reason = "is not installed, or not on PATH" if isinstance(error, FileNotFoundError) else "may not be executed"
        raise Failed(
            f"The program {program} {reason}.", hint or f"Install {Path(program).name} and try again."
        ) from error


def serving(state: Path) -> list[int]:
    """Return the process ids of the emulators that serve a state folder; after a killed `up` more than are recorded."""
    listing = _output("ps", "-axww", "-o", "pid=,stat=,command=")
    found = []
    for line in listing.splitlines():
        pid, status, command = (line.split(maxsplit=2) + [""] * 3)[:3]
        if f" -m {process.MODULE} " in command and f" --state {state} " in f"{command} " and not status.startswith("Z"):
            found.append(int(pid))
    return found


def free_port(wanted: int | None, usual: int, option: str) -> int:
    """Return a free port of 127.0.0.1: the `wanted` one if given, else the usual one, else any.

    Raises Failed when the `wanted` port is taken, naming the program that holds it where known. `option` is the command
    line option that the port was given with.
    """
    for port in (wanted,) if wanted else (usual, 0):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(listener.getsockname()[1])
    assert wanted
    raise Failed(
        f"Port {wanted} of 127.0.0.1 is taken by {holder(wanted) or 'another program'}.",
        f"Choose another with {option}, or leave the option out.",
    )


def holder(port: int) -> str:
    """Return the program that listens on a port, with its process id; empty when it is not known."""
    pid = _output("lsof", "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN").partition("\n")[0]
    if not pid.isdigit():
        return ""
    command = _output("ps", "-ww", "-o", "command=", "-p", pid).strip()
    return f"process {pid} ({command[:200]})" if command else ""


def _output(program: str, *arguments: str) -> str:
    """Return what a program prints; empty when it is not installed."""
    if not shutil.which(program):
        return ""
    return run(program, *arguments, env={**os.environ, "LC_ALL": "C"}).stdout
