"""Settings of single methods: Terraform finds them again, and each method has a limit of its own."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.apigateway import method_settings

from .stack import Api, Stack

STATUS = {"application/json": '{"statusCode": 200}'}


def limited(stack: Stack, method: str) -> Api:
    """Deploy /thing with a MOCK of ANY, of which one method may be requested twice, and then hardly ever."""
    api = stack.api(integration={"type": "MOCK", "requestTemplates": STATUS})
    gateway = stack.client("apigateway")
    thing = next(each["id"] for each in gateway.get_resources(restApiId=api.id)["items"] if each["path"] == "/thing")
    at: dict[str, Any] = {"restApiId": api.id, "resourceId": thing, "httpMethod": "ANY"}
    gateway.put_method(**at, authorizationType="NONE")
    gateway.put_integration(**at, type="MOCK", requestTemplates=STATUS)
    for verb in ("ANY", "POST"):
        where = {**at, "httpMethod": verb, "statusCode": "200"}
        gateway.put_method_response(**where)
        gateway.put_integration_response(**where)
    gateway.create_deployment(restApiId=api.id, stageName="test")
    wanted = {"rateLimit": "0.001", "burstLimit": "2"}
    changes = [
        {"op": "replace", "path": f"/~1thing/{method}/throttling/{name}", "value": value}
        for name, value in wanted.items()
    ]
    gateway.update_stage(restApiId=api.id, stageName="test", patchOperations=changes)
    return api


@pytest.mark.adds(method_settings.METHOD_SETTINGS)
def test_settings_have_the_key_under_which_they_were_set(ours: Stack) -> None:
    api = limited(ours, "OPTIONS")
    client = ours.client("apigateway")
    (stage,) = client.get_stages(restApiId=api.id)["item"]
    settings = client.get_stage(restApiId=api.id, stageName="test")["methodSettings"]
    assert settings["~1thing/OPTIONS"]["throttlingBurstLimit"] == 2
    assert list(stage["methodSettings"]) == list(settings) == ["~1thing/OPTIONS"]


@pytest.mark.lacks(method_settings.METHOD_SETTINGS)
def test_ministack_returns_them_under_another_key(ministack: Stack) -> None:
    api = limited(ministack, "OPTIONS")
    stage = ministack.client("apigateway").get_stage(restApiId=api.id, stageName="test")
    assert list(stage["methodSettings"]) == ["/thing/OPTIONS"]


@pytest.mark.parametrize("method", ["OPTIONS", "DELETE"])
def test_limit_of_a_method_that_any_serves_is_its_own(ours: Stack, method: str) -> None:
    api = limited(ours, method)
    assert [api.request(method).status_code for _ in range(3)] == [200, 200, 429]
    assert [api.request(other).status_code for other in ("GET", "POST", "PUT")] == [200] * 3
