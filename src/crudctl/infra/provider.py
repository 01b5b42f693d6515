"""Which AWS provider Terraform uses, and from where: a mirror that the user names, or its registry. Searches nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import urllib.error
import urllib.request
from pathlib import Path

from crudctl import processes
from crudctl.console import Failed
from crudctl.project import Environment

TESTED = "5.100.0"  # the version that infra/versions.tf and infra/ci/versions.tf pin, because every test ran with it
ROOTS = (Path("infra"), Path("infra", "ci"))
LOCK = ".terraform.lock.hcl"
REGISTRY = "registry.terraform.io"
ADDRESS = f"{REGISTRY}/hashicorp/aws"
MIRROR = "TF_PLUGIN_DIR"  # the environment variable that names a filesystem mirror
# Where Terraform looks by itself.
# https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
IMPLIED = (
    "~/.terraform.d/plugins", "~/.local/share/terraform/plugins", "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins", "~/Library/Application Support/io.terraform/plugins",
    "/Library/Application Support/io.terraform/plugins",
)  # fmt: skip
_REQUIRED = re.compile(r'source\s*=\s*"hashicorp/aws"\s+version\s*=\s*"([^"]+)"')
_LOCKED = re.compile(rf'provider "{re.escape(ADDRESS)}" \{{\s*version\s*=\s*"([^"]+)"')
_EXACT = re.compile(r"=?\s*([0-9]+\.[0-9]+\.[0-9]+)")
HINT = f"Allow access to {REGISTRY}, or set {MIRROR} to a folder that `terraform providers mirror` has filled."
TIMEOUT = 3.0  # seconds


def choose(environment: Environment, home: Path) -> None:
    """Write Terraform's settings for the mirror that TF_PLUGIN_DIR names, if it is set.

    They stay in use when a later command runs without the variable. The caller's own TF_CLI_CONFIG_FILE takes precedence.

    Args:
        home: the folder of what Terraform keeps between commands.
    """
    variables, installed = environment.variables(), any((home / "data").glob(f"providers/{ADDRESS}/*/*"))
    named = variables.get(MIRROR)
    if "TF_CLI_CONFIG_FILE" in variables or not (named or installed):
        settings_file(home).unlink(missing_ok=True)
    elif named:
        settings_file(home).write_text(installation(_path(named).resolve()), encoding="utf-8")


def settings_file(home: Path) -> Path:
    """The file of Terraform's settings for a mirror, which exists only when one was chosen."""
    return home / "cli.tfrc"


def source(environment: Environment) -> str:
    """Describe where the provider comes from. Raises Failed when neither a mirror nor the registry can provide it."""
    if named := environment.variables().get(MIRROR):
        if not _has_provider(named):
            raise Failed(f"There is no {ADDRESS} in {named}, which {MIRROR} names.", HINT)
        return f"from {named}"
    chosen = settings_file(environment.home / "terraform")
    if chosen.exists():
        return f"from the mirror in {chosen}"
    for folder in IMPLIED:
        if _has_provider(folder):
            return f"from {folder}"
    try:
        with urllib.request.urlopen(f"https://{REGISTRY}/.well-known/terraform.json", timeout=TIMEOUT):
            return f"from {REGISTRY}"
    except (urllib.error.URLError, OSError) as error:
        raise Failed(f"{REGISTRY} does not respond.", HINT) from error


def version(root: Path) -> str:
    """Describe the version of the provider that the roots of the project at `root` use.

    Raise Failed when a root accepts several versions, the roots or a lock file disagree, or the version is not the tested one
    and no committed lock file says that it is wanted.
    """
    chosen = {folder: _chosen(root, folder) for folder in ROOTS}
    if len(set(chosen.values())) > 1:
        told = " and ".join(f"{folder / 'versions.tf'} uses {each}" for folder, each in chosen.items())
        raise Failed(f"Two versions of the AWS provider: {told}.", "Pin the same version in both.")
    (used,) = set(chosen.values())
    locked = all(committed(root / folder / LOCK) for folder in ROOTS)
    if used != TESTED and not locked:
        raise Failed(
            f"The AWS provider is {used}; the tests of this version ran with {TESTED}, and no lock file is committed.",
            f"Pin {TESTED} in {' and '.join(str(folder / 'versions.tf') for folder in ROOTS)}, "
            f"or run the tests with {used} and commit lock files (docs/security.md, Supply chain).",
        )
    return used + ("" if used == TESTED else f" (tested: {TESTED})") + (", locked" if locked else ", no lock file")


def committed(lock: Path) -> bool:
    """Return whether a lock file is in git: its checksums are somebody's choice. `terraform init` writes others by itself."""
    if not (lock.is_file() and shutil.which("git")):
        return False
    return processes.run("git", "ls-files", "--error-unmatch", lock.name, cwd=lock.parent).returncode == 0


def lay_lock(source: Path, folder: Path) -> None:
    """Give `folder`, a copy of the root module `source`, the committed lock file of `source`.

    Without one, the file that an earlier `terraform init` wrote into `folder` stays, unless it is for another version: with
    that, `init` would refuse the one that is pinned.
    """
    lock = folder / LOCK
    if committed(source / LOCK):
        shutil.copy2(source / LOCK, lock)
    elif lock.exists() and _locked(lock) != _pinned(source):
        lock.unlink()


def _chosen(root: Path, folder: Path) -> str:
    """Return the exact version that the root module in `folder` uses."""
    exact = _pinned(root / folder)
    if not exact:
        raise Failed(
            f"{folder / 'versions.tf'} accepts several versions of the AWS provider, so that a plan and its apply may use two.",
            f'Write version = "{TESTED}", the version that was tested.',
        )
    lock = root / folder / LOCK
    found = _locked(lock) if committed(lock) else exact
    if found != exact:
        raise Failed(
            f"{folder / LOCK} has version {found} of the AWS provider, and {folder / 'versions.tf'} pins {exact}.",
            "Make the lock file again (docs/security.md, Supply chain), and commit it together with versions.tf.",
        )
    return exact


def _pinned(source: Path) -> str:
    """Return the one version that a root module accepts; empty if it accepts several. Raise Failed if there is no root module."""
    if not (source / "versions.tf").is_file():
        raise Failed(
            f"There is no file {source / 'versions.tf'}.", "Restore it from git: Terraform needs all of infra/."
        )
    required = _REQUIRED.search((source / "versions.tf").read_text(encoding="utf-8"))
    exact = _EXACT.fullmatch(required[1].strip()) if required else None
    return exact[1] if exact else ""


def _locked(lock: Path) -> str:
    """Return the version in a lock file; empty if it has none of this provider."""
    found = _LOCKED.search(lock.read_text(encoding="utf-8"))
    return found[1] if found else ""


def _has_provider(folder: str) -> bool:
    return (_path(folder) / ADDRESS).is_dir()


def _path(folder: str) -> Path:
    return Path(os.path.expanduser(folder))  # Path raises an error for a user without a home


def installation(mirror: Path) -> str:
    """Return Terraform's settings that take the provider from a mirror, and only from there.

    Source: https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
    """
    return (
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path    = {json.dumps(str(mirror))}\n    include = ["{ADDRESS}"]\n  }}\n'
        f'  direct {{\n    exclude = ["{ADDRESS}"]\n  }}\n}}\n'
    )
