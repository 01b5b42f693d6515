"""`crudctl bench`: measures the service beside what else one could use. The work is done in bench/, which is not shipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from crudctl import project
from crudctl.console import Failed, out

PARTS = ("cold", "warm", "memory", "package", "dynamodb", "cost", "local", "up")
OF_PEERS = PARTS[:5]
NEEDED = (".venv/.ready-dev", ".venv/.ready-peers", "build/functions.zip")
NODE = ".venv/.ready-peers-node"


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS), metavar="[PART]...")
@click.option(
    "--peers", metavar="NAMES", help="Some peers only, separated by commas; this project is always among them."
)
@click.option("--dry", is_flag=True, help="Measure, print the tables, and change no file.")
def bench(parts: tuple[str, ...], peers: str | None, *, dry: bool) -> None:
    """Measure cold starts, warm requests, memory, package, calls to DynamoDB, cost, and the local stack, beside the targets.

    The parts: cold, warm, memory, package, dynamodb, cost, local, up; all of them without any, in under 15 minutes. Installs the
    peers first: the same API on Powertools, FastAPI, boto3, awscrt, pydynox and Node. Writes docs/performance.md. Linux only.

    Example: crudctl bench cold warm --peers powertools,boto3
    """
    root = project.root()
    if not (root / "bench" / "peers").is_dir():
        raise Failed(f"{root} has no bench/peers.", "Run the command in a checkout of the project.")
    if sys.platform != "linux":
        raise Failed("The benchmarks read Linux's clocks of processes.", "Run them on Linux, or in the dev container.")
    if not parts or set(parts) & set(OF_PEERS):
        _install(root)
    options = [*(["--peers", peers] if peers else []), *(["--dry"] if dry else [])]
    path = os.pathsep.join([str(root / "src"), str(root)])
    command = [sys.executable, "-m", "bench.peers", *parts, *options]
    if code := subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": path}, check=False).returncode:
        raise SystemExit(code)


def _install(root: Path) -> None:
    """Install what the peers are made of. Node's needs a compiler; without it the others are measured."""
    if subprocess.run(["make", *NEEDED], cwd=root, check=False).returncode:
        raise Failed("The peers could not be installed.", "See the output above.")
    if subprocess.run(["make", NODE], cwd=root, check=False).returncode:
        out.print("Node's peers could not be installed, see above: they are left out.")
