"""Builds what each peer would deploy: one folder as Lambda would have it, with bytecode, and one without.

Third-party packages come from `.venv/peers` (requirements-peers.txt) and `.venv/peers-node` (bench/peers/node). Each folder has
what its peer needs and no more, because some packages look at all that is installed.
"""

from __future__ import annotations

import compileall
import importlib.metadata as metadata
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement

from bench.peers.registry import PEERS, RUNTIME, Peer
from crudctl.build import package

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "build" / "peers"
HERE = Path(__file__).parent
CONTRACT = (
    ROOT / "tests" / "contracts" / "items.yaml"
)  # whatever the project's own resource is, the peers serve this one
NODE = ROOT / ".venv" / "peers-node" / "node_modules"
SOURCE_ONLY = "-source"  # ends the names of folders without bytecode


class Missing(Exception):
    """Something that the peers need is not installed; the message says what to do."""


def site() -> Path:
    """Return where the peers' Python packages are installed."""
    found = next((ROOT / ".venv" / "peers" / "lib").glob("python*/site-packages"), None)
    return found or Path(sysconfig.get_path("purelib"))  # the tests' environment has some of them too


def runtime_of_node() -> Path:
    """Return AWS's runtime client for Node. Raise Missing if it is not installed, or was not compiled."""
    client = NODE / "aws-lambda-ric"
    if not (client / "rapid-client.node").is_file():
        raise Missing("AWS's runtime client for Node is not installed. Run `make .venv/.ready-peers-node`.")
    return client / "index.mjs"


def build(names: Sequence[str]) -> None:
    """Build these peers, and the runtime client for Python.

    Raises:
        Missing: A package is not installed.
    """
    shutil.rmtree(BUILT, ignore_errors=True)
    _install(BUILT / "runtime", RUNTIME, bytecode=True)
    for name in names:
        peer = PEERS[name]
        if peer.kind == "functions":
            _functions(peer, BUILT / name)
        elif peer.kind == "python":
            for folder, bytecode in ((BUILT / name, True), (BUILT / f"{name}{SOURCE_ONLY}", False)):
                _install(folder, peer.distributions, bytecode)
                _own(peer, folder, bytecode)
        else:
            _bundle(peer, BUILT / name)


def size(folder: Path) -> tuple[int, int]:
    """Return the bytes of a folder, and of a zip with all of it."""
    archive = BUILT / "size.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
        files = [path for path in folder.rglob("*") if path.is_file()]
        for path in files:
            zipped.write(path, path.relative_to(folder))
    zipped_size = archive.stat().st_size
    archive.unlink()
    return sum(path.stat().st_size for path in files), zipped_size


def distributions_of(wanted: Sequence[str]) -> list[metadata.Distribution]:
    """Return distributions and all that they need, with the extras that are asked for."""
    folder, found = str(site()), dict[str, metadata.Distribution]()
    waiting = [Requirement(each) for each in wanted]
    done: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        if (requirement.name, str(sorted(requirement.extras))) in done:
            continue
        done.add((requirement.name, str(sorted(requirement.extras))))
        distribution = next(iter(metadata.distributions(name=requirement.name, path=[folder])), None)
        if distribution is None:
            raise Missing(f"{requirement.name} is not installed for the peers. Run `make .venv/.ready-peers`.")
        found[distribution.name] = distribution
        for each in map(Requirement, distribution.requires or []):
            extras = requirement.extras or {""}
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(each)
    return list(found.values())


def _install(folder: Path, wanted: Sequence[str], bytecode: bool) -> None:
    folder.mkdir(parents=True)
    for distribution in distributions_of(wanted) if wanted else ():
        for path in _files(distribution):
            if bytecode or path.suffix != ".pyc":
                target = folder / path.relative_to(site())
                target.parent.mkdir(parents=True, exist_ok=True)
                _link(path, target)


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError:  # on another file system
        shutil.copy2(path, target)


def _files(distribution: metadata.Distribution) -> Iterator[Path]:
    for path in distribution.files or []:
        located = Path(str(distribution.locate_file(path))).resolve()
        if located.is_relative_to(site().resolve()) and located.is_file():
            yield located


def _own(peer: Peer, folder: Path, bytecode: bool) -> None:
    for module in peer.modules:
        shutil.copy(HERE / "python" / module, folder / module)
    if bytecode:
        for module in peer.modules:
            compileall.compile_file(str(folder / module), quiet=1)


def _functions(peer: Peer, folder: Path) -> None:
    """Unpack the zip that would be deployed for the peers' contract, and beside it the sources alone."""
    project = BUILT / "project"
    (project / "contract").mkdir(parents=True)
    (project / "build").mkdir()
    shutil.copy(CONTRACT, project / "contract" / "openapi.yaml")
    shutil.copytree(
        ROOT / "src" / "functions",
        project / "src" / "functions",
        ignore=shutil.ignore_patterns("__pycache__", "operations.py"),
    )
    built = package.build(project)
    with zipfile.ZipFile(built.zip) as archive:
        archive.extractall(folder)
    shutil.copy(built.zip, BUILT / "functions.zip")
    source = folder.with_name(f"{folder.name}{SOURCE_ONLY}")
    shutil.copytree(project / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    _own(peer, folder, bytecode=True)
    _own(peer, source, bytecode=False)


def _bundle(peer: Peer, folder: Path) -> None:
    runtime_of_node()
    folder.mkdir(parents=True)
    for module in peer.modules:
        subprocess.run(
            [
                NODE / ".bin" / "esbuild", HERE / "node" / module, "--bundle", "--minify",
                "--platform=node", "--target=node20", "--format=cjs", "--log-level=warning",
                f"--outfile={folder / module.replace('.mjs', '.js')}",
            ],
            check=True,
            env={**os.environ, "NODE_PATH": str(NODE)},
        )  # fmt: skip


def python() -> str:
    """Return the interpreter itself, not that of a virtual environment, whose start takes longer."""
    return getattr(sys, "_base_executable", sys.executable)
