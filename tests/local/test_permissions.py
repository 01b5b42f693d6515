"""IAM is enforced on the local stack: a function may do what its role allows, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.stack import Stack

ACTIONS = {
    "create_item": {"PutItem"},
    "get_item": {"GetItem"},
    "update_item": {"GetItem", "UpdateItem"},
    "delete_item": {"DeleteItem", "PutItem", "UpdateItem"},
    "list_items": {"Query"},
}
KEY = {"id": {"S": "nobody#nothing"}}
PARAMETERS: dict[str, dict[str, Any]] = {
    "PutItem": {"Item": KEY | {"owner": {"S": "nobody"}}, "ConditionExpression": "attribute_exists(id)"},
    "GetItem": {"Key": KEY},
    "UpdateItem": {"Key": KEY, "UpdateExpression": "SET a = :a", "ConditionExpression": "attribute_exists(id)",
                   "ExpressionAttributeValues": {":a": {"S": "a"}}},
    "DeleteItem": {"Key": KEY, "ConditionExpression": "attribute_exists(id)"},
    "Query": {"IndexName": "by_owner", "KeyConditionExpression": "#o = :o", "ExpressionAttributeNames": {"#o": "owner"},
              "ExpressionAttributeValues": {":o": {"S": "nobody"}}},
    "Scan": {"Limit": 1},
}  # fmt: skip


@pytest.mark.parametrize("operation", ACTIONS)
@pytest.mark.parametrize("action", PARAMETERS)
def test_function_role_allows_its_own_actions_and_no_other(stack: Stack, operation: str, action: str) -> None:
    """The role itself is tried, in a session such as Lambda has, on the real table."""
    config = stack.aws("lambda").get_function_configuration(FunctionName=stack.outputs["functions"][operation])
    parameters = {"TableName": config["Environment"]["Variables"]["TABLE_NAME"], **PARAMETERS[action]}
    error = stack.try_as_role(config["Role"], "dynamodb", action, parameters)
    if action not in ACTIONS[operation]:
        assert error == "AccessDeniedException"
    else:
        assert error == ("ConditionalCheckFailedException" if "ConditionExpression" in parameters else "")


def test_function_without_its_permission_fails_as_on_aws(stack: Stack) -> None:
    iam, name = stack.aws("iam"), stack.outputs["functions"]["get_item"]
    role = stack.aws("lambda").get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
    policies = {
        policy: iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    data = next(policy for policy, document in policies.items() if "dynamodb:GetItem" in json.dumps(document))
    with stack.api() as api:
        item = api.post("items", json={"name": "x"}).json()
        iam.delete_role_policy(RoleName=role, PolicyName=data)
        denied = api.get(f"items/{item['id']}")
        iam.put_role_policy(RoleName=role, PolicyName=data, PolicyDocument=json.dumps(policies[data]))
        assert denied.status_code == 500
        assert denied.json()["type"] == "urn:items:problem:internal-error"
        assert api.get(f"items/{item['id']}").status_code == 200
        assert api.delete(f"items/{item['id']}").status_code == 204
