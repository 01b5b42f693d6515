"""Policy variables, which IAM replaces in resources and conditions and MiniStack does not. Their values are no patterns."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ministack.core import iam_evaluator

from emulator.patches import Difference, patch, register, uses

POLICY_VARIABLES = register(
    Difference(
        name="policy-variables",
        service="IAM",
        aws="`${aws:PrincipalTag/owner}` and other variables in resources and conditions are "
        "replaced by the caller's values; a statement with an unknown one does not match",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html",
        ministack="variables are compared as literal text",
        here="replaced before a statement is evaluated, defaults included; `*` and `?` in a value, and `${*}`, are no wildcards",
        upstream="replace variables in `iam_evaluator._first_match` and `_conditions_met`",
    )
)
uses(
    POLICY_VARIABLES,
    iam_evaluator,
    "_resolve_condition_key(key, ctx)",
    "ParsedStatement(sid, effect, actions=<factory>, not_actions=<factory>, resources=<factory>, "
    "not_resources=<factory>, conditions=<factory>)",
)

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ESCAPES = {"*": "*", "?": "?", "$": "$"}
_LITERAL = str.maketrans("*?", "\ufdd0\ufdd1")  # code points that are no characters, so no policy and no value has them
_CHARACTERS = {"\ufdd0": r"\*", "\ufdd1": r"\?", "*": ".*", "?": "."}
_PATTERNS = ("like", "arn")  # in the names of the condition operators that match patterns


def install() -> None:
    """Replace variables in statements before they are evaluated."""
    patch(iam_evaluator, "_fnmatch_compile", fnmatch_compile, POLICY_VARIABLES)
    patch(iam_evaluator, "_first_match", first_match, POLICY_VARIABLES)
    patch(iam_evaluator, "_conditions_met", conditions_met, POLICY_VARIABLES)


def first_match(original: Callable[..., Any], ctx: Any, stmts: list[Any], effect: str) -> Any:
    """Return the first of the statements that matches, or None."""
    resolved = [_with_resources(statement, ctx) for statement in stmts]
    return original(ctx, [statement for statement in resolved if statement is not None], effect)


def conditions_met(original: Callable[..., bool], conditions: dict[str, Any], ctx: Any) -> bool:
    """Return whether all conditions of a statement are met."""
    resolved = {
        operator: _in_values(keys, ctx, any(word in operator.lower() for word in _PATTERNS))
        for operator, keys in (conditions or {}).items()
    }
    return None not in resolved.values() and original(resolved, ctx)


def fnmatch_compile(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    """Return what matches a whole value by a pattern of IAM."""
    return _compiled(pattern, ignore_case)


@lru_cache(4096)
def _compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    expression = "".join(_CHARACTERS.get(character) or re.escape(character) for character in pattern)
    return re.compile(rf"(?:{expression})\Z", re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _with_resources(statement: Any, context: Any) -> Any:
    if "${" not in "".join((*statement.resources, *statement.not_resources)):
        return statement
    resources = _in_values(statement.resources, context, True)
    not_resources = _in_values(statement.not_resources, context, True)
    if resources is None or not_resources is None:
        return None
    return replace(statement, resources=resources, not_resources=not_resources)


def _in_values(value: Any, context: Any, pattern: bool) -> Any:
    """Return the value with all its variables replaced, or None if one of them is unknown.

    Args:
        pattern: whether the value is matched as a pattern, in which the replacements stand for themselves.
    """
    if isinstance(value, dict):
        resolved = {key: _in_values(part, context, pattern) for key, part in value.items()}
        return None if None in resolved.values() else resolved
    if isinstance(value, list):
        parts = [_in_values(part, context, pattern) for part in value]
        return None if None in parts else parts
    if not isinstance(value, str) or "${" not in value:
        return str(value) if value is None else value
    unknown = False

    def resolve(match: re.Match[str]) -> str:
        nonlocal unknown
        known = _value(match[1], context)
        unknown = unknown or known is None
        return (known or "").translate(_LITERAL) if pattern else known or ""

    resolved_text = _VARIABLE.sub(resolve, value)
    return None if unknown else resolved_text


def _value(variable: str, context: Any) -> str | None:
    """Return what a variable stands for: a character, the caller's value or the default; None if there is neither."""
    name, _, default = (part.strip() for part in variable.partition(","))
    if name in _ESCAPES:
        return _ESCAPES[name]
    known = iam_evaluator._resolve_condition_key(name, context)
    return known if isinstance(known, str) else default.strip("'") or None
