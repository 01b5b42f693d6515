"""The demo users of the local stack and of test, and access tokens by user name and password."""

from __future__ import annotations

import json
import secrets
import string
from typing import Any

from crudctl.console import Failed
from crudctl.project import Environment

NAMES = ("demo-1@example.com", "demo-2@example.com")
FILE = "users.json"


def demo_users(environment: Environment) -> list[dict[str, str]]:
    """Return `[{"username", "password"}]` of an environment's demo users, created at first use, in a file for its owner only."""
    path = environment.home / FILE
    if not path.exists():
        new = [{"username": name, "password": new_password()} for name in NAMES]
        environment.write(FILE, json.dumps(new, indent=1))
    users: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return users


def create(environment: Environment, user_pool_id: str) -> None:
    """Ensure that the demo users exist in the pool, confirmed and with their passwords."""
    cognito = environment.client("cognito-idp")
    for user in demo_users(environment):
        name, password = user["username"], user["password"]
        attributes = [{"Name": "email", "Value": name}, {"Name": "email_verified", "Value": "true"}]
        try:
            cognito.admin_create_user(
                UserPoolId=user_pool_id, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS"
            )
        except cognito.exceptions.UsernameExistsException:
            if _signs_in(environment, user_pool_id, name, password):
                continue
        cognito.admin_set_user_password(UserPoolId=user_pool_id, Username=name, Password=password, Permanent=True)


def token(environment: Environment, user_pool_id: str, name: str, password: str) -> str:
    """Return an access token for a user, by the password flow
    (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html).

    Raise Failed if the environment has no app client for that flow, or the sign-in is refused.
    """
    cognito = environment.client("cognito-idp")
    pages = cognito.get_paginator("list_user_pool_clients").paginate(UserPoolId=user_pool_id)
    clients = [client for page in pages for client in page["UserPoolClients"]]
    own = f"{environment.prefix}-password"  # a pool that stacks share has one for each
    client_id = next((client["ClientId"] for client in clients if client["ClientName"] == own), None)
    if client_id is None:
        raise Failed(
            f"{environment.name} has no app client for the password flow.", "Sign in through the hosted page instead."
        )
    try:
        response: dict[str, Any] = cognito.initiate_auth(
            ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": name, "PASSWORD": password}
        )
    except (cognito.exceptions.NotAuthorizedException, cognito.exceptions.UserNotFoundException) as error:
        raise Failed(f"{name} could not sign in: {error.response['Error']['Message']}") from error
    if "AuthenticationResult" not in response:
        raise Failed(
            f"{name} must first complete the challenge {response['ChallengeName']}.",
            "Sign in once through the hosted page, then try again.",
        )
    return str(response["AuthenticationResult"]["AccessToken"])


def subject(environment: Environment, user_pool_id: str, name: str) -> str:
    """Return the `sub` of a user's tokens, by e-mail address. What has no @ is taken for a `sub`, or a machine client's id.

    Raise Failed if the pool has no such user.
    """
    if "@" not in name:
        return name
    cognito = environment.client("cognito-idp")
    try:
        user = cognito.admin_get_user(UserPoolId=user_pool_id, Username=name)
    except cognito.exceptions.UserNotFoundException as error:
        raise Failed(
            f"The user pool {user_pool_id} of {environment.name} has no user {name}.",
            "Check the address. A user who was deleted is found by the `sub` of an old token only.",
        ) from error
    return str(next(each["Value"] for each in user["UserAttributes"] if each["Name"] == "sub"))


def _signs_in(environment: Environment, user_pool_id: str, name: str, password: str) -> bool:
    try:
        token(environment, user_pool_id, name, password)
    except Failed:  # an interrupted `create` left it without its password, or the password has changed since
        return False
    return True


def new_password() -> str:
    """Return 20 random characters with at least one of each kind that the pool's policy requires."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.!")
    characters = [secrets.choice(kind) for kind in kinds] + [secrets.choice("".join(kinds)) for _ in range(16)]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
