"""Reads the blocks and arguments of Terraform's files, as far as `terraform fmt` writes them. Evaluates nothing.

Source: https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"(?P<skip>[ \t\r]+|#[^\n]*|//[^\n]*|/\*.*?\*/)|(?P<heredoc><<-?(?P<tag>\w+)\n.*?\n\s*(?P=tag)(?=\n))|(?P<line>\n)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_-]*)|(?P<other>.)",
    re.DOTALL,
)
OPENING, CLOSING = "([{", ")]}"


@dataclass
class Block:
    """A block: its type and labels, the names of its arguments, and the blocks in it."""

    type: str
    labels: tuple[str, ...] = ()
    arguments: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


def read(text: str) -> list[Block]:
    """Return the blocks of a file."""
    file = Block("")
    _Reader(text).body(file)
    return file.blocks


def used(block: Block, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of each argument and block in a block; `dynamic` blocks are those that they make."""
    yield from ((*path, name) for name in block.arguments)
    for inner in block.blocks:
        if inner.type == "dynamic":
            (content,) = (each for each in inner.blocks if each.type == "content")
            yield (*path, inner.labels[0])
            yield from used(content, (*path, inner.labels[0]))
        else:
            yield (*path, inner.type)
            yield from used(inner, (*path, inner.type))


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def body(self, block: Block) -> None:
        """Read up to the end of a block, or of the file."""
        while self._at < len(self._tokens):
            token = self._take()
            if token == "}":
                return
            if token == "\n":
                continue
            labels = []
            while self._tokens[self._at] not in ("=", "{"):
                labels.append(self._take().strip('"'))
            if self._take() == "=":
                block.arguments.append(token)
                self._skip()
            else:
                inner = Block(token, tuple(labels))
                block.blocks.append(inner)
                self.body(inner)

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _skip(self) -> None:
        """Skip an expression, which ends with its line, or with its block if that is on one line."""
        depth = 0
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if depth == 0 and token in ("\n", "}"):
                return
            depth += (token in OPENING) - (token in CLOSING)
            self._at += 1


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        if text[at] == '"':
            end = _string_end(text, at)
            yield text[at:end]
            at = end
            continue
        match = _TOKEN.match(text, at)
        assert match
        at = match.end()
        if not match["skip"]:
            yield match[0]


def _string_end(text: str, at: int) -> int:
    """Return where a string ends that begins at `at`; a template in it may have strings of its own."""
    at += 1
    while text[at] != '"':
        if text[at] == "\\":
            at += 2
        elif text.startswith(("$${", "%%{"), at):
            at += 3
        elif text.startswith(("${", "%{"), at):
            at, depth = at + 2, 1
            while depth:
                if text[at] == '"':
                    at = _string_end(text, at)
                    continue
                depth += (text[at] == "{") - (text[at] == "}")
                at += 1
        else:
            at += 1
    return at + 1
