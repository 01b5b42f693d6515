"""What is in what is deployed: bills of material (CycloneDX 1.6) and checksums, in build/. Knows nothing of how it is built."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from crudctl.console import Failed

ZIPS = ("functions.zip", "rollback.zip")
CHECKSUMS = "SHA256SUMS"


def write(root: Path) -> list[Path]:
    """Writes the bills and the checksums of what was built at `root`; answers their paths.

    `functions.cdx.json` and `rollback.cdx.json` are of the zips, `web.cdx.json` of the packages in the web app, `tools.cdx.json`
    of those that build and deploy; `licences.json` has the licences of what is installed here. `SHA256SUMS` is as
    `sha256sum --check` takes it, with paths from `root`.

    Raises Failed when something was not built, or a tool fails.
    """
    build, dist = root / "build", root / "web" / "dist"
    missing = [path for path in (*(build / name for name in ZIPS), dist / "index.html") if not path.exists()]
    if missing:
        raise Failed(f"There is no {missing[0]}.", "Build first: `crudctl deploy --env test --only build`.")
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
    covered = [*(build / name for name in ZIPS), build / "openapi.json", *sorted(dist.rglob("*"))]
    lines = [f"{_sha256(path)}  {path.relative_to(root).as_posix()}\n" for path in covered if path.is_file()]
    written.append(build / CHECKSUMS)
    written[-1].write_text("".join(lines), encoding="ascii")
    return written


def _of_zip(archive: Path) -> dict[str, Any]:
    """The bill of a zip of ours: it carries no library, so nothing is listed beside itself.
    https://cyclonedx.org/docs/1.6/json/
    """
    described = {
        "type": "application",
        "bom-ref": archive.name,
        "name": archive.name,
        "description": "Its own modules only; what they import is Python's standard library, or Lambda's boto3 in rollback.zip.",
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
    answer = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise Failed(
            f"{Path(command[0]).name} failed:\n{answer.stderr.strip()}", "Is everything installed? `make check`."
        )
    return answer.stdout
