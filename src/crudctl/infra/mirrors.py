"""Finds the AWS provider where its registry cannot be reached: in a filesystem mirror on this machine."""

from __future__ import annotations

import json
import platform
import re
import socket
from collections.abc import Iterator
from pathlib import Path

REGISTRY = "registry.terraform.io"
PROVIDER = f"{REGISTRY}/hashicorp/aws"
# Where a mirror may lie (https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror).
# Terraform looks by itself in the first four, but not in folders of them.
FOLDERS = ("~/.terraform.d/plugins", "~/.local/share/terraform/plugins",
           "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins",
           "/opt", "/usr/local", "/usr/share", "/usr/lib", "/srv", "/var/lib", "~", "~/.local/share")  # fmt: skip
DEEPEST = 3
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
PACKED = re.compile(r"terraform-provider-aws_(.+?)_(\w+_\w+)\.zip")


def registry_answers(timeout: float = 3.0) -> bool:
    """Whether the provider registry can be reached within `timeout` seconds."""
    try:
        with socket.create_connection((REGISTRY, 443), timeout):
            return True
    except OSError:
        return False


def mirror(
    wanted: str, named: str | None = None, folders: tuple[str, ...] = FOLDERS, system: str | None = None
) -> Path | None:
    """The root of a mirror that holds a fitting AWS provider, unpacked or packed; None when there is none.

    Args:
        wanted: which versions fit, as Terraform writes it: `>= 5.100, < 7`.
        named: a folder that the user named; if it holds none, the others are looked at too.
        folders: where to look, not deeper than DEEPEST levels.
        system: for which `os_arch`; None: this one.
    """
    system = system or this_system()
    for folder in [Path(text).expanduser() for text in ([named] if named else []) + list(folders)]:
        for depth in range(DEEPEST):
            try:
                for found in folder.glob("*/" * depth + PROVIDER):
                    if any(kind == system and fits(version, wanted) for version, kind in _held(found)):
                        return found.parents[2]
            except OSError:  # a folder that may not be read holds no mirror of ours
                continue
    return None


def installation(root: Path) -> str:
    """Terraform's settings for taking the AWS provider from the mirror at `root`, and any other from its registry."""
    return (
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path    = {json.dumps(str(root))}\n    include = ["{PROVIDER}"]\n  }}\n'
        f'  direct {{\n    exclude = ["{PROVIDER}"]\n  }}\n}}\n'
    )


def constraint(text: str) -> str:
    """Which versions of the AWS provider a `required_providers` block wants; of `text`, as in infra/versions.tf."""
    found = re.search(r'source\s*=\s*"hashicorp/aws"\s*version\s*=\s*"([^"]*)"', text)
    return found[1] if found else ""


def fits(version: str, wanted: str) -> bool:
    """Whether a version meets every part of a version constraint
    (https://developer.hashicorp.com/terraform/language/expressions/version-constraints). A pre-release meets none.
    """
    if not re.fullmatch(r"\d+(\.\d+)*", version):
        return False
    return all(_meets(_numbers(version), *_part(part)) for part in filter(None, map(str.strip, wanted.split(","))))


def this_system() -> str:
    """This machine as Terraform names it, such as `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{MACHINES.get(machine, machine)}"


def _held(provider: Path) -> Iterator[tuple[str, str]]:
    """Version and system of each provider in a mirror's folder of it, unpacked or packed."""
    for entry in provider.iterdir():
        if packed := PACKED.fullmatch(entry.name):
            yield packed[1], packed[2]
        elif entry.is_dir():
            yield from ((entry.name, system.name) for system in entry.iterdir())


def _numbers(version: str) -> list[int]:
    numbers = [int(number) for number in version.split(".")]
    return numbers + [0] * (3 - len(numbers))


def _part(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"(>=|<=|!=|~>|>|<|=|)\s*(\d+(?:\.\d+)*)", text)
    return (found[1] or "=", found[2]) if found else ("none", "0")


def _meets(version: list[int], operator: str, bound: str) -> bool:
    other = _numbers(bound)
    if operator == "~>":  # only the rightmost number that is written may grow
        kept = max(bound.count("."), 1)
        return version >= other and version[:kept] == other[:kept]
    answers = {
        ">=": version >= other,
        "<=": version <= other,
        "!=": version != other,
        ">": version > other,
        "<": version < other,
        "=": version == other,
    }
    return answers.get(operator, False)
