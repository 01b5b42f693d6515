"""What runs on this machine: emulators by state folder, free ports, and which program holds a port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

from crudctl.console import Failed
from emulator import process


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
    settings = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, env=settings, errors="replace"
    ).stdout
