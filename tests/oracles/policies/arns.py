"""Patterns of ARNs: whether one in a policy and a documented format can name the same resource."""

from __future__ import annotations

import functools
import re

# Variables of formats whose values may have slashes, or colons after the name.
_LONG = (
    "ObjectName",
    "LogGroupName",
    "RoleNameWithPath",
    "PolicyNameWithPath",
    "LogStreamName",
    "UrlEncodedResourceARN",
    "FunctionName",
    "ParameterNameWithoutLeadingSlash",
)


def overlap(form: str, pattern: str) -> bool:
    """Return whether some ARN is of the documented `form`, with variables such as `${Account}`, and matches a policy's `pattern`.

    In `pattern`, `*` stands for any characters and `?` for one. A variable of `form` stands for characters without a slash or
    a colon, if it is not one of those that are known to have them.
    """
    parts: list[tuple[str, str]] = []
    for literal, name in re.findall(r"([^$]*)(?:\$\{(\w+)\})?", form):
        parts += [("is", character) for character in literal]
        parts += [("any", "" if name in _LONG else "/:")] if name else []
    return _overlap(tuple(parts), pattern)


def _overlap(parts: tuple[tuple[str, str], ...], pattern: str) -> bool:
    @functools.cache
    def from_(i: int, j: int) -> bool:
        if i == len(parts):
            return set(pattern[j:]) <= {"*"}
        kind, text = parts[i]
        if j == len(pattern):
            return kind == "any" and from_(i + 1, j)
        character = pattern[j]
        if kind == "any":
            if from_(i + 1, j):
                return True
            if character == "*":
                return from_(i, j + 1)
            return character not in text and from_(i, j + 1)
        if character == "*":
            return from_(i, j + 1) or from_(i + 1, j)
        return character in ("?", text) and from_(i + 1, j + 1)

    return from_(0, 0)
