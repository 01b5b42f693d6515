"""Which Cognito tokens the gateway accepts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from emulator.apigateway import gateway

from .stack import REGION, Api, Stack, unique

CLAIMS = (
    "import json\n"
    "def handler(event, context):\n"
    "    claims = event['requestContext']['authorizer']['claims']\n"
    "    return {'statusCode': 200, 'body': json.dumps(claims)}"
)


@dataclass
class SignedIn:
    api: Api
    pool: str
    tokens: dict[str, str]

    def status(self, token: str) -> int:
        return self.api.post(headers={"Authorization": f"Bearer {token}"}).status_code


def signed_in(stack: Stack, **method: Any) -> SignedIn:
    cognito = stack.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="user")
    cognito.admin_set_user_password(UserPoolId=pool, Username="user", Password="Correct-horse-1", Permanent=True)
    tokens = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "user", "PASSWORD": "Correct-horse-1"},
    )["AuthenticationResult"]
    function = stack.function(CLAIMS)
    stack.permit(function)
    arn = f"arn:aws:cognito-idp:{REGION}:{stack.account}:userpool/{pool}"
    api = stack.api(
        method={"authorizationType": "COGNITO_USER_POOLS", **method},
        integration=stack.integration(function),
        authorizer={
            "name": "users",
            "type": "COGNITO_USER_POOLS",
            "providerARNs": [arn],
            "identitySource": "method.request.header.Authorization",
        },
    )
    return SignedIn(api, pool, tokens)


@pytest.mark.adds(gateway.IDENTITY_TOKEN)
def test_method_without_scopes_accepts_the_identity_token_only(ours: Stack) -> None:
    user = signed_in(ours)
    assert user.status(user.tokens["IdToken"]) == 200
    assert user.status(user.tokens["AccessToken"]) == 401


@pytest.mark.lacks(gateway.IDENTITY_TOKEN)
def test_ministack_accepts_an_access_token_without_scopes(ministack: Stack) -> None:
    user = signed_in(ministack)
    assert user.status(user.tokens["AccessToken"]) == 200


def test_method_with_scopes_accepts_the_access_token_only(ours: Stack) -> None:
    user = signed_in(ours, authorizationScopes=["aws.cognito.signin.user.admin"])
    assert user.status(user.tokens["AccessToken"]) == 200
    assert user.status(user.tokens["IdToken"]) == 401


def test_function_sees_the_claims(ours: Stack) -> None:
    user = signed_in(ours, authorizationScopes=["aws.cognito.signin.user.admin"])
    response = user.api.post(headers={"Authorization": f"Bearer {user.tokens['AccessToken']}"})
    assert json.loads(response.text)["token_use"] == "access"
