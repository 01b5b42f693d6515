"""Decisions of IAM, for functions and for the data role that they assume."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.iam import (
    alias_actions,
    leading_keys,
    operation_actions,
    policy_variables,
    request_keys,
    resources,
    session_tags,
)

from .stack import REGION, Json, Stack, policy, unique

OWNER = "${aws:PrincipalTag/owner}"


def table(stack: Stack) -> str:
    name = unique("Items")
    stack.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "owner", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_owner",
                "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def denied(call: Callable[[], Any]) -> bool:
    """Return whether IAM denies a call. Any other error is raised."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException", "AuthorizationError"):
            raise
        return True
    return False


class Owner:
    """A caller with the data role's credentials for one owner, as the functions use them."""

    def __init__(self, stack: Stack, name: str, tag: str, trusted: list[str]) -> None:
        arn = f"arn:aws:dynamodb:{REGION}:{stack.account}:table/{name}"
        allowed = {
            "Effect": "Allow",
            "Action": "dynamodb:*",
            "Resource": [arn, f"{arn}/index/*"],
            "Condition": {
                "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [OWNER, f"{OWNER}#*"]},
                "Null": {"dynamodb:LeadingKeys": "false"},
            },
        }
        trust = {"Effect": "Allow", "Principal": {"AWS": stack.account}, "Action": trusted}
        role = stack.role([allowed], trust)
        user = unique("user")
        stack.client("iam").create_user(UserName=user)
        key = stack.client("iam").create_access_key(UserName=user)["AccessKey"]
        stack.client("iam").put_user_policy(
            UserName=user,
            PolicyName="all",
            PolicyDocument=_policy(["sts:AssumeRole", "sts:TagSession"]),
        )
        sts = stack.client_of("sts", key["AccessKeyId"], key["SecretAccessKey"])
        session = sts.assume_role(RoleArn=role, RoleSessionName="data", Tags=[{"Key": "owner", "Value": tag}])[
            "Credentials"
        ]
        self.table = name
        self.dynamodb = stack.client_of(
            "dynamodb",
            session["AccessKeyId"],
            session["SecretAccessKey"],
            session["SessionToken"],
        )

    def may(self, operation: str, **arguments: Any) -> bool:
        return not denied(lambda: getattr(self.dynamodb, operation)(**arguments))


def _policy(actions: list[str]) -> str:
    return policy([{"Effect": "Allow", "Action": actions, "Resource": "*"}])


TRUSTED = ["sts:AssumeRole", "sts:TagSession"]


def text(value: str) -> Json:
    return {"S": value}


def operations(name: str, owner: str) -> list[tuple[str, Json]]:
    """Every operation the functions might use, on an item or the items of `owner`."""
    key = {"id": text(f"{owner}#1")}
    item = {**key, "owner": text(owner)}
    at = {"TableName": name}
    values = {":o": text(owner)}
    query = {
        **at,
        "IndexName": "by_owner",
        "KeyConditionExpression": "#o = :o",
        "ExpressionAttributeNames": {"#o": "owner"},
    }
    return [
        ("put_item", {**at, "Item": item}),
        ("get_item", {**at, "Key": key}),
        (
            "update_item",
            {
                **at,
                "Key": key,
                "UpdateExpression": "SET n = :o",
                "ExpressionAttributeValues": values,
            },
        ),
        ("delete_item", {**at, "Key": key}),
        ("query", {**query, "ExpressionAttributeValues": values}),
        ("query", {**query, "ExpressionAttributeValues": {":o": text(f"{owner}#trash")}}),
        ("batch_get_item", {"RequestItems": {name: {"Keys": [key]}}}),
        ("batch_write_item", {"RequestItems": {name: [{"PutRequest": {"Item": item}}]}}),
        ("transact_write_items", {"TransactItems": [{"Put": {**at, "Item": item}}]}),
    ]


