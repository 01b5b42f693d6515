"""Refresh tokens of an app client with rotation."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from emulator.cognito import refresh_rotation, sign_in_metrics
from emulator.process import endpoint_url

from .stack import Json, Stack, unique


class Client:
    """An app client with rotation, and its user's refresh token."""

    def __init__(self, stack: Stack, grace: int) -> None:
        self.api = stack.client("cognito-idp")
        self.token_url = f"{endpoint_url(stack.port)}/oauth2/token"
        pool = self.api.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
        rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace}
        created = self.api.create_user_pool_client(
            UserPoolId=pool,
            ClientName="app",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
            RefreshTokenRotation=rotation,
        )["UserPoolClient"]
        self.id, self.pool = created["ClientId"], pool
        self.api.admin_create_user(UserPoolId=pool, Username="user")
        self.api.admin_set_user_password(UserPoolId=pool, Username="user", Password="Correct-horse-1", Permanent=True)
        signed_in = self.api.initiate_auth(
            ClientId=self.id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "user", "PASSWORD": "Correct-horse-1"},
        )
        self.first = signed_in["AuthenticationResult"]["RefreshToken"]

    def described(self) -> Any:
        described = self.api.describe_user_pool_client(UserPoolId=self.pool, ClientId=self.id)
        return described["UserPoolClient"].get("RefreshTokenRotation")

    def refresh(self, token: str) -> Json:
        form = {"grant_type": "refresh_token", "client_id": self.id, "refresh_token": token}
        return dict(httpx.post(self.token_url, data=form, timeout=60).json())


@pytest.mark.adds(refresh_rotation.ROTATION)
def test_refresh_token_is_valid_for_one_refresh(ours: Stack) -> None:
    client = Client(ours, grace=0)
    second = client.refresh(client.first)["refresh_token"]
    assert client.refresh(client.first)["error"] == "invalid_grant"
    third = client.api.get_tokens_from_refresh_token(ClientId=client.id, RefreshToken=second)
    assert third["AuthenticationResult"]["RefreshToken"] not in (client.first, second)
    with pytest.raises(ClientError, match="RefreshTokenReuseException"):
        client.api.get_tokens_from_refresh_token(ClientId=client.id, RefreshToken=second)


@pytest.mark.lacks(refresh_rotation.ROTATION)
def test_ministack_drops_the_setting(ministack: Stack) -> None:
    client = Client(ministack, grace=0)
    assert client.described() is None
    assert "refresh_token" not in client.refresh(client.first)


def test_old_token_is_valid_within_the_grace_period(ours: Stack) -> None:
    client = Client(ours, grace=3)
    assert "refresh_token" in client.refresh(client.first)
    assert "refresh_token" in client.refresh(client.first)
    time.sleep(3.1)
    assert client.refresh(client.first)["error"] == "invalid_grant"


def test_setting_is_kept_and_can_be_changed(ours: Stack) -> None:
    client = Client(ours, grace=30)
    assert client.described() == {"Feature": "ENABLED", "RetryGracePeriodSeconds": 30}
    client.api.update_user_pool_client(
        UserPoolId=client.pool, ClientId=client.id, RefreshTokenRotation={"Feature": "DISABLED"}
    )
    assert client.described() == {"Feature": "DISABLED"}
    assert "refresh_token" not in client.refresh(client.first)


def test_malformed_token_is_refused_without_a_server_error(ours: Stack) -> None:
    client = Client(ours, grace=0)
    assert client.refresh("not.a.token")["error"] == "invalid_grant"
    assert client.refresh("")["error"] == "invalid_grant"


def sign_in_of_another_account(stack: Stack) -> str:
    """The error code of a sign-in, which is an unsigned request, to a pool of another account; empty if it succeeds."""
    api = stack.client_of("cognito-idp", "111111111111", stack.secret)
    pool = api.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    flows = {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]}
    client = api.create_user_pool_client(UserPoolId=pool, ClientName="app", **flows)["UserPoolClient"]["ClientId"]
    given = {"USERNAME": "user", "PASSWORD": "Correct-horse-1"}
    api.admin_create_user(UserPoolId=pool, Username="user")
    api.admin_set_user_password(UserPoolId=pool, Username="user", Password=given["PASSWORD"], Permanent=True)
    try:
        api.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.mark.adds(sign_in_metrics.UNSIGNED_SIGN_IN)
def test_unsigned_sign_in_is_that_of_the_account_with_the_app_client(ours: Stack) -> None:
    assert sign_in_of_another_account(ours) == ""


@pytest.mark.lacks(sign_in_metrics.UNSIGNED_SIGN_IN)
def test_ministack_looks_for_the_app_client_in_the_default_account(ministack: Stack) -> None:
    assert sign_in_of_another_account(ministack) == "ResourceNotFoundException"
