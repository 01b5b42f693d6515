"""The parts of the project: their licences and pins, the bills of materials and the checksums."""

from __future__ import annotations

import hashlib
import json
import marshal
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from crudctl.build import bytecode, sbom
from crudctl.console import Failed
from tests.stack import ROOT

# Permissive licences, and MPL-2.0 for tools: nothing that is deployed is under it.
ALLOWED = {
    "0BSD", "AFL-2.1", "Apache License 2.0", "Apache Software License", "Apache-2.0", "BSD License",
    "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "ISC License (ISCL)", "MIT", "MIT License", "MIT-0",
    "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)", "PSF-2.0", "Python Software Foundation License", "Python-2.0", "Unlicense",
}  # fmt: skip
PACKAGES_OF_NPM = ("web", "tests/clients", "tests/oracles", "bench/peers/node")  # folders with a lock file
WITHOUT_LICENCE_FIELD = {"node_modules/reserved": "MIT"}  # 0.1.2 is older than the field: LICENSE-MIT
LOCKS = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-scan.txt",
    "requirements-docs.txt",
    "requirements-aws.txt",
    "requirements-load.txt",
    "requirements-oracles.txt",
    "requirements-peers.txt",
)


def names(licence: str) -> set[str]:
    """Return the licences in an expression."""
    return {part.strip("() ") if part.count("(") != part.count(")") or part.startswith("(") else part.strip()
            for part in re.split(r" OR | AND |; ", licence)}  # fmt: skip


def test_every_python_package_has_an_allowed_licence() -> None:
    command = [sys.executable, "-m", "piplicenses", "--format=json"]
    listed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert len(listed) > 50
    assert {
        f"{package['Name']}: {package['License']}" for package in listed if not names(package["License"]) <= ALLOWED
    } == set()


@pytest.mark.parametrize("folder", PACKAGES_OF_NPM)
def test_every_package_of_npm_has_an_allowed_licence(folder: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    listed = {path: package.get("license", WITHOUT_LICENCE_FIELD.get(path)) for path, package in lock.items() if path}
    assert len(listed) > 20
    assert {f"{path}: {licence}" for path, licence in listed.items() if not names(licence) <= ALLOWED} == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_python_package_is_pinned_with_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(packages) >= 10
    assert [line for line in packages if "==" not in line or "--hash=sha256:" not in line] == []


@pytest.mark.parametrize("folder", PACKAGES_OF_NPM)
def test_every_package_of_npm_is_pinned_with_a_hash(folder: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert {path for path, package in lock.items() if path and "integrity" not in package} == set()


def test_the_update_bot_covers_every_kind_of_dependency() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    covered = {
        (update["package-ecosystem"], folder)
        for update in updates
        for folder in update.get("directories", [update.get("directory")])
    }
    assert covered == {
        ("pip", "/"),
        ("npm", "/web"),
        ("npm", "/tests/clients"),
        ("npm", "/tests/oracles"),
        ("npm", "/bench/peers/node"),
        ("github-actions", "/"),
        ("github-actions", "/.github/actions/setup"),
        ("terraform", "/infra"),
        ("terraform", "/infra/ci"),
    }
    for _, folder in covered:
        assert (ROOT / folder.lstrip("/")).is_dir()


def built(folder: Path) -> Path:
    """Fill `folder` with a project that was built, and return it."""
    (folder / "build").mkdir()
    (folder / "web" / "dist" / "assets").mkdir(parents=True)
    for name in sbom.ZIPS:
        with zipfile.ZipFile(folder / "build" / name, "w") as archive:
            archive.writestr("module.py", name)
    for name in ("openapi.json", "service.json"):
        (folder / "build" / name).write_text("{}", encoding="utf-8")
    (folder / "web" / "dist" / "index.html").write_text("<h1>", encoding="utf-8")
    (folder / "web" / "dist" / "assets" / "a.js").write_text("let a", encoding="utf-8")
    for name in ("package.json", "package-lock.json"):
        (folder / "web" / name).write_text((ROOT / "web" / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "requirements.txt").write_text((ROOT / "requirements.txt").read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def test_a_bill_of_materials_needs_a_build(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"functions\.zip does not exist"):
        sbom.write(tmp_path)


def test_bills_of_materials_and_checksums_are_of_the_build(tmp_path: Path) -> None:
    root = built(tmp_path)
    written = {path.name: path.read_text(encoding="utf-8") for path in sbom.write(root)}
    functions = json.loads(written["functions.cdx.json"])
    checksum = hashlib.sha256((root / "build" / "functions.zip").read_bytes()).hexdigest()
    assert functions["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": checksum}]
    assert functions["components"] == []
    listed = {component["name"] for component in json.loads(written["web.cdx.json"])["components"]}
    assert listed == {
        *("@tanstack/virtual-core", "idb", "jwt-decode", "lossless-json", "oidc-client-ts", "papaparse", "preact"),
    }
    assert "boto3" in {component["name"] for component in json.loads(written["tools.cdx.json"])["components"]}
    checked = {line[66:]: line[:64] for line in written["SHA256SUMS"].splitlines()}
    assert checked["build/functions.zip"] == checksum
    assert checked.keys() == {
        "build/functions.zip", "build/rollback.zip", "build/openapi.json", "build/service.json", "web/dist/assets/a.js",
        "web/dist/index.html",
    }  # fmt: skip


def test_the_zip_contains_modules_of_this_project_only() -> None:
    with zipfile.ZipFile(ROOT / "build" / "functions.zip") as package:
        modules = marshal.loads(package.read(f"functions/{bytecode.CODE}"))
    carried = {code.co_filename.removeprefix("/var/task/") for code in modules.values()}
    assert carried == {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src" / "functions").rglob("*.py")}
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert declared["project"]["license"] == "MIT"
