"""Looks at this machine: which emulators serve a state folder, which ports are free and who has the others."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

from crudctl.console import Failed
from emulator import process


def serving(state: Path) -> list[int]:
    """The ids of the emulators that serve a state folder; more than its record knows when an `up` was killed."""
    listing = _said("ps", "-axww", "-o", "pid=,stat=,command=")
    found = []
    for line in listing.splitlines():
        pid, status, command = (line.split(maxsplit=2) + [""] * 3)[:3]
        if f" -m {process.MODULE} " in command and f" --state {state} " in f"{command} " and not status.startswith("Z"):
            found.append(int(pid))
    return found


def free_port(wanted: int | None, usual: int, option: str) -> int:
    """A port of 127.0.0.1 to listen on: the `wanted` one or none other, else the usual, else any that is free.

    Raises Failed with who has the `wanted` one, where that can be known; `option` is how the user named it.
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
        f"Choose another with {option}, or leave it out.",
    )


def holder(port: int) -> str:
    """The program that listens on a port, with its process id; empty where the machine does not tell."""
    pid = _said("lsof", "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN").partition("\n")[0]
    if not pid.isdigit():
        return ""
    command = _said("ps", "-ww", "-o", "command=", "-p", pid).strip()
    return f"process {pid} ({command[:200]})" if command else ""


def _said(program: str, *arguments: str) -> str:
    """What a program prints; nothing where there is no such program."""
    if not shutil.which(program):
        return ""
    settings = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, env=settings, errors="replace"
    ).stdout
