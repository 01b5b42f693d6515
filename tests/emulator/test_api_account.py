"""An API of another account is reached by its address."""

from __future__ import annotations

import httpx
import pytest

from emulator.apigateway import api_account
from emulator.process import endpoint_url

from .stack import Stack, unique


def status(stack: Stack) -> int:
    """The status of an unsigned request to an API of another account, whose one method is a mock."""
    gateway = stack.client_of("apigateway", "111111111111", stack.secret)
    api = gateway.create_rest_api(name=unique("api"))
    where = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**where, authorizationType="NONE")
    gateway.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    gateway.put_method_response(**where, statusCode="200")
    gateway.put_integration_response(**where, statusCode="200")
    gateway.create_deployment(restApiId=api["id"], stageName="test")
    return httpx.get(f"{endpoint_url(stack.port)}/_aws/execute-api/{api['id']}/test", timeout=60).status_code


@pytest.mark.adds(api_account.API_ACCOUNT)
def test_api_of_another_account_is_reached_without_credentials(ours: Stack) -> None:
    assert status(ours) == 200


@pytest.mark.lacks(api_account.API_ACCOUNT)
def test_ministack_finds_apis_of_the_default_account_only(ministack: Stack) -> None:
    assert status(ministack) == 404
