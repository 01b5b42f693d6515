"""Compiles the package `functions` to one file of bytecode. Run as a script, in a process without other modules of ours:

    python -I -X no_debug_ranges bytecode.py FOLDER LOADER

replaces the modules in FOLDER/functions by their code in one file, and by LOADER (loader.py), which imports them from it. What
nobody reads on Lambda is left out: docstrings, annotations, what only a type checker executes, column numbers. Lines stay, for
the log names them. Why: docs/decisions/0007-bytecode.md
"""

from __future__ import annotations

import ast
import importlib.util
import marshal
import sys
import traceback
from pathlib import Path
from types import CodeType

ON_LAMBDA = "/var/task"
CODE = "code.marshal"  # what loader.py reads


class WithoutTypes(ast.NodeTransformer):
    """Removes what only a type checker reads."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        return ast.copy_location(ast.Assign([node.target], node.value) if node.value else ast.Pass(), node)

    def visit_If(self, node: ast.If) -> ast.AST | None:
        types = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if types else self.generic_visit(node)


def compiled(source: bytes, shown: str) -> CodeType:
    """Return the code of a module, without docstrings and types. `shown` is its path in a traceback."""
    tree = ast.fix_missing_locations(WithoutTypes().visit(ast.parse(source, shown)))
    for node in ast.walk(tree):  # what differs in its column only would have an entry of its own in the table of lines
        if isinstance(node, (ast.stmt, ast.expr, ast.excepthandler, ast.arg, ast.keyword, ast.alias, ast.pattern)):
            node.end_lineno, node.col_offset, node.end_col_offset = node.lineno, 0, 0
    return compile(tree, shown, "exec", dont_inherit=True, optimize=2)


def main(folder: Path, loader: Path) -> None:
    modules = {}
    for path in sorted((folder / "functions").rglob("*.py")):
        shown = path.relative_to(folder)
        name = ".".join(shown.with_suffix("").parts).removesuffix(".__init__")
        modules[name] = compiled(path.read_bytes(), f"{ON_LAMBDA}/{shown.as_posix()}")
        path.unlink()
    (folder / "functions" / CODE).write_bytes(marshal.dumps(modules))
    # The form of a file without source: https://peps.python.org/pep-0552/#specification
    code = marshal.dumps(compiled(loader.read_bytes(), f"{ON_LAMBDA}/functions/__init__.py"))
    (folder / "functions" / "__init__.pyc").write_bytes(importlib.util.MAGIC_NUMBER + bytes(12) + code)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except SyntaxError as error:
        sys.exit("".join(traceback.format_exception_only(error)))
