"""Builds what Terraform deploys, the zips and openapi.json, and what others read of the contract. Builds are reproducible.

The zip contains the package `functions`, with its generated module `operations`, as bytecode: Lambda's file system is read-only,
so from sources every cold start would compile again (docs/decisions/0007-bytecode.md).
"""

from __future__ import annotations

import hashlib
import json
import os
import pprint
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crudctl import locks
from crudctl.build import (
    aws_profile,
    contract,
    examples,
    files,
    handlers,
    operations,
    published,
    round_trip,
    service,
    web_contract,
)  # fmt: skip
from crudctl.console import Failed

LAMBDA_PYTHON = (3, 13)  # infra/modules/function: runtime = "python3.13"
ROLLBACK = (
    "__init__",
    "release/__init__",
    "release/aliases",
    "release/bets",
    "release/canary_alarms",
    "release/dashboard_lines",
    "release/evidence",
    "release/gateway",
    "release/guard",
    "release/line_filters",
    "release/lookout",
    "release/metrics",
    "release/latency",
    "release/next_step",
    "release/notices",
    "release/observe",
    "release/odds",
    "release/refused_odds",
    "release/promoted",
    "release/record",
    "release/rollback",
    "release/rollback_function",
    "release/webhook",
    "release/wording",
)
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold


@dataclass(frozen=True)
class Package:
    """What was built.

    Args:
        zip: the functions.
        openapi: the contract as API Gateway accepts it.
        sha256: of the zip, in hex.
        fits_lambda: whether the bytecode is of Lambda's Python version. Lambda ignores any other.
    """

    zip: Path
    openapi: Path
    sha256: str
    fits_lambda: bool


def build(root: Path) -> Package:
    """Build the package of the project at `root` in `root/build`, one process at a time, each in a folder of its own.

    Raises:
        contract.ContractError: The contract is invalid, or the service cannot enforce it, or an operation has no handler.
        subprocess.CalledProcessError: A module does not compile; `stderr` of the error names it.
    """
    with locks.of_builds(root), tempfile.TemporaryDirectory(prefix=".functions.", dir=root / "build") as folder:
        return _build(root, Path(folder))


def _build(root: Path, project: Path) -> Package:
    """Build the package in the folder `project`, which gets a copy of what the zip is made of."""
    document = contract.load(root)
    described = service.describe(document)
    operations.operations(document)  # before the examples: an example of an invalid schema says nothing
    examples.check(document, described)
    round_trip.plan(document)  # what a release could not probe is refused here, not in the middle of a release
    write_operations(root, document)
    staged = project / "src"
    shutil.copytree(root / "src" / "functions", staged / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    write_operations(project, document)
    # In a process of its own: strings that this process has interned would change the bytes.
    here = Path(__file__).parent
    command = [
        sys.executable,
        "-I",
        "-X",
        "no_debug_ranges",
        str(here / "bytecode.py"),
        str(staged),
        str(here / "loader.py"),
    ]
    subprocess.run(command, check=True, capture_output=True, encoding="utf-8", errors="replace")
    handlers.check(root, described)
    archive = root / "build" / "functions.zip"
    _write_zip(staged, archive)
    build_rollback(root)
    openapi = root / "build" / "openapi.json"
    files.write(openapi, json.dumps(aws_profile.aws_profile(document), indent=1, sort_keys=True) + "\n")
    files.write(root / "build" / "service.json", json.dumps(described.as_json(), indent=1) + "\n")
    web_contract.write(root, document)
    published.write(root, document)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    return Package(archive, openapi, digest, sys.version_info[:2] == LAMBDA_PYTHON)


def build_or_fail(root: Path) -> Package:
    """Build the package as `build` does. Raise Failed for its errors."""
    try:
        return build(root)
    except contract.ContractError as error:
        raise Failed(f"The contract is invalid: {error}", "Fix contract/openapi.yaml.") from error
    except subprocess.CalledProcessError as error:
        raise Failed(f"The functions do not compile:\n{error.stderr}", "Fix src/functions.") from error


def build_rollback(root: Path) -> Path:
    """Write build/rollback.zip, the function that rolls a release back, and return its path."""
    archive = root / "build" / "rollback.zip"
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".rollback.", dir=archive.parent) as staged:
        for name in ROLLBACK:
            target = Path(staged) / "crudctl" / f"{name}.py"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(__file__).parents[1] / f"{name}.py", target)
        _write_zip(Path(staged), archive)
    return archive


def write_operations(root: Path, document: dict[str, Any] | None = None) -> Path:
    """Write src/functions/operations.py, the contract as the functions import it, and return its path."""
    path = root / "src" / "functions" / "operations.py"
    text = operations_module(document or contract.load(root))
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        files.write(path, text)
    return path


def operations_module(document: dict[str, Any]) -> str:
    """Return the source of `functions.operations`: SERVICE, the resource's names, and OPERATIONS, what is validated by."""
    described = service.describe(document)
    names = {name: getattr(described, name) for name in ("collection", "singular", "plural", "page", "problems")}
    names["trash"] = "true" if described.trash else ""
    derived = operations.operations(document)
    return (
        '"""Generated from contract/openapi.yaml by `crudctl package`. Do not edit."""\n\n'
        f"SERVICE: dict[str, str] = {pprint.pformat(names, width=110, sort_dicts=False)}\n\n"
        f"OPERATIONS: dict[str, object] = {pprint.pformat(derived, width=110, sort_dicts=False)}\n"
    )


def _write_zip(staged: Path, archive: Path) -> None:
    incomplete = archive.with_suffix(f".{os.getpid()}.tmp")
    with zipfile.ZipFile(incomplete, "w", zipfile.ZIP_DEFLATED) as package:
        for file in sorted(path for path in staged.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(staged).as_posix(), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is built
            entry.external_attr = 0o100644 << 16
            package.writestr(entry, file.read_bytes(), compresslevel=9)  # of the archive, it would be ignored
    incomplete.replace(archive)
