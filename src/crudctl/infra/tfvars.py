"""Reads the settings of an environment, infra/envs/NAME.tfvars, as far as they are plain values. Runs no Terraform.

Terraform accepts only values there, no expressions, so that strings, numbers, bools, null, lists and objects are all there is.
https://developer.hashicorp.com/terraform/language/values/variables#variable-definitions-tfvars-files
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from crudctl.console import Failed
from crudctl.naming import settings_file
from crudctl.project import Environment

TOKEN = re.compile(
    r"""(?P<skip>[ \t\r,]+|(?:\#|//)[^\n]*|/\*.*?\*/)
    |(?P<line>\n)
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
    |(?P<word>[A-Za-z_][\w-]*)
    |(?P<mark>[=:\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
WORDS = {"true": True, "false": False, "null": None}
Token = tuple[str, str]


def read(environment: Environment) -> dict[str, Any]:
    """Return the variables that the environment's settings assign; none if it has no such file.

    Raise Failed where the file is not what Terraform accepts, and for a heredoc, which no setting needs.
    """
    file = settings_file(environment.root / "infra", environment.name)
    return parse(file.read_text(encoding="utf-8"), file.relative_to(environment.root)) if file.is_file() else {}


def parse(text: str, source: Path) -> dict[str, Any]:
    """Return the variables that `text` assigns. Raise Failed, with the line, for what cannot be read."""
    return _Reader(text, source).body("")


class _Reader:
    def __init__(self, text: str, source: Path) -> None:
        self._text, self._source, self._at = text, source, 0

    def body(self, end: str) -> dict[str, Any]:
        """Assignments up to the mark `end`, or the end of the text."""
        values: dict[str, Any] = {}
        while (token := self._next()) != ("mark", end) and token[0] != "end":
            kind, name = token
            if kind not in ("word", "string") or self._next() not in (("mark", "="), ("mark", ":")):
                raise self._fault()
            values[self._string(name) if kind == "string" else name] = self._value(self._next())
        if end and token[0] == "end":
            raise self._fault()
        return values

    def _value(self, token: Token) -> Any:
        kind, text = token
        if kind == "string" and not re.search(r"(?<!\$)\$\{|(?<!%)%\{", text):
            return self._string(text).replace("$${", "${").replace("%%{", "%{")
        if kind == "number":
            return json.loads(text)
        if kind == "word" and text in WORDS:
            return WORDS[text]
        if token == ("mark", "{"):
            return self.body("}")
        if token == ("mark", "["):
            return self._list()
        raise self._fault()

    def _string(self, text: str) -> str:
        try:
            return str(json.loads(text))
        except ValueError as error:
            raise self._fault() from error

    def _list(self) -> list[Any]:
        values = []
        while (token := self._next()) != ("mark", "]"):
            values.append(self._value(token))
        return values

    def _next(self) -> Token:
        while found := TOKEN.match(self._text, self._at):
            self._at = found.end()
            if found.lastgroup not in ("skip", "line"):
                return str(found.lastgroup), found[0]
        if self._at < len(self._text):
            raise self._fault()
        return "end", ""

    def _fault(self) -> Failed:
        number = self._text.count("\n", 0, self._at) + 1
        return Failed(
            f"{self._source}, line {number} is not a plain value.",
            'Write `name = "…"`, with numbers, true, false, null, lists and objects as they are.',
        )
