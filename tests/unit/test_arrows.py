"""Who may import whom. The arrows of docs/architecture.md, read from the source."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"

ARROWS = {
    "handlers": {"contract", "errors", "http", "item", "store"},
    "http": {"contract", "errors", "telemetry"},
    "store": {"contract", "dynamodb", "errors", "item", "credentials", "sts"},
    "item": {"contract"},
    "contract": {"operations"},
    "attributes": set(),
    "connection": {"tls"},
    "dynamodb": {"attributes", "connection", "credentials", "sigv4"},
    "sts": {"connection", "credentials", "sigv4"},
    "credentials": {"connection"},
    "operations": set(),
    "sigv4": {"credentials"},
    "tls": set(),
    "errors": set(),
    "telemetry": set(),
}


def imports(path: Path) -> set[str]:
    """Absolute names of what a module imports; siblings as `items.<name>`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            found |= {f"items.{node.module}"} if node.module else {f"items.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return found


MODULES = sorted(path for path in (SOURCE / "items").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_of_the_functions_imports_only_along_the_arrows(path: Path) -> None:
    siblings = {name.removeprefix("items.") for name in imports(path) if name.startswith("items")}
    assert siblings <= ARROWS[path.stem]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_functions_carry_no_package(path: Path) -> None:
    roots = {name.partition(".")[0] for name in imports(path)}
    assert roots <= sys.stdlib_module_names | {"items"}
