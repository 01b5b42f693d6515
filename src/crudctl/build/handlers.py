"""Checks that each operation of the contract has a handler in src/functions/handlers.py. Reads the source, runs none of it."""

from __future__ import annotations

import ast
from pathlib import Path

from crudctl.build.contract import ContractError
from crudctl.build.service import Service

SOURCE = Path("src", "functions", "handlers.py")


def check(root: Path, service: Service) -> None:
    """Raise ContractError for an operation whose handler is missing: its function would fail at every call."""
    tree = ast.parse((root / SOURCE).read_text(encoding="utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for operation in service.operations.values():
        if operation.handler not in defined:
            raise ContractError(
                f"{operation.method} {operation.path}: {SOURCE.as_posix()} has no function {operation.handler}, which would "
                f"serve {operation.id}. Add it, marked @endpoint, or remove the operation."
            )
