"""Makes mutants of the functions: copies of their source with one small mistake each. Pure."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LEFT_OUT = {
    "operations.py",
    "roots.py",
    "telemetry.py",
    "openssl.py",
    "sts.py",
}  # generated, or not in what callers see
SWAPPED: dict[type, type] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One mistake.

    Attributes:
        file: below src/functions.
        line: where it is.
        what: the mistake.
        source: of the file with it.
    """

    file: str
    line: int
    what: str
    source: str


def sample(functions: Path, count: int, seed: int = 2026) -> list[Mutant]:
    """Return `count` mutants of the files in a folder, drawn at random, always the same."""
    trees = {
        str(file.relative_to(functions)): ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(functions.rglob("*.py"))
        if file.name not in LEFT_OUT
    }
    places = [(file, place) for file, tree in trees.items() for place in _places(tree)]
    drawn = random.Random(seed).sample(places, count)
    return sorted((_made(file, trees[file], place) for file, place in drawn), key=lambda one: (one.file, one.line))


def _places(tree: ast.AST) -> list[int]:
    """Return the positions of the nodes that can be changed."""
    for_types = _for_types(tree)
    return [
        at for at, node in enumerate(ast.walk(tree)) if id(node) not in for_types and any(True for _ in _changes(node))
    ]


def _made(file: str, tree: ast.AST, place: int) -> Mutant:
    mutated = copy.deepcopy(tree)
    node = next(other for at, other in enumerate(ast.walk(mutated)) if at == place)
    what, change = next(iter(_changes(node)))
    change(node)
    return Mutant(file, getattr(node, "lineno", 0), what, ast.unparse(mutated))


def _for_types(tree: ast.AST) -> set[int]:
    """Return the identities of what says whether types are checked: it changes nothing that runs."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.If | ast.Assign)]
    named = [
        node
        for node in found
        if "TYPE_CHECKING" in ast.dump(node.test if isinstance(node, ast.If) else node.targets[0])
    ]
    return {id(node) for node in named} | {id(node.value) for node in named if isinstance(node, ast.Assign)}


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], object]]]:
    if isinstance(node, ast.Compare):
        yield "another comparison", lambda it: it.ops.__setitem__(0, SWAPPED[type(it.ops[0])]())
    elif isinstance(node, ast.BoolOp):
        yield "and for or", lambda it: setattr(it, "op", SWAPPED[type(it.op)]())
    elif isinstance(node, ast.BinOp) and type(node.op) in SWAPPED:
        yield "minus for plus", lambda it: setattr(it, "op", SWAPPED[type(it.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "without not", lambda it: setattr(it, "op", ast.UAdd()) or setattr(it, "operand", _as_bool(it.operand))
    elif isinstance(node, ast.Constant) and type(node.value) is int and node.value < 10**6:
        yield "one more", lambda it: setattr(it, "value", it.value + 1)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "the other of true and false", lambda it: setattr(it, "value", not it.value)
    elif isinstance(node, ast.Return) and not (node.value is None or ast.unparse(node.value) == "None"):
        yield "returns nothing", lambda it: setattr(it, "value", ast.Constant(None))
    elif isinstance(node, ast.If) and not node.orelse:
        yield "never", lambda it: setattr(it, "test", ast.Constant(False))


def _as_bool(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("bool", ast.Load()), [node], [])
