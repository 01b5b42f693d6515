"""Downloads the pinned release of Terraform for a machine without one. Knows nothing of what it is used for."""

from __future__ import annotations

import hashlib
import platform
import shutil
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path

from crudctl.console import Failed, step

VERSION = "1.11.4"
# SHA-256 of terraform_1.11.4_<system>.zip, as in terraform_1.11.4_SHA256SUMS of the release.
SHA256 = {
    "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
    "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
    "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
    "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
}
SITE = "https://releases.hashicorp.com/terraform"
INSTALL = (
    "Install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install) and add `terraform` to PATH."
)
TIMEOUT = 20.0  # seconds without a byte
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}  # as Terraform names them


def terraform(folder: Path, site: str = SITE, checksums: Mapping[str, str] = SHA256, system: str | None = None) -> Path:
    """Return the path of the pinned Terraform in `folder`; download it first if it is missing.

    An archive is unpacked only if its checksum is the pinned one, and never kept. Raise Failed with how to install Terraform.

    Args:
        site: the URL of the releases, without a trailing slash.
        checksums: SHA-256 of the archive by system.
        system: the system to download for, as `os_arch`; by default this one.
    """
    program = folder / f"terraform-{VERSION}"
    if program.exists():
        return program
    system = system or this_system()
    if system not in checksums:
        raise Failed(f"Terraform is not on PATH, and no release is pinned for {system}.", INSTALL)
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"terraform-{VERSION}.zip"
    url = f"{site}/{VERSION}/terraform_{VERSION}_{system}.zip"
    try:
        with step(f"Download Terraform {VERSION}, which is not on PATH") as progress:
            progress(f"from {url}")
            digest = _download(url, archive)
            if digest != checksums[system]:
                raise Failed(f"{url} has the SHA-256 {digest}; expected {checksums[system]}.", INSTALL)
            incomplete = program.with_suffix(".tmp")
            with zipfile.ZipFile(archive) as zipped, zipped.open("terraform") as member, incomplete.open("wb") as file:
                shutil.copyfileobj(member, file)
            incomplete.chmod(0o755)
            incomplete.replace(program)
    finally:
        archive.unlink(missing_ok=True)
    return program


def this_system() -> str:
    """Return the name that Terraform has for this system, such as `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{MACHINES.get(machine, machine)}"


def _download(url: str, path: Path) -> str:
    """Download `url` to a file and return its SHA-256."""
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response, path.open("wb") as file:
            while block := response.read(1 << 18):
                digest.update(block)
                file.write(block)
    except (urllib.error.URLError, OSError) as error:
        raise Failed(f"Terraform is not on PATH, and {url} could not be downloaded: {error}", INSTALL) from error
    return digest.hexdigest()
