"""Writes bills of materials (CycloneDX 1.6) and checksums of the build to build/. Knows nothing of how it is built."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from crudctl import processes
from crudctl.console import Failed

ZIPS = ("functions.zip", "rollback.zip")
CHECKSUMS = "SHA256SUMS"


def write(root: Path) -> list[Path]:
    """Write the bills of materials and the checksums of what was built at `root`, and return their paths.

    `functions.cdx.json` and `rollback.cdx.json` are of the zips, `web.cdx.json` of the packages in the web app, `tools.cdx.json`
    of those that build and deploy. `licences.json` has the licences of the installed Python packages. `SHA256SUMS` has the format
    of `sha256sum --check`, with paths relative to `root`.

    Raise Failed if something was not built, or a tool fails.
    """
    build, dist = root / "build", root / "web" / "dist"
    missing = [path for path in (*(build / name for name in ZIPS), dist / "index.html") if not path.exists()]
    if missing:
        raise Failed(f"{missing[0]} does not exist.", "Build it first: `crudctl deploy --env test --only build`.")
    written = []
    for name in ZIPS:
        path = (build / name).with_suffix(".cdx.json")
        path.write_text(json.dumps(_of_zip(build / name), indent=1) + "\n", encoding="utf-8")
        written.append(path)
    written.append(build / "tools.cdx.json")
    _run(root, [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible", "--of", "JSON",
                "-o", str(written[-1]), "requirements.txt"])  # fmt: skip
    written.append(build / "web.cdx.json")
    written[-1].write_text(
        _run(root / "web", ["npm", "sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--omit", "dev"]),
        "utf-8",
    )
    written.append(build / "licences.json")
    _run(root, [sys.executable, "-m", "piplicenses", "--format=json", "--with-urls", "--output-file", str(written[-1])])
    covered = [*(build / name for name in (*ZIPS, "openapi.json", "service.json")), *sorted(dist.rglob("*"))]
    lines = [f"{_sha256(path)}  {path.relative_to(root).as_posix()}\n" for path in covered if path.is_file()]
    written.append(build / CHECKSUMS)
    written[-1].write_text("".join(lines), encoding="ascii")
    return written


def _of_zip(archive: Path) -> dict[str, Any]:
    """Return the bill of materials of a zip of this project. It has no libraries, so no other component is listed.
    https://cyclonedx.org/docs/1.6/json/
    """
    described = {
        "type": "application",
        "bom-ref": archive.name,
        "name": archive.name,
        "description": "Modules of this project only. They import the standard library and, in rollback.zip, Lambda's boto3.",
        "licenses": [{"license": {"id": "MIT"}}],
        "hashes": [{"alg": "SHA-256", "content": _sha256(archive)}],
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": described},
        "components": [],
        "dependencies": [{"ref": archive.name, "dependsOn": []}],
        "compositions": [{"aggregate": "complete", "assemblies": [archive.name]}],
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _run(folder: Path, command: list[str]) -> str:
    hint = "`make check` installs everything it needs."
    result = processes.run(*command, cwd=folder, hint=hint)
    if result.returncode:
        raise Failed(f"{Path(command[0]).name} failed:\n{result.stderr.strip()}", hint)
    return result.stdout
