"""Decisions of IAM, for functions and for the data role that they assume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.iam import alias_actions, leading_keys, policy_variables, session_tags

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
        if error.response["Error"]["Code"] != "AccessDeniedException":
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
