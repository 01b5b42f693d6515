"""Builds web/ when its sources changed, and checks it. Knows no Terraform."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from crudctl.console import Failed, step

NODE = "Install Node.js 20.19 or newer, with npm."
MADE = ("node_modules", "dist", "generated")
OLDEST = (20, 19)
CONTRACT = ("contract/openapi.yaml", "build/web-contract.json")  # served, and built into the app
PACKAGES, BUILT = "web-packages.sha256", "web.sha256"  # in build/: what was installed and built last


def missing() -> str | None:
    """Why the web app cannot be built on this machine, None when it can."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return "Node.js was not found"
    found = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip().lstrip("v")
    if tuple(map(int, found.split(".")[:2])) < OLDEST:
        return f"Node.js {found} is too old"
    return None


def build(root: Path, tell: Callable[[str], None]) -> bool:
    """Makes web/dist of what it is made of; answers whether there was anything to do.

    Raises Failed with what npm or Vite said.
    """
    web = root / "web"
    wanted = _digest(root, _sources(web), [root / name for name in CONTRACT])
    if (web / "dist" / "index.html").exists() and _recorded(root, BUILT) == wanted:
        return False
    install(root, tell)
    tell("vite build")
    _npm(web, "run", "--silent", "build")
    _record(root, BUILT, wanted)
    return True


def check(root: Path, tell: Callable[[str], None]) -> None:
    """Form, lint, types and unit tests of web/. Raises Failed with what they said."""
    install(root, tell)
    tell("npm run check")
    _npm(root / "web", "run", "--silent", "check", lines=200)


def install(root: Path, tell: Callable[[str], None]) -> None:
    """Installs exactly what package-lock.json names, unless that is done."""
    web = root / "web"
    wanted = _digest(root, [web / "package-lock.json", web / "package.json"])
    if (web / "node_modules").exists() and _recorded(root, PACKAGES) == wanted:
        return
    tell("npm ci")
    _npm(web, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    _record(root, PACKAGES, wanted)


def _sources(web: Path) -> Iterator[Path]:
    for entry in sorted(web.iterdir()):
        if entry.name not in MADE:
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


def _npm(web: Path, *arguments: str, lines: int = 20) -> None:
    answer = subprocess.run(
        ["npm", *arguments], cwd=web, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        said = "\n".join(
            f"{answer.stdout}\n{answer.stderr}".strip().splitlines()[:lines]
        )  # npm ends with all its options
        raise Failed(f"npm {arguments[0]} failed in web/:\n{said}", "Mend web/, or see that npm reaches its registry.")


def build_for_deploy(root: Path) -> None:
    """`build` for a deploy, which needs the web app. Raises Failed where it cannot be built."""
    reason = missing()
    if reason:
        raise Failed(f"The web app cannot be built: {reason}.", NODE)
    with step("Build the web app") as tell:
        build(root, tell)


def check_and_build(root: Path) -> None:
    """`check`, then the build. Raises Failed with what is wrong."""
    reason = missing()
    if reason:
        raise Failed(f"The web app cannot be checked: {reason}.", NODE)
    with step("Check the web app") as tell:
        check(root, tell)
    build_for_deploy(root)
