"""A stage serves its deployment: what the API was when it was deployed, also after the stage was pointed back."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.apigateway import deployments

from .stack import Api, Stack

STATUS = {"application/json": '{"statusCode": 200}'}


def mocked(stack: Stack) -> Api:
    """Deploy an API with POST /thing, which the gateway itself responds to."""
    api, gateway = stack.api(integration={"type": "MOCK", "requestTemplates": STATUS}), stack.client("apigateway")
    where: dict[str, Any] = {**thing(stack, api), "httpMethod": "POST", "statusCode": "200"}
    gateway.put_method_response(**where)
    gateway.put_integration_response(**where)
    gateway.create_deployment(restApiId=api.id, stageName="test")
    return api


def thing(stack: Stack, api: Api) -> dict[str, str]:
    """Return what names the resource /thing."""
    found = stack.client("apigateway").get_resources(restApiId=api.id)["items"]
    return {"restApiId": api.id, "resourceId": next(each["id"] for each in found if each["path"] == "/thing")}


def deployment_of(stack: Stack, api: Api) -> str:
    return str(stack.client("apigateway").get_stage(restApiId=api.id, stageName="test")["deploymentId"])


def point(stack: Stack, api: Api, deployment: str) -> None:
    change = {"op": "replace", "path": "/deploymentId", "value": deployment}
    stack.client("apigateway").update_stage(restApiId=api.id, stageName="test", patchOperations=[change])


@pytest.mark.adds(deployments.DEPLOYED_RESOURCES)
def test_stage_serves_what_was_deployed_and_can_go_back_to_it(ours: Stack) -> None:
    api, gateway = mocked(ours), ours.client("apigateway")
    before = deployment_of(ours, api)
    gateway.delete_method(**thing(ours, api), httpMethod="POST")
    assert api.post().status_code == 200  # nothing was deployed
    gateway.create_deployment(restApiId=api.id, stageName="test")
    assert api.post().status_code == 403
    point(ours, api, before)
    assert api.post().status_code == 200


def test_parameters_are_those_that_the_deployment_requires(ours: Stack) -> None:
    api, gateway = mocked(ours), ours.client("apigateway")
    before = deployment_of(ours, api)
    validator = gateway.create_request_validator(restApiId=api.id, name="all", validateRequestParameters=True)
    changes = [
        {"op": "replace", "path": "/requestValidatorId", "value": validator["id"]},
        {"op": "add", "path": "/requestParameters/method.request.querystring.q", "value": "true"},
    ]
    gateway.update_method(**thing(ours, api), httpMethod="POST", patchOperations=changes)
    gateway.create_deployment(restApiId=api.id, stageName="test")
    gateway.delete_request_validator(restApiId=api.id, requestValidatorId=validator["id"])
    assert api.post().status_code == 400
    point(ours, api, before)
    assert api.post().status_code == 200


def test_deployment_is_deleted_once_no_stage_serves_it(ours: Stack) -> None:
    api, gateway = mocked(ours), ours.client("apigateway")
    served = deployment_of(ours, api)
    with pytest.raises(ClientError, match="Active stages pointing to this deployment must be moved or deleted"):
        gateway.delete_deployment(restApiId=api.id, deploymentId=served)
    gateway.create_deployment(restApiId=api.id, stageName="test")
    gateway.delete_deployment(restApiId=api.id, deploymentId=served)
    assert served not in [each["id"] for each in gateway.get_deployments(restApiId=api.id)["items"]]


@pytest.mark.lacks(deployments.DEPLOYED_RESOURCES)
def test_deleted_method_disappears_from_the_stage_without_a_deployment(ministack: Stack) -> None:
    api = mocked(ministack)
    ministack.client("apigateway").delete_method(**thing(ministack, api), httpMethod="POST")
    assert api.post().status_code == 403
