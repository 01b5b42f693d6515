"""What IAM evaluates and MiniStack does not: policy variables and dynamodb:LeadingKeys."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.iam_evaluator import EvalContext, ParsedStatement
from ministack.services import dynamodb

from emulator.differences import Difference, register

LEADING_KEYS = register(
    Difference(
        name="leading-keys",
        service="IAM",
        aws="the condition key `dynamodb:LeadingKeys` holds the partition key values of a request",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html",
        ministack="the key is always absent",
        here="set for every operation on items; absent for Scan and PartiQL, as without it",
    )
)
POLICY_VARIABLES = register(
    Difference(
        name="policy-variables",
        service="IAM",
        aws="`${aws:PrincipalTag/owner}` and other variables in resources and conditions are "
        "replaced by the caller's values; a statement with an unknown one does not match",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html",
        ministack="variables are compared as literal text",
        here="replaced before a statement is evaluated, defaults included",
    )
)

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_EQUALITY = re.compile(r"([#\w.\-]+)\s*=\s*(:\w+)")
_ESCAPES = {"*": "*", "?": "?", "$": "$"}


def install() -> None:
    """Replace variables in statements, and add leading keys to DynamoDB's condition keys."""
    first_match: Callable[..., ParsedStatement | None] = iam_evaluator._first_match
    conditions_met: Callable[[dict[str, Any], EvalContext], bool] = iam_evaluator._conditions_met
    context_of: Callable[[bytes], dict[str, Any]] = iam_actions.dynamodb_service_context

    def first_match_resolved(
        context: EvalContext, statements: list[ParsedStatement], effect: str
    ) -> ParsedStatement | None:
        resolved = [_with_resources(statement, context) for statement in statements]
        return first_match(context, [s for s in resolved if s is not None], effect)

    def conditions_met_resolved(conditions: dict[str, Any], context: EvalContext) -> bool:
        resolved = _in_values(conditions, context)
        return resolved is not None and conditions_met(resolved, context)

    def context_with_leading_keys(body: bytes) -> dict[str, Any]:
        context = context_of(body)
        keys = leading_keys(body)
        return {**context, "dynamodb:LeadingKeys": keys} if keys else context

    iam_evaluator._first_match = first_match_resolved
    iam_evaluator._conditions_met = conditions_met_resolved
    iam_actions.dynamodb_service_context = context_with_leading_keys


def _with_resources(statement: ParsedStatement, context: EvalContext) -> ParsedStatement | None:
    if "${" not in "".join((*statement.resources, *statement.not_resources)):
        return statement
    resources = _in_values(statement.resources, context)
    not_resources = _in_values(statement.not_resources, context)
    if resources is None or not_resources is None:
        return None
    return replace(statement, resources=resources, not_resources=not_resources)


def _in_values(value: Any, context: EvalContext) -> Any:
    """The value with all its variables replaced, or None when one of them is unknown."""
    if isinstance(value, dict):
        resolved = {key: _in_values(part, context) for key, part in value.items()}
        return None if None in resolved.values() else resolved
    if isinstance(value, list):
        parts = [_in_values(part, context) for part in value]
        return None if None in parts else parts
    if not isinstance(value, str) or "${" not in value:
        return str(value) if value is None else value
    unknown = False

    def resolve(match: re.Match[str]) -> str:
        nonlocal unknown
        name, _, default = (part.strip() for part in match[1].partition(","))
        if name in _ESCAPES:
            return _ESCAPES[name]
        found = iam_evaluator._resolve_condition_key(name, context)
        if isinstance(found, str):
            return found
        if default:
            return default.strip("'")
        unknown = True
        return ""

    resolved_text = _VARIABLE.sub(resolve, value)
    return None if unknown else resolved_text


def leading_keys(body: bytes) -> list[str]:
    """The partition key values that a DynamoDB request names, of all its tables and items."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return []
    return list(_leading_keys(request)) if isinstance(request, dict) else []


def _leading_keys(request: dict[str, Any]) -> Iterator[str]:
    for name, entry in (request.get("RequestItems") or {}).items():
        for part in entry if isinstance(entry, list) else [entry]:
            for keys in _attribute_maps(part):
                yield from _value(keys, _partition_key(name))
    for part in request.get("TransactItems") or []:
        for detail in part.values():
            yield from _leading_keys(detail)
    if "TableName" not in request:
        return
    for attributes in (request.get("Key"), request.get("Item")):
        if isinstance(attributes, dict):
            yield from _value(attributes, _partition_key(request["TableName"]))
    yield from _queried(request, _partition_key(request["TableName"], request.get("IndexName")))


def _attribute_maps(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from part.get("Keys") or []
    for member in ("PutRequest", "DeleteRequest"):
        detail = part.get(member) or {}
        yield from (detail[key] for key in ("Item", "Key") if key in detail)


def _queried(request: dict[str, Any], partition_key: str | None) -> Iterator[str]:
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    for name, placeholder in _EQUALITY.findall(request.get("KeyConditionExpression") or ""):
        if names.get(name, name) == partition_key and placeholder in values:
            yield from values[placeholder].values()
    conditions = request.get("KeyConditions") or {}
    for value in (conditions.get(partition_key) or {}).get("AttributeValueList") or []:
        yield from value.values()


def _partition_key(table_name: str, index_name: str | None = None) -> str | None:
    table = dynamodb._tables.get(table_name.rsplit("/", 1)[-1])
    if table is None:
        return None
    if index_name is None:
        return str(table["pk_name"])
    schemas = {name: hashes for name, hashes, _ in dynamodb._index_key_schemas(table)}
    return str(schemas[index_name][0]) if index_name in schemas else None


def _value(attributes: dict[str, Any], name: str | None) -> Iterator[str]:
    value = attributes.get(name) if name else None
    if isinstance(value, dict):
        yield from value.values()
