"""What runs on this machine: other programs and what they print, and ports with who holds them."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
import uuid
from collections.abc import Collection, Mapping
from pathlib import Path

from crudctl.console import Failed


def run(
    program: str | Path,
    *arguments: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    hint: str = "",
    errors: str = "replace",
    umask: int = -1,
    pass_fds: Collection[int] = (),
) -> subprocess.CompletedProcess[str]:
    """Run a program without input and return how it ended and what it printed, read as UTF-8 whatever the locale is.

    Args:
        hint: what to do when it is not installed; by default, to install it.
        errors: what becomes of bytes that are not UTF-8, as for `bytes.decode`.
        umask: of the program; by default, the caller's.
        pass_fds: file descriptors that the program has too, such as of a lock.

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
            errors=errors,
            umask=umask,
            pass_fds=pass_fds,
            check=False,
        )
    except (FileNotFoundError, PermissionError) as error:
        if error.filename != str(program):
            raise
        reason = "is not installed, or not on PATH" if isinstance(error, FileNotFoundError) else "may not be executed"
        raise Failed(
            f"The program {program} {reason}.", hint or f"Install {Path(program).name} and try again."
        ) from error


def identity(pid: int) -> str:
    """Return what tells a process from every other one, also on another machine or after a restart; empty if it has ended.

    A host name and a process id do not: containers share host names, and ids are used again.
    """
    began = _began(pid)
    return f"{_machine()} {pid} {began}" if began else ""


def lives(known: str) -> bool | None:
    """Return whether the process with this `identity` is running; None if it is not of this machine, as it is running now."""
    machine, _, rest = known.partition(" ")
    if machine != _machine():
        return None
    return identity(int(rest.partition(" ")[0])) == known


def _machine() -> str:
    """Return what tells this machine, since it was started, from every other: on Linux, of each container another value."""
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    try:
        return f"{boot.read_text(encoding='ascii').strip()}/{namespace.readlink().name}"
    except OSError:  # not Linux
        started = run("sysctl", "-n", "kern.boottime", hint="It belongs to macOS and BSD.").stdout
        return f"{uuid.getnode():012x}/{re.sub('[^0-9]+', '-', started)}"


def _began(pid: int) -> str:
    """Return when a process began; empty if it has ended, even if nobody has reaped it."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if fields[0] == "Z" else fields[19]  # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    status, _, began = run("ps", "-o", "stat=,lstart=", "-p", str(pid)).stdout.strip().partition(" ")
    return "" if status.startswith("Z") else "-".join(began.split())


def user() -> str:
    """Return the name of the user who runs this, or of a user without a name, as in a container, the number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # KeyError before Python 3.13
        return f"uid {os.getuid()}"


def free_port(wanted: int | None, usual: int, option: str, promised: int | None = None) -> int:
    """Return a free port of 127.0.0.1: the `wanted` one if given, else the usual one, else any.

    Args:
        option: the command line option that the port was given with.
        promised: a port that something else is about to use.

    Raises Failed when the `wanted` port is taken, naming the program that holds it where known.
    """
    for port in (wanted,) if wanted else (usual, 0):
        if port == promised:
            continue
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
