"""Operations whose IAM action has another name; the rest of IAM's actions are MiniStack's."""

from __future__ import annotations

from collections.abc import Callable

from ministack.core import iam_actions

from emulator.patches import Difference, patch, register

OPERATION_ACTIONS = register(
    Difference(
        name="operation-actions",
        service="IAM",
        aws="operations on budgets need `budgets:ViewBudget` or `budgets:ModifyBudget`, CreateDistributionWithTags needs "
        "`cloudfront:CreateDistribution`, and GetAccountSettings of Lambda an action of its own",
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbudgets.html",
        ministack="the first need actions with their own names, which do not exist, and the last needs none",
        here="as AWS; that CreateDistributionWithTags also needs `cloudfront:TagResource` is not checked",
        upstream="map these operations in `iam_actions.extract_iam_action`",
    )
)
_CREATE_DISTRIBUTION = "cloudfront:CreateDistribution"


def install() -> None:
    """Name the action of a request as IAM does."""
    patch(iam_actions, "extract_iam_action", iam_action, OPERATION_ACTIONS)


def iam_action(
    original: Callable[..., str | None],
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, str],
) -> str | None:
    """Return the IAM action that a request needs, or None if MiniStack does not know it."""
    found = original(service, method, path, headers, body, query_params)
    if found == f"{_CREATE_DISTRIBUTION}WithTags":
        return _CREATE_DISTRIBUTION
    if service == "lambda" and path.rstrip("/").endswith("/account-settings"):
        return "lambda:GetAccountSettings"
    if found and service == "budgets" and not found.endswith(("TagResource", "ListTagsForResource")):
        return "budgets:ViewBudget" if found.startswith("budgets:Describe") else "budgets:ModifyBudget"
    return found