@pytest.mark.adds(leading_keys.LEADING_KEYS)
@pytest.mark.adds(policy_variables.POLICY_VARIABLES)
def test_data_role_reaches_the_owners_items_and_no_others(ours: Stack) -> None:
    name = table(ours)
    ann = Owner(ours, name, "ann", TRUSTED)
    assert [op for op, arguments in operations(name, "ann") if not ann.may(op, **arguments)] == []
    assert [op for op, arguments in operations(name, "ben") if ann.may(op, **arguments)] == []
    assert [op for op, arguments in operations(name, "annex") if ann.may(op, **arguments)] == []


def test_data_role_may_not_scan(ours: Stack) -> None:
    name = table(ours)
    ann = Owner(ours, name, "ann", TRUSTED)
    assert not ann.may("scan", TableName=name)
    assert not ann.may("execute_statement", Statement=f'SELECT * FROM "{name}"')


def test_batch_with_one_foreign_key_is_denied(ours: Stack) -> None:
    name = table(ours)
    ann = Owner(ours, name, "ann", TRUSTED)
    keys = [{"id": text("ann#1")}, {"id": text("ben#1")}]
    assert not ann.may("batch_get_item", RequestItems={name: {"Keys": keys}})


@pytest.mark.lacks(leading_keys.LEADING_KEYS)
def test_ministack_does_not_set_leading_keys(ministack: Stack) -> None:
    name = table(ministack)
    arn = f"arn:aws:dynamodb:{REGION}:{ministack.account}:table/{name}"
    assert not allowed(ministack, arn, {"Null": {"dynamodb:LeadingKeys": "false"}}, name)


