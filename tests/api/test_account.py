"""Tests that change the account: other tokens, other app clients, another throttling limit, a stricter setting."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.conftest import TARGETS, Service
from tests.api.test_items import Make, problem
from tests.stack import Stack

pytestmark = pytest.mark.parametrize("service", [t for t in TARGETS if t == "local"], indirect=True, scope="session")


def test_an_id_token_is_401(stack: Stack, service: Service) -> None:
    user = stack.outputs["demo_users"][0]
    clients = stack.aws("cognito-idp").list_user_pool_clients(UserPoolId=stack.outputs["user_pool_id"], MaxResults=60)
    password_client = next(c["ClientId"] for c in clients["UserPoolClients"] if "password" in c["ClientName"])
    response = stack.aws("cognito-idp").initiate_auth(
        ClientId=password_client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user["username"], "PASSWORD": user["password"]},
    )
    token = response["AuthenticationResult"]["IdToken"]
    problem(service.client(None).get("items", headers={"Authorization": f"Bearer {token}"}), 401)


def machine_token(stack: Stack, client: dict[str, Any], scope: str) -> httpx.Response:
    return httpx.post(
        f"{stack.endpoint}/oauth2/token",
        auth=(client["ClientId"], client["ClientSecret"]),
        data={"grant_type": "client_credentials", "scope": scope},
        timeout=60,
    )


def machine_client(stack: Stack) -> dict[str, Any]:
    cognito, pool = stack.aws("cognito-idp"), stack.outputs["user_pool_id"]
    clients = cognito.list_user_pool_clients(UserPoolId=pool, MaxResults=60)["UserPoolClients"]
    client_id = next(c["ClientId"] for c in clients if "machine" in c["ClientName"])
    client: dict[str, Any] = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client_id)["UserPoolClient"]
    return client


def test_a_machine_owns_its_items_and_needs_the_scope(stack: Stack, service: Service) -> None:
    client = machine_client(stack)
    both = machine_token(stack, client, "items/read items/write").json()["access_token"]
    read = machine_token(stack, client, "items/read").json()["access_token"]
    anyone = service.client(None)
    created = anyone.post("items", json={"name": "By a machine"}, headers={"Authorization": f"Bearer {both}"})
    assert created.status_code == 201
    path = f"items/{created.json()['id']}"
    assert anyone.get(path, headers={"Authorization": f"Bearer {read}"}).status_code == 200
    refused = anyone.delete(path, headers={"Authorization": f"Bearer {read}"})
    assert problem(refused, 403)["scope"] == "items/write"
    needed = 'Bearer error="insufficient_scope", scope="items/write"'
    assert refused.headers["x-amzn-remapped-www-authenticate"] == needed  # API Gateway's name for it
    assert "www-authenticate" not in refused.headers
    problem(service.client("first").get(path), 404)
    assert anyone.delete(path, headers={"Authorization": f"Bearer {both}"}).status_code == 204


def test_an_unknown_app_client_is_403(stack: Stack, service: Service) -> None:
    cognito, pool = stack.aws("cognito-idp"), stack.outputs["user_pool_id"]
    stranger = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="stranger",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["items/read", "items/write"],
    )["UserPoolClient"]
    token = machine_token(stack, stranger, "items/read").json()["access_token"]
    response = service.client(None).get("items", headers={"Authorization": f"Bearer {token}"})
    cognito.delete_user_pool_client(UserPoolId=pool, ClientId=stranger["ClientId"])
    assert "app client" in problem(response, 403)["detail"]


def test_a_token_without_any_scope_of_the_api_is_401(stack: Stack, service: Service) -> None:
    cognito, pool = stack.aws("cognito-idp"), stack.outputs["user_pool_id"]
    scopes = [{"ScopeName": "read", "ScopeDescription": "Read"}]
    cognito.create_resource_server(UserPoolId=pool, Identifier="elsewhere", Name="elsewhere", Scopes=scopes)
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="elsewhere",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["elsewhere/read"],
    )["UserPoolClient"]
    token = machine_token(stack, client, "elsewhere/read").json()["access_token"]
    response = service.client(None).get("items", headers={"Authorization": f"Bearer {token}"})
    cognito.delete_user_pool_client(UserPoolId=pool, ClientId=client["ClientId"])
    cognito.delete_resource_server(UserPoolId=pool, Identifier="elsewhere")
    assert problem(response, 401)["type"] == "urn:items:problem:unauthorized"
    assert response.headers["www-authenticate"] == "Bearer"


def stage(stack: Stack) -> tuple[str, str]:
    api = stack.aws("apigateway").get_rest_apis()["items"][0]["id"]
    return api, stack.aws("apigateway").get_stages(restApiId=api)["item"][0]["stageName"]


@pytest.fixture
def one_request_in_ten_seconds(stack: Stack) -> Iterator[None]:
    api, name = stage(stack)
    gateway = stack.aws("apigateway")
    settings = gateway.get_stage(restApiId=api, stageName=name)["methodSettings"]["*/*"]

    def throttle(rate: float, burst: int) -> None:
        path = "/*/*/throttling/"
        values = {f"{path}rateLimit": str(rate), f"{path}burstLimit": str(burst)}
        patches = [{"op": "replace", "path": where, "value": value} for where, value in values.items()]
        gateway.update_stage(restApiId=api, stageName=name, patchOperations=patches)

    throttle(0.1, 1)
    yield
    throttle(settings["throttlingRateLimit"], settings["throttlingBurstLimit"])
    time.sleep(1)


def test_too_many_requests_are_429_with_retry_after(one_request_in_ten_seconds: None, api: httpx.Client) -> None:
    responses = [api.get("items", params={"limit": 1}) for _ in range(20)]
    refused = [response for response in responses if response.status_code != 200]
    assert refused
    for response in refused:
        assert problem(response, 429)["type"] == "urn:items:problem:too-many-requests"
        assert int(response.headers["retry-after"]) >= 1
        assert response.headers["access-control-allow-origin"] == "*"


@pytest.fixture
def no_concurrency(stack: Stack) -> Iterator[None]:
    """Let Lambda refuse every read of one item, as an account does that has no concurrency left."""
    client, name = stack.aws("lambda"), stack.outputs["functions"]["get_item"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    yield
    client.delete_function_concurrency(FunctionName=name)


def test_what_lambda_has_no_concurrency_for_is_a_500_that_says_when_to_try_again(
    no_concurrency: None, api: httpx.Client
) -> None:
    response = api.get("items/00000000000000000000000000")
    assert problem(response, 500)["type"] == "urn:items:problem:internal-error"
    assert int(response.headers["retry-after"]) >= 1
    assert "Retry-After" in response.headers["access-control-expose-headers"]


@pytest.fixture
def if_match_required(stack: Stack) -> Iterator[None]:
    """Let the functions that write run with `require_if_match`, as versions of their own."""
    client, earlier = stack.aws("lambda"), {}
    for name in (stack.outputs["functions"][operation] for operation in ("update_item", "delete_item")):
        earlier[name] = client.get_alias(FunctionName=name, Name="prod")["FunctionVersion"]
        variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        strict = variables | {"REQUIRE_IF_MATCH": "true"}
        client.update_function_configuration(FunctionName=name, Environment={"Variables": strict})
        version = client.publish_version(FunctionName=name)["Version"]
        client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        client.update_alias(FunctionName=name, Name="prod", FunctionVersion=version)
    yield
    for name, version in earlier.items():
        client.update_alias(FunctionName=name, Name="prod", FunctionVersion=version)


def test_a_write_without_if_match_is_428_where_it_is_required(
    api: httpx.Client, make: Make, if_match_required: None
) -> None:
    path = f"items/{make()['id']}"
    for method, body in (("PUT", {"name": "x"}), ("PATCH", {"name": "x"}), ("DELETE", None)):
        response = api.request(method, path, json=body)
        assert problem(response, 428)["type"] == "urn:items:problem:precondition-required"
    assert api.put(path, json={"name": "x"}, headers={"If-Match": '"1"'}).status_code == 200
    assert api.delete(path, headers={"If-Match": "*"}).status_code == 204
