"""What one deploy ships, frozen in a folder of its own: a build that runs meanwhile in the same project does not reach it."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from crudctl import locks
from crudctl.console import Failed

FUNCTIONS, ROLLBACK = "build/functions.zip", "build/rollback.zip"
PACKAGE = (FUNCTIONS, ROLLBACK, "build/openapi.json", "build/service.json")
CONTRACT, DIST, PAGE = "contract/openapi.yaml", "web/dist", "web/dist/index.html"
NEEDED = {"apply": PACKAGE, "release": (CONTRACT,), "web": (PAGE,)}  # by step
CHECKSUMS = "build/SHA256SUMS"


@dataclass(frozen=True)
class Artefacts:
    """Copies of what was built.

    Attributes:
        root: their folder, laid out as the project.
        sums: SHA-256 of each file in hex, by its path in `root`.
    """

    root: Path
    sums: dict[str, str]

    def check(self) -> None:
        """Raise Failed if a file has changed since it was copied."""
        changed = [name for name, found in digests(self.root, self.sums).items() if found != self.sums[name]]
        if changed:
            raise Failed(
                f"{', '.join(changed)} changed during the deploy.", "Find out who wrote to it, and deploy again."
            )

    def code_sha256(self, name: str) -> str:
        """Return the SHA-256 of a zip as Lambda reports it, in Base64."""
        return base64.b64encode(bytes.fromhex(self.sums[name])).decode("ascii")


def freeze(root: Path, folder: Path, steps: Collection[str]) -> Artefacts:
    """Copy what the `steps` of a deploy need from the project at `root` to `folder`. Raise Failed if something was not built.

    Args:
        folder: an empty folder. Its layout becomes that of the project, so that both name a file by the same path.
    """
    with locks.of_builds(root):
        missing = [name for step in steps for name in NEEDED.get(step, ()) if not (root / name).exists()]
        if missing:
            raise Failed(f"{', '.join(missing)} does not exist.", "Omit --only, or add --only build.")
        names = [name for name in (*PACKAGE, CONTRACT) if (root / name).exists()]
        if "web" in steps:
            names += [path.relative_to(root).as_posix() for path in (root / DIST).rglob("*") if path.is_file()]
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, folder / name)
    return Artefacts(folder, digests(folder, names))


def check_origin(artefacts: Artefacts, root: Path, wanted: str) -> None:
    """Raise Failed if anything else would be shipped than what `crudctl sbom` found where the package was built.

    Args:
        wanted: SHA-256 of its build/SHA256SUMS in hex, which has not travelled with the files.
    """
    listed = (root / CHECKSUMS).read_bytes()
    if hashlib.sha256(listed).hexdigest() != wanted:
        raise Failed(f"{CHECKSUMS} has another SHA-256 than {wanted}.", "Build and deploy again.")
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in listed.decode().splitlines())}
    shipped = {name: digest for name, digest in artefacts.sums.items() if name != CONTRACT}  # that is of the checkout
    wanted_too = {name for name in sums if name in PACKAGE or (name.startswith(f"{DIST}/") and PAGE in shipped)}
    wrong = sorted(name for name in shipped.keys() | wanted_too if sums.get(name) != shipped.get(name))
    if wrong:
        raise Failed(f"{', '.join(wrong)} is not what was packaged: {CHECKSUMS} differs.", "Build and deploy again.")


def digests(folder: Path, names: Collection[str]) -> dict[str, str]:
    """Return the SHA-256 of files in hex by their name in `folder`; empty for one that does not exist."""
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() if (folder / name).is_file() else ""
        for name in names
    }
