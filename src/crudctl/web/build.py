"""Build web/ if its sources changed, and check it. Knows no Terraform."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from crudctl import locks, processes
from crudctl.console import Failed, step
from crudctl.project import without_aws

NODE = "Install Node.js 20.19 or newer, with npm."
GENERATED = ("node_modules", "dist")
OLDEST = (20, 19)
UNBUILDABLE = "[{?#\\:"  # characters of a path in which Vite 8 does not find modules, or npm its programs
CONTRACT = ("contract/openapi.yaml", "build/web-contract.json")  # served, and built into the app
CACHE = "npm_config_cache"
PACKAGES, BUILT = "web-packages.sha256", "web.sha256"  # in build/: digests of what was last installed and built


def missing(root: Path) -> Failed | None:
    """Return why the web app cannot be built here, with what to do, or None if it can."""
    if reason := _lacks_node():
        return Failed(f"{reason}.", NODE)
    if found := [character for character in UNBUILDABLE if character in str(root)]:
        return Failed(f"Vite cannot build in {root}, because of {' '.join(found)} in its path.", "Rename the folder.")
    return None


def _lacks_node() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return f"{'npm' if node else 'Node.js'} is not installed, or not on PATH"
    version = processes.run(node, "--version").stdout.strip().removeprefix("v")
    numbers = re.match(r"(\d+)\.(\d+)\.", version)
    if not numbers:
        return f"{node} does not print a version"
    if tuple(map(int, numbers.groups())) < OLDEST:
        return f"Node.js {version} is too old"
    return ""


def build(root: Path, progress: Callable[[str], None]) -> bool:
    """Build web/dist if its sources changed. Return whether it was built. Another build of the same project is waited for.

    It is built in a folder of its own and put in its place when it is complete, so that nobody serves or uploads half of it.
    `crudctl package` has to run first: build/web-contract.json is one of the sources. Raises Failed with the output of npm.
    """
    web = root / "web"
    with locks.of_builds(root):
        wanted = _digest(root, _sources(web), [root / name for name in CONTRACT])
        if (web / "dist" / "index.html").exists() and _recorded(root, BUILT) == wanted:
            return False
        install(root, progress)
        progress("vite build")
        with tempfile.TemporaryDirectory(prefix=".web.", dir=root / "build") as folder:
            staged = Path(folder) / "dist"
            _npm(root, "web", "run", "--silent", "build", "--", "--outDir", str(staged), "--emptyOutDir")
            if (web / "dist").exists():
                shutil.move(web / "dist", Path(folder) / "old")
            shutil.move(staged, web / "dist")
        _record(root, BUILT, wanted)
    return True


def check(root: Path, progress: Callable[[str], None]) -> None:
    """Check format, lint, types and unit tests of web/. Raises Failed with their output."""
    install(root, progress)
    progress("npm run check")
    _npm(root, "web", "run", "--silent", "check", lines=200)


def install(root: Path, progress: Callable[[str], None], folder: str = "web", record: str = PACKAGES) -> None:
    """Install exactly the packages in package-lock.json of `folder`, unless they are installed already.

    Args:
        record: name of a file in build/, with the digest of what was installed last.
    """
    with locks.of_builds(root):
        wanted = _digest(root, [root / folder / "package-lock.json", root / folder / "package.json"])
        if (root / folder / "node_modules").exists() and _recorded(root, record) == wanted:
            return
        progress("npm ci")
        _npm(root, folder, "ci", "--no-audit", "--no-fund", "--loglevel=error")
        _record(root, record, wanted)


def _sources(web: Path) -> Iterator[Path]:
    for entry in sorted(web.iterdir()):
        if entry.name not in GENERATED:
            yield from (entry.rglob("*") if entry.is_dir() else [entry])


def _digest(root: Path, *groups: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(path for group in groups for path in group if path.is_file()):
        digest.update(f"{file.relative_to(root)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _recorded(root: Path, name: str) -> str:
    path = root / "build" / name
    return path.read_text(encoding="ascii") if path.exists() else ""


def _record(root: Path, name: str, digest: str) -> None:
    (root / "build").mkdir(exist_ok=True)
    (root / "build" / name).write_text(digest, encoding="ascii")


def _npm(root: Path, folder: str, *arguments: str, lines: int = 20) -> None:
    result = processes.run("npm", *arguments, cwd=root / folder, env=_settings(root), hint=NODE)
    if result.returncode:
        output = f"{result.stdout}\n{result.stderr}".strip().splitlines()[:lines]  # npm ends with a list of its options
        raise Failed(
            f"npm {' '.join(arguments)} failed in {folder}/:\n" + "\n".join(output),
            f"Fix the error in {folder}/, or check that npm can reach its registry.",
        )


def _settings(root: Path) -> dict[str, str]:
    """Return npm's environment, with a cache in build/ when its usual one, ~/.npm, cannot be written to.

    https://docs.npmjs.com/cli/v11/using-npm/config#cache
    """
    usual = Path(os.path.expanduser("~/.npm"))  # Path raises an error for a user without a home
    if CACHE in os.environ or _writable(usual if usual.exists() else usual.parent):
        return without_aws(os.environ)
    return {**without_aws(os.environ), CACHE: str(root / "build" / "npm")}


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def build_for_deploy(root: Path) -> None:
    """Build the web app for a deployment. Raises Failed if it cannot be built."""
    if reason := missing(root):
        raise Failed(f"The web app cannot be built: {reason.message}", reason.hint)
    with step("Build the web app") as progress:
        build(root, progress)


def check_and_build(root: Path) -> None:
    """Check the web app, then build it. Raises Failed if either fails."""
    if reason := missing(root):
        raise Failed(f"The web app cannot be checked: {reason.message}", reason.hint)
    with step("Check the web app") as progress:
        check(root, progress)
    build_for_deploy(root)
