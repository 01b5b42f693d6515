"""IAM's rules: whether policies, and a boundary, allow a request. It refuses what it does not know.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """A request as IAM sees it: an action, the ARN of a resource or `*`, and condition keys in lower case with their values."""

    action: str
    resource: str
    keys: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        keys = "".join(f" {key}={value}" for key, value in sorted(self.keys.items()))
        return f"{self.action} on {self.resource}{keys}"


def allows(request: Request, statements: Iterable[Statement], boundary: Iterable[Statement] | None = None) -> bool:
    """Return whether a caller with these statements, and this boundary if it has one, may make the request.

    A statement that denies it wins; otherwise one must allow it, and one of the boundary too. Raise ValueError for what this
    module does not know, such as NotAction.
    """
    limits = [list(statements)] + ([list(boundary)] if boundary is not None else [])
    if any(_applies(one, "Deny", request) for limit in limits for one in limit):
        return False
    return all(any(_applies(one, "Allow", request) for one in limit) for limit in limits)


def _applies(statement: Statement, effect: str, request: Request) -> bool:
    if unknown := set(statement) - {"Sid", "Effect", "Action", "Resource", "NotResource", "Condition"}:
        raise ValueError(f"Elements that are not simulated: {', '.join(sorted(unknown))}")
    return (
        statement["Effect"] == effect
        and any(_like(pattern, request.action, re.IGNORECASE) for pattern in _list(statement["Action"]))
        and any(_like(pattern, request.resource) for pattern in _list(statement.get("Resource", "*")))
        and not any(_like(pattern, request.resource) for pattern in _list(statement.get("NotResource", [])))
        and all(
            _met(operator, request.keys.get(key.lower()), _list(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _met(operator: str, value: str | None, expected: list[str]) -> bool:
    """Whether a condition is met: by one of the expected values; none is met by a key that is absent, except with IfExists."""
    if operator == "Null":
        return (value is None) == (expected == ["true"])
    if operator.startswith("ForAllValues:"):
        return value is None or _met(operator.removeprefix("ForAllValues:"), value, expected)
    name = operator.removesuffix("IfExists")
    if name not in ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "Bool"):
        raise ValueError(f"An operator that is not simulated: {operator}")
    if value is None:
        return name != operator
    return any(value == one if name in ("StringEquals", "Bool") else _like(one, value) for one in expected)


def _like(pattern: str, value: str, flags: int = 0) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(expression, value, flags | re.DOTALL) is not None


def _list(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
