"""`crudctl users` on the local stack: who may sign in, invited and shut out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import Result

from tests.invoke import invoke
from tests.stack import Stack

EMAIL, PASSWORD = "leaver@example.com", "A-good-password-1"


def users(stack: Stack, *arguments: str) -> Result:
    """Run `crudctl users`."""
    return invoke(stack.home, "users", *arguments)


def listed(stack: Stack) -> dict[str, str]:
    """The state of each user by address, as `users list --json` prints it."""
    result = users(stack, "list", "--json")
    assert result.exit_code == 0, result.output
    return {each["email"]: each["state"] for each in json.loads(result.stdout)}


@pytest.fixture
def cognito(stack: Stack) -> Iterator[Any]:
    """The client of the user pool; the user who is invited is deleted in the end."""
    client = stack.aws("cognito-idp")
    yield client
    if EMAIL in listed(stack):
        client.admin_delete_user(UserPoolId=stack.outputs["user_pool_id"], Username=EMAIL)


@pytest.fixture
def invited(stack: Stack, cognito: Any) -> Any:
    """The client, with a user who was invited and has not signed in."""
    result = users(stack, "invite", EMAIL)
    assert result.exit_code == 0, result.output
    assert "no e-mail leaves this machine" in result.stderr
    return cognito


@pytest.fixture
def refresh(stack: Stack, invited: Any) -> str:
    """A refresh token of the user, who has a password now."""
    pool = stack.outputs["user_pool_id"]
    invited.admin_set_user_password(UserPoolId=pool, Username=EMAIL, Password=PASSWORD, Permanent=True)
    return str(signed_in(stack, invited)["RefreshToken"])


def client_id(stack: Stack, cognito: Any) -> str:
    clients = cognito.list_user_pool_clients(UserPoolId=stack.outputs["user_pool_id"], MaxResults=60)["UserPoolClients"]
    return next(str(each["ClientId"]) for each in clients if each["ClientName"].endswith("-password"))


def signed_in(stack: Stack, cognito: Any) -> dict[str, Any]:
    result: dict[str, Any] = cognito.initiate_auth(
        ClientId=client_id(stack, cognito),
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": EMAIL, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    return result


def refreshed(stack: Stack, cognito: Any, token: str) -> dict[str, Any]:
    result: dict[str, Any] = cognito.initiate_auth(
        ClientId=client_id(stack, cognito), AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token}
    )["AuthenticationResult"]
    return result


def test_an_invited_user_has_a_verified_address_and_is_listed_until_the_first_sign_in(
    stack: Stack, invited: Any
) -> None:
    assert listed(stack)[EMAIL] == "invited"
    user = invited.admin_get_user(UserPoolId=stack.outputs["user_pool_id"], Username=EMAIL)
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]
    printed = users(stack, "list").stdout
    assert next(line for line in printed.splitlines() if line.startswith(EMAIL)).split()[1] == "invited"


def test_an_invitation_is_sent_again_only_to_who_has_not_signed_in(stack: Stack, refresh: str) -> None:
    assert refresh
    for arguments in (["invite", EMAIL], ["invite", EMAIL, "--again"]):
        result = users(stack, *arguments)
        assert (result.exit_code, f"{EMAIL} has a user already: active." in result.stderr) == (1, True), result.output


def test_an_invitation_is_not_sent_twice_by_itself(stack: Stack, invited: Any) -> None:
    assert invited
    result = users(stack, "invite", EMAIL)
    assert (result.exit_code, "--again sends the invitation once more" in result.stderr) == (1, True), result.output
    assert users(stack, "invite", EMAIL, "--again").exit_code == 0


def test_a_disabled_user_has_no_session_and_cannot_sign_in_until_enabled(
    stack: Stack, cognito: Any, refresh: str
) -> None:
    assert refreshed(stack, cognito, refresh)
    other = signed_in(stack, cognito)["RefreshToken"]
    result = users(stack, "disable", EMAIL)
    assert (result.exit_code, "accepted until it expires, at most 60 minutes" in result.stderr) == (0, True)
    assert listed(stack)[EMAIL] == "disabled"
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        signed_in(stack, cognito)
    assert users(stack, "enable", EMAIL).exit_code == 0
    assert listed(stack)[EMAIL] == "active"
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        refreshed(stack, cognito, other)  # a session from before
    assert signed_in(stack, cognito)


def test_a_user_who_is_signed_out_keeps_no_session_and_signs_in_again(stack: Stack, cognito: Any, refresh: str) -> None:
    sub = next(each for each in json.loads(users(stack, "list", "--json").stdout) if each["email"] == EMAIL)["sub"]
    assert users(stack, "sign-out", sub).exit_code == 0
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        refreshed(stack, cognito, refresh)
    assert signed_in(stack, cognito)


@pytest.mark.parametrize("command", ["disable", "enable", "sign-out", "invite --again"])
def test_an_unknown_user_is_reported_with_where_to_look(stack: Stack, command: str) -> None:
    result = users(stack, *command.split(), "nobody@example.com")
    assert result.exit_code == 1
    assert "has no user nobody@example.com. `crudctl users list --env local` lists them." in " ".join(
        result.stderr.split()
    )


def test_an_invitation_needs_an_address(stack: Stack) -> None:
    assert "'maria' is not an e-mail address" in users(stack, "invite", "maria").stderr


def test_no_password_is_printed(stack: Stack, invited: Any) -> None:
    """Neither of the user who was invited, nor of the demo users."""
    assert invited
    printed = "".join(
        users(stack, *each).output for each in (["list"], ["list", "--json"], ["invite", EMAIL, "--again"])
    )
    assert [user for user in stack.outputs["demo_users"] if user["password"] in printed] == []
    assert "assword" not in users(stack, "list", "--json").stdout