@pytest.mark.lacks(policy_variables.POLICY_VARIABLES)
def test_ministack_compares_variables_as_text(ministack: Stack) -> None:
    name = table(ministack)
    arn = f"arn:aws:dynamodb:{REGION}:{ministack.account}:table/{name}"
    condition = {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"}}
    assert not allowed(ministack, arn, condition, name)


def test_variables_are_replaced_in_conditions_and_resources(ours: Stack) -> None:
    name = table(ours)
    arn = f"arn:aws:dynamodb:{REGION}:{ours.account}:table/{name}"
    condition = {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"}}
    assert allowed(ours, arn, condition, name)
    assert allowed(ours, f"arn:aws:dynamodb:{REGION}:${{aws:PrincipalAccount}}:table/*", {}, name)
    assert not allowed(ours, f"{arn}${{aws:PrincipalTag/absent}}", {}, name)


def test_a_value_is_no_pattern(ours: Stack) -> None:
    """Not even where the policy matches patterns: in conditions by StringLike and the ARN operators, and in resources."""
    name = table(ours)
    arn = f"arn:aws:dynamodb:{REGION}:{ours.account}:table/{name}"
    tag = "${aws:PrincipalTag/name}"
    me = {"aws:PrincipalArn": f"arn:aws:iam::*:user/{tag}"}
    for value in ("*", "user-*", "user-???????????", "?*"):
        for operator in ("StringLike", "ArnLike", "ArnEquals", "ForAnyValue:StringLike", "StringLikeIfExists"):
            assert not allowed(ours, arn, {operator: me}, name, value), (operator, value)
        assert not allowed(ours, f"{arn[: -len(name)]}{tag}", {}, name, value)
        assert allowed(ours, arn, {"StringEquals": {"aws:PrincipalTag/name": tag}}, name, value)
        assert allowed(ours, arn, {"StringLike": {"aws:PrincipalTag/name": tag}}, name, value)
    assert not allowed(ours, f"{arn[: -len(name)]}${{*}}", {}, name)
    assert not allowed(ours, f"{arn[:-1]}${{?}}", {}, name)
    assert not allowed(ours, arn, {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${*}"}}, name)
    assert allowed(ours, f"{arn[: -len(name)]}{tag}", {}, name, name)
    assert not allowed(ours, arn, {"StringLike": {"aws:PrincipalTag/name": "a?c"}}, name, "abc\n")
    assert allowed(ours, arn, {"StringLike": {"aws:PrincipalTag/name": "a?c*"}}, name, "abc\nd")


def allowed(stack: Stack, resource: str, condition: Json, name: str, tag: str = "") -> bool:
    """Return whether a user with one such statement, and a tag `name`, may read an item."""
    client, user = stack.client("iam"), unique("user")
    client.create_user(UserName=user, Tags=[{"Key": "name", "Value": tag}])
    key = client.create_access_key(UserName=user)["AccessKey"]
    statement = {
        "Effect": "Allow",
        "Action": "dynamodb:GetItem",
        "Resource": resource,
        "Condition": condition,
    }
    client.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy([statement]))
    dynamodb = stack.client_of("dynamodb", key["AccessKeyId"], key["SecretAccessKey"])
    return not denied(lambda: dynamodb.get_item(TableName=name, Key={"id": text("x")}))


@pytest.mark.adds(session_tags.SESSION_TAGS)
def test_a_session_tag_has_no_wildcard(ours: Stack) -> None:
    name = table(ours)
    for tag in ("*", "?", "an?", "a*", "ann\n", "ann\0", "ann#", "${aws:username}", "a" * 257):
        with pytest.raises(ClientError, match="ValidationError"):
            Owner(ours, name, tag, TRUSTED)
    assert Owner(ours, name, "Änn 1_.:/=+-@", TRUSTED).table == name


@pytest.mark.lacks(session_tags.SESSION_TAGS)
def test_ministack_accepts_every_session_tag(ministack: Stack) -> None:
    assert Owner(ministack, table(ministack), "*", TRUSTED)


def test_session_tags_need_a_trust_policy_that_allows_them(ours: Stack) -> None:
    with pytest.raises(ClientError, match="sts:TagSession"):
        Owner(ours, table(ours), "ann", ["sts:AssumeRole"])


def test_function_may_do_what_its_role_allows_and_no_more(ours: Stack) -> None:
    group = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}
    name = ours.function(
        "import boto3\n"
        "def handler(event, context):\n"
        "    client = boto3.client(*event[:1])\n"
        "    try:\n"
        "        getattr(client, event[1])()\n"
        "    except Exception as error:\n"
        "        return type(error).__name__\n"
        "    return 'done'",
        Role=ours.role([group]),
    )
    assert ours.invoke(name, ["iam", "list_users"]) == "done"
    assert ours.invoke(name, ["iam", "list_roles"]) == "ClientError"


def may(stack: Stack, actions: list[str], call: str) -> bool:
    """Return whether a user with these actions on a function may read or move one of its aliases."""
    function = stack.function("def handler(event, context):\n    return 1", Publish=True)
    stack.client("lambda").create_alias(FunctionName=function, Name="prod", FunctionVersion="1")
    client, user = stack.client("iam"), unique("user")
    client.create_user(UserName=user)
    key = client.create_access_key(UserName=user)["AccessKey"]
    arn = f"arn:aws:lambda:{REGION}:{stack.account}:function:{function}"
    statement = {"Effect": "Allow", "Action": actions, "Resource": arn}
    client.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy([statement]))
    caller = stack.client_of("lambda", key["AccessKeyId"], key["SecretAccessKey"])
    return not denied(lambda: getattr(caller, call)(FunctionName=function, Name="prod"))


@pytest.mark.adds(alias_actions.ALIAS_ACTIONS)
def test_an_alias_is_read_and_moved_by_separate_actions(ours: Stack) -> None:
    assert may(ours, ["lambda:GetAlias"], "get_alias")
    assert not may(ours, ["lambda:GetAlias"], "update_alias")
    assert may(ours, ["lambda:UpdateAlias"], "update_alias")
    assert not may(ours, ["lambda:ListAliases", "lambda:UpdateAlias"], "get_alias")


@pytest.mark.lacks(alias_actions.ALIAS_ACTIONS)
def test_ministack_uses_the_action_of_listing_for_all(ministack: Stack) -> None:
    assert may(ministack, ["lambda:ListAliases"], "update_alias")
    assert not may(ministack, ["lambda:UpdateAlias"], "update_alias")


def user(stack: Stack, service: str, *statements: dict[str, Any]) -> Any:
    """Return a client of a service, with the credentials of a user who has exactly these statements."""
    iam, name = stack.client("iam"), unique("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=policy(list(statements)))
    return stack.client_of(service, key["AccessKeyId"], key["SecretAccessKey"])


def allow(action: str | list[str], resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


BUDGET = {
    "BudgetName": "monthly",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": "5", "Unit": "USD"},
}


def makes_a_budget(stack: Stack, action: str, resource: str = "*") -> bool:
    """Return whether a user with one action may create a budget."""
    client = user(stack, "budgets", allow(action, resource))
    budget = BUDGET | {"BudgetName": unique("monthly")}
    return not denied(lambda: client.create_budget(AccountId=stack.account, Budget=budget))


@pytest.mark.adds(operation_actions.OPERATION_ACTIONS)
def test_a_budget_is_created_by_the_action_that_modifies_budgets(ours: Stack) -> None:
    assert makes_a_budget(ours, "budgets:ModifyBudget", f"arn:aws:budgets::{ours.account}:budget/monthly*")
    assert not makes_a_budget(ours, "budgets:CreateBudget")
    assert not makes_a_budget(ours, "budgets:ViewBudget")


@pytest.mark.lacks(operation_actions.OPERATION_ACTIONS)
def test_ministack_wants_an_action_that_does_not_exist(ministack: Stack) -> None:
    assert makes_a_budget(ministack, "budgets:CreateBudget")


def makes_a_composite_alarm(stack: Stack, resource: str) -> bool:
    """Return whether a user who may do so on a resource can create a composite alarm."""
    client = user(stack, "cloudwatch", allow("cloudwatch:PutCompositeAlarm", resource))
    return not denied(lambda: client.put_composite_alarm(AlarmName="all-of-x", AlarmRule="TRUE"))


def makes_a_dashboard(stack: Stack, resource: str) -> bool:
    """Return whether a user who may do so on a resource can create the dashboard `x-1`."""
    client = user(stack, "cloudwatch", allow("cloudwatch:PutDashboard", resource))
    return not denied(lambda: client.put_dashboard(DashboardName="x-1", DashboardBody='{"widgets": []}'))


@pytest.mark.adds(resources.RESOURCES)
def test_a_composite_alarm_has_no_resource_and_a_dashboard_has_one(ours: Stack) -> None:
    assert makes_a_composite_alarm(ours, "*")
    assert not makes_a_composite_alarm(ours, f"arn:aws:cloudwatch:{REGION}:{ours.account}:alarm:*")
    assert makes_a_dashboard(ours, f"arn:aws:cloudwatch::{ours.account}:dashboard/x-*")
    assert not makes_a_dashboard(ours, f"arn:aws:cloudwatch::{ours.account}:dashboard/y-*")
    client = user(
        ours, "cloudwatch", allow("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{REGION}:{ours.account}:alarm:x-*")
    )
    assert not denied(lambda: client.delete_alarms(AlarmNames=["x-1"]))
    assert denied(lambda: client.delete_alarms(AlarmNames=["y-1"]))


@pytest.mark.adds(resources.RESOURCES)
def test_tags_are_read_by_the_arn_of_what_has_them(ours: Stack) -> None:
    arn = ours.client("sns").create_topic(Name=unique("topic"))["TopicArn"]
    own, others = (user(ours, "sns", allow("sns:ListTagsForResource", each)) for each in (arn, f"{arn}-2"))
    assert own.list_tags_for_resource(ResourceArn=arn)["Tags"] == []
    assert denied(lambda: others.list_tags_for_resource(ResourceArn=arn))


@pytest.mark.lacks(resources.RESOURCES)
def test_ministack_takes_composite_alarms_by_arn_and_dashboards_by_none(ministack: Stack) -> None:
    assert makes_a_composite_alarm(ministack, f"arn:aws:cloudwatch:{REGION}:{ministack.account}:alarm:*")
    assert not makes_a_dashboard(ministack, f"arn:aws:cloudwatch::{ministack.account}:dashboard/x-*")


def with_boundary(stack: Stack, boundary: str) -> tuple[bool, bool]:
    """Return whether a user who may work on roles with a certain boundary can create one with this one, and change its trust."""
    mine = _boundary(stack, "mine")
    conditions = {"StringEquals": {"iam:PermissionsBoundary": mine}}
    client = user(stack, "iam", allow(["iam:CreateRole", "iam:UpdateAssumeRolePolicy"], "*", Condition=conditions))
    trust = policy([{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}])
    names, arn = [unique("role"), unique("role")], mine if boundary == "mine" else _boundary(stack, boundary)
    made = not denied(
        lambda: client.create_role(RoleName=names[0], AssumeRolePolicyDocument=trust, PermissionsBoundary=arn)
    )
    stack.client("iam").create_role(RoleName=names[1], AssumeRolePolicyDocument=trust, PermissionsBoundary=arn)
    changed = not denied(lambda: client.update_assume_role_policy(RoleName=names[1], PolicyDocument=trust))
    return made, changed


def _boundary(stack: Stack, name: str) -> str:
    document = policy([{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}])
    return str(stack.client("iam").create_policy(PolicyName=unique(name), PolicyDocument=document)["Policy"]["Arn"])


@pytest.mark.adds(request_keys.REQUEST_KEYS)
def test_roles_may_be_limited_to_those_with_a_boundary(ours: Stack) -> None:
    assert with_boundary(ours, "mine") == (True, True)
    assert with_boundary(ours, "another") == (False, False)


@pytest.mark.adds(request_keys.REQUEST_KEYS)
def test_a_caller_may_be_limited_in_whom_it_permits_to_call_a_function(ours: Stack) -> None:
    function = ours.function("def handler(event, context):\n    return 1")
    condition = {"StringEquals": {"lambda:Principal": "apigateway.amazonaws.com"}}
    client = user(ours, "lambda", allow("lambda:AddPermission", "*", Condition=condition))
    permits = {"FunctionName": function, "Action": "lambda:InvokeFunction"}
    client.add_permission(StatementId="gateway", Principal="apigateway.amazonaws.com", **permits)
    assert denied(lambda: client.add_permission(StatementId="anybody", Principal="*", **permits))


@pytest.mark.adds(request_keys.REQUEST_KEYS)
def test_a_caller_may_be_limited_to_pools_with_a_tag(ours: Stack) -> None:
    pools = ours.client("cognito-idp")
    condition = {"StringLike": {"aws:ResourceTag/Environment": ["test", "test-*"]}}
    pool = f"arn:aws:cognito-idp:{REGION}:{ours.account}:userpool/*"
    client = user(ours, "cognito-idp", allow("cognito-idp:UpdateUserPool", pool, Condition=condition))
    for tags, allowed in (({"Environment": "test"}, True), ({"Environment": "prod"}, False), ({}, False)):
        made = pools.create_user_pool(PoolName=unique("pool"), UserPoolTags=tags)["UserPool"]["Id"]
        assert denied(partial(client.update_user_pool, UserPoolId=made)) is not allowed
        pools.delete_user_pool(UserPoolId=made)


@pytest.mark.adds(request_keys.REQUEST_KEYS)
def test_the_caller_in_a_session_is_its_role(ours: Stack) -> None:
    name = unique("role")
    arn = f"arn:aws:iam::{ours.account}:role/{name}"
    trust = policy([{"Effect": "Allow", "Principal": {"AWS": ours.account}, "Action": "sts:AssumeRole"}])
    ours.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    own = allow("sns:ListTopics", "*", Condition={"ArnEquals": {"aws:PrincipalArn": arn}})
    ours.client("iam").put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy([own]))
    caller = user(ours, "sts", allow("sts:AssumeRole", arn))
    session = caller.assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    keys = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    assert not denied(ours.client_of("sns", *keys).list_topics)


@pytest.mark.lacks(request_keys.REQUEST_KEYS)
def test_ministack_does_not_know_the_boundary_that_a_role_gets(ministack: Stack) -> None:
    assert with_boundary(ministack, "mine") == (False, False)
