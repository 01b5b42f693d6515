"""The tests' own contracts, and how to use one instead of the project's."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import ModuleType

import functions
from crudctl.build import contract, package

ITEMS = Path(__file__).parent / "items.yaml"


def document(path: Path = ITEMS) -> dict[str, object]:
    """The contract at `path`, as parsed YAML."""
    return contract.parse(path)


def install(path: Path = ITEMS) -> None:
    """Let the functions of this process serve the contract at `path`. Call it before `functions.contract` is imported."""
    module = ModuleType("functions.operations")
    exec(package.operations_module(document(path)), module.__dict__)
    sys.modules["functions.operations"] = vars(functions)["operations"] = module


def put(home: Path, path: Path = ITEMS) -> None:
    """Make the contract at `path` that of the project copied to `home`."""
    (home / "contract").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, home / "contract" / "openapi.yaml")
