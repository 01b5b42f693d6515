"""Condition keys that IAM takes from a request about roles and functions, and the caller's own ARN."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import iam, tagging

from emulator.patches import Difference, patch, register, uses

REQUEST_KEYS = register(
    Difference(
        name="request-keys",
        service="IAM",
        aws="`iam:PermissionsBoundary` is the boundary that a request sets, or the one that its role has; `lambda:Principal` is "
        "whom AddPermission permits; `aws:ResourceTag` has the tags of a user pool; `aws:PrincipalArn` of a session is the ARN "
        "of its role",
        source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html",
        ministack="the first three are always absent, the last is the ARN of the session",
        here="as AWS, for roles; that the caller may pass a role (`iam:PassRole`) is not checked",
        upstream="add the keys in `iam_actions` and `iam_evaluator._resolve_condition_key`, and pools to "
        "`tagging._RESOURCE_TAG_COLLECTORS`",
    )
)
uses(REQUEST_KEYS, iam_evaluator, "_role_name_from_assumed_arn(assumed_arn)")
uses(REQUEST_KEYS, iam_actions, "_query_param(query_params, key)")
uses(REQUEST_KEYS, iam, "_roles")
uses(REQUEST_KEYS, tagging, "_collect_cognito()")


def install() -> None:
    """Add the keys to those that conditions are compared with."""
    patch(iam_actions, "request_tag_context", request_context, REQUEST_KEYS)
    patch(iam_evaluator, "_resolve_condition_key", resolve_condition_key, REQUEST_KEYS)
    patch(tagging, "_RESOURCE_TAG_COLLECTORS[cognito-idp]", tagging._collect_cognito, REQUEST_KEYS, new=True)


def request_context(
    original: Callable[..., dict[str, Any]], service: str, iam_action: str, body: bytes, params: dict[str, Any]
) -> dict[str, Any]:
    """Return the condition keys of a request."""
    context = original(service, iam_action, body, params)
    if service == "iam" and (boundary := _boundary(iam_action, params)):
        context["iam:PermissionsBoundary"] = boundary
    if iam_action == "lambda:AddPermission":
        context["lambda:Principal"] = json.loads(body or b"{}").get("Principal")
    return context


def resolve_condition_key(original: Callable[..., Any], key: str, ctx: Any) -> Any:
    """Return the value of a condition key, or None if it is absent."""
    found = original(key, ctx)
    if key.lower() == "aws:principalarn" and ":assumed-role/" in str(found):
        return f"arn:aws:iam::{ctx.principal_account}:role/{iam_evaluator._role_name_from_assumed_arn(found)}"
    return found


def _boundary(action: str, params: dict[str, Any]) -> str:
    """Return the boundary that IAM compares: that of the request where it sets one, otherwise that of its role."""
    if action in ("iam:CreateRole", "iam:PutRolePermissionsBoundary"):
        return str(iam_actions._query_param(params, "PermissionsBoundary"))
    role = iam._roles.get(iam_actions._query_param(params, "RoleName")) or {}
    return str(role.get("PermissionsBoundary") or "")
