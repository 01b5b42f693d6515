"""Makes the projects of tests.new.projects one by one, calls each with curl, and runs its tests; see scripts/prove-new."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.new import projects
from tests.new.projects import PROJECTS, Project
from tests.stack import ROOT

CRUDCTL = (str(ROOT / ".venv" / "bin" / "crudctl"),)


def main() -> None:
    """Prove the chosen projects; exit with 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="scripts/prove-new", description=__doc__, allow_abbrev=False)
    parser.add_argument("--only", choices=PROJECTS, action="append", help="one of the projects; may be repeated")
    parser.add_argument("--target", default="test", help="of make, run in each project (default: %(default)s)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make the projects in FOLDER, and leave them there")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    results = {}
    with _folder(options.keep) as folder:
        for name in options.only or PROJECTS:
            results[name] = _proved(name, PROJECTS[name], folder / name, options.target)
    for name, result in results.items():
        print(f"{name:10}  {result}")
    sys.exit(0 if all(result.startswith("passed") for result in results.values()) else 1)


def _proved(name: str, project: Project, home: Path, target: str) -> str:
    """Make a project, call it, and run a target of its Makefile. Return what came of it, in words."""
    print(f"\n=== {name}: {project.resource} ===", flush=True)
    started = time.monotonic()
    projects.make(project, home, CRUDCTL)
    try:
        _make(home, "up")
        status = projects.first_call(home)
        seconds = time.monotonic() - started
        print(f"{name}: {seconds:.0f} s from `crudctl new` to the first response of curl, {status}", flush=True)
        if status != 200:
            return f"failed: curl got {status}"
        _make(home, "down")
        _make(home, target)
    except subprocess.CalledProcessError as error:
        return f"failed: `{' '.join(map(str, error.cmd))}` exited with {error.returncode}"
    finally:
        subprocess.run(["make", "clean"], cwd=home, env=_environ(), check=False)
    return f"passed `make {target}`; first curl after {seconds:.0f} s, {time.monotonic() - started:.0f} s in all"


def _make(home: Path, target: str) -> None:
    """Run make in a process group of its own, which ends with this program."""
    process = subprocess.Popen(["make", target], cwd=home, env=_environ(), start_new_session=True)
    try:
        code = process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    if code:
        raise subprocess.CalledProcessError(code, ["make", target])


def _environ() -> dict[str, str]:
    """The environment of the project's own make: nothing of this checkout's."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS")}


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="prove-new-") as folder:
            yield Path(folder)


if __name__ == "__main__":
    main()
