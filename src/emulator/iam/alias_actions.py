"""Which IAM action a request about one alias needs; the rest of IAM's actions are MiniStack's."""

from __future__ import annotations

import re
from collections.abc import Callable

from ministack.core import iam_actions

from emulator.patches import Difference, patch, register

ALIAS_ACTIONS = register(
    Difference(
        name="alias-actions",
        service="IAM",
        aws="GetAlias, UpdateAlias and DeleteAlias are actions of their own",
        source="https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html",
        ministack="each of them is allowed by, and needs, lambda:ListAliases",
        here="as AWS",
        upstream="match the path of one alias before that of the list in `iam_actions._lambda_action`",
    )
)
_ONE_ALIAS = re.compile(r"/functions/[^/]+/aliases/[^/]+/?$")
_ACTIONS = {"GET": "GetAlias", "PUT": "UpdateAlias", "DELETE": "DeleteAlias"}


def install() -> None:
    """Name the action of a request about one alias."""
    patch(iam_actions, "_lambda_action", lambda_action, ALIAS_ACTIONS)


def lambda_action(original: Callable[[str, str], str | None], method: str, path: str) -> str | None:
    """Return the IAM action that a request to Lambda's API needs."""
    if _ONE_ALIAS.search(path) and method in _ACTIONS:
        return _ACTIONS[method]
    return original(method, path)
