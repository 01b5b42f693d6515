"""Where Terraform gets the AWS provider from: a mirror that the user names, or its registry. Searches nothing."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from pathlib import Path

from crudctl.console import Failed
from crudctl.project import Environment

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
        settings_file(home).write_text(_installation(_path(named).resolve()), encoding="utf-8")


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


def _has_provider(folder: str) -> bool:
    return (_path(folder) / ADDRESS).is_dir()


def _path(folder: str) -> Path:
    return Path(os.path.expanduser(folder))  # Path raises an error for a user without a home


def _installation(mirror: Path) -> str:
    """https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation"""
    return (
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path    = {json.dumps(str(mirror))}\n    include = ["{ADDRESS}"]\n  }}\n'
        f'  direct {{\n    exclude = ["{ADDRESS}"]\n  }}\n}}\n'
    )
