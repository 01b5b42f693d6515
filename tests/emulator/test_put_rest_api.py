"""An API created from an OpenAPI document, as Terraform does with `body`."""

from __future__ import annotations

import copy
import json
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from emulator import process
from emulator.apigateway import put_rest_api

from .stack import REGION, Json, Stack, unique

CORS = {"method.response.header.Access-Control-Allow-Origin": "'*'"}
DOCUMENT: Json = {
    "openapi": "3.0.1",
    "info": {"title": "things", "version": "2", "description": "Of things"},
    "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True, "validateRequestParameters": True}},
    "x-amazon-apigateway-request-validator": "all",
    "x-amazon-apigateway-gateway-responses": {
        "BAD_REQUEST_BODY": {
            "statusCode": 422,
            "responseTemplates": {"application/json": '{"title":$context.error.messageString}'},
        }
    },
    "paths": {
        "/things": {
            "post": {
                "operationId": "create_thing",
                "security": [{"users": ["things/write"]}],
                "parameters": [
                    {"name": "Key", "in": "header", "required": True, "schema": {"type": "string"}},
                    {"$ref": "#/components/parameters/limit"},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {
                    "201": {
                        "description": "created",
                        "headers": {"ETag": {"schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    }
                },
                "x-amazon-apigateway-integration": {
                    "type": "mock",
                    "passthroughBehavior": "never",
                    "timeoutInMillis": 5000,
                    "requestTemplates": {"application/json": '{"statusCode": 201}'},
                    "responses": {
                        "default": {
                            "statusCode": "201",
                            "responseParameters": {"method.response.header.ETag": "'1'"},
                            "responseTemplates": {"application/json": '{"created": true}'},
                        }
                    },
                },
            },
            "options": {
                "responses": {"204": {"description": "CORS"}},
                "x-amazon-apigateway-integration": {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 204}'},
                    "responses": {"default": {"statusCode": "204", "responseParameters": CORS}},
                },
            },
        },
        "/things/{id}": {},
    },
    "components": {
        "parameters": {"limit": {"name": "limit", "in": "query", "schema": {"type": "integer"}}},
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "nullable": True},
                    "parts": {
                        "type": "array",
                        "maxItems": 1,
                        "items": {"$ref": "#/components/schemas/Part"},
                    },
                },
            },
            "Part": {"type": "string", "maxLength": 3},
        },
        "securitySchemes": {
            "users": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "cognito_user_pools",
                "x-amazon-apigateway-authorizer": {
                    "type": "cognito_user_pools",
                    "providerARNs": [f"arn:aws:cognito-idp:{REGION}:000000000000:userpool/p"],
                },
            }
        },
    },
}


def changed(**properties: Any) -> Json:
    return {**copy.deepcopy(DOCUMENT), **properties}


def put(stack: Stack, api: str, document: Json, **options: Any) -> Json:
    return dict(
        stack.client("apigateway").put_rest_api(
            restApiId=api,
            mode=options.pop("mode", "overwrite"),
            failOnWarnings=options.pop("failOnWarnings", True),
            body=json.dumps(document).encode(),
        )
    )


@pytest.fixture
def api(ours: Stack) -> str:
    return str(ours.client("apigateway").create_rest_api(name=unique("api"))["id"])


def resources(stack: Stack, api: str) -> dict[str, Json]:
    items = stack.client("apigateway").get_resources(restApiId=api, embed=["methods"])["items"]
    return {resource["path"]: resource for resource in items}


@pytest.mark.adds(put_rest_api.PUT_REST_API)
def test_document_becomes_the_api(ours: Stack, api: str) -> None:
    gateway = ours.client("apigateway")
    result = put(ours, api, DOCUMENT)
    assert (result["name"], result["version"], result["description"]) == ("things", "2", "Of things")
    created = resources(ours, api)
    assert set(created) == {"/", "/things", "/things/{id}"}
    method = created["/things"]["resourceMethods"]["POST"]
    authorizer = gateway.get_authorizers(restApiId=api)["items"][0]
    validator = gateway.get_request_validators(restApiId=api)["items"][0]
    assert authorizer["type"] == "COGNITO_USER_POOLS"
    assert authorizer["identitySource"] == "method.request.header.Authorization"
    assert method["authorizationType"] == "COGNITO_USER_POOLS"
    assert method["authorizerId"] == authorizer["id"]
    assert method["authorizationScopes"] == ["things/write"]
    assert method["operationName"] == "create_thing"
    assert method["requestValidatorId"] == validator["id"]
    assert validator["validateRequestBody"]
    assert validator["validateRequestParameters"]
    assert method["requestModels"] == {"application/json": "Thing"}
    assert method["requestParameters"] == {
        "method.request.header.Key": True,
        "method.request.querystring.limit": False,
    }
    assert method["methodResponses"]["201"]["responseParameters"] == {"method.response.header.ETag": False}
    assert method["methodResponses"]["201"]["responseModels"] == {"application/json": "Thing"}
    assert method["methodIntegration"]["passthroughBehavior"] == "NEVER"
    assert method["methodIntegration"]["timeoutInMillis"] == 5000
    response = gateway.get_gateway_response(restApiId=api, responseType="BAD_REQUEST_BODY")
    assert response["statusCode"] == "422"


@pytest.mark.lacks(put_rest_api.PUT_REST_API)
def test_ministack_does_not_know_put_rest_api(ministack: Stack) -> None:
    created = ministack.client("apigateway").create_rest_api(name=unique("api"))["id"]
    with pytest.raises(ClientError, match="NotFoundException"):
        put(ministack, created, DOCUMENT)


def test_models_keep_the_keywords_that_api_gateway_keeps(ours: Stack, api: str) -> None:
    put(ours, api, DOCUMENT)
    model = ours.client("apigateway").get_model(restApiId=api, modelName="Thing")
    url = f"https://apigateway.amazonaws.com/restapis/{api}/models/Part"
    assert json.loads(model["schema"])["properties"] == {
        "name": {"type": "string"},
        "parts": {"type": "array", "items": {"$ref": url}},
    }


def test_deployed_document_serves(ours: Stack, api: str) -> None:
    document = changed()
    things = document["paths"]["/things"]
    del things["post"]["security"]
    things["head"] = {key: value for key, value in things["post"].items() if key != "requestBody"}
    mock = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 405}'}}
    refused = {"statusCode": "405", "responseParameters": {"method.response.header.Allow": "'POST'"}}
    things["x-amazon-apigateway-any-method"] = {
        "responses": {"405": {"description": "other", "headers": {"Allow": {"schema": {"type": "string"}}}}},
        "x-amazon-apigateway-integration": {**mock, "responses": {"default": refused}},
    }
    put(ours, api, document)
    ours.client("apigateway").create_deployment(restApiId=api, stageName="test")
    url = f"{process.api_url(ours.port, api, 'test')}/things"
    created = httpx.post(url, json={"name": "a", "parts": ["abc", "d"]}, headers={"Key": "k"}, timeout=60)
    assert (created.status_code, created.json(), created.headers["etag"]) == (201, {"created": True}, "1")
    assert httpx.post(url, json={"name": "a"}, timeout=60).status_code == 400
    wrong = httpx.post(url, json={"parts": ["too long"]}, headers={"Key": "k"}, timeout=60)
    assert (wrong.status_code, wrong.json()["title"]) == (422, "Invalid request body")
    preflight = httpx.options(url)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    head = httpx.head(url, headers={"Key": "k"})
    assert (head.status_code, head.headers["etag"], head.content) == (201, "1", b"")
    for method in ("DELETE", "GET", "PATCH"):
        other = httpx.request(method, url, timeout=60)
        assert (other.status_code, other.headers["allow"]) == (405, "POST")


def test_overwriting_keeps_ids_and_drops_what_is_not_in_the_document(ours: Stack, api: str) -> None:
    gateway = ours.client("apigateway")
    put(ours, api, DOCUMENT)
    before = resources(ours, api)
    authorizer = gateway.get_authorizers(restApiId=api)["items"][0]["id"]
    document = changed(**{"x-amazon-apigateway-gateway-responses": {}})
    del document["paths"]["/things/{id}"], document["paths"]["/things"]["options"]
    put(ours, api, document)
    after = resources(ours, api)
    assert set(after) == {"/", "/things"}
    assert after["/things"]["id"] == before["/things"]["id"]
    assert set(after["/things"]["resourceMethods"]) == {"POST"}
    assert gateway.get_authorizers(restApiId=api)["items"][0]["id"] == authorizer
    response = gateway.get_gateway_response(restApiId=api, responseType="BAD_REQUEST_BODY")
    assert response["defaultResponse"]


def test_merging_keeps_what_the_document_does_not_name(ours: Stack, api: str) -> None:
    put(ours, api, DOCUMENT)
    other = changed(paths={"/others": {}})
    put(ours, api, other, mode="merge")
    assert set(resources(ours, api)) == {"/", "/things", "/things/{id}", "/others"}


def test_unsupported_keyword_is_refused_by_name_and_changes_nothing(ours: Stack, api: str) -> None:
    put(ours, api, DOCUMENT)
    document = changed(paths={})
    document["components"]["schemas"]["Thing"]["properties"]["name"]["example"] = "x"
    with pytest.raises(ClientError, match=r'Unsupported keyword\(s\): \["example"\]'):
        put(ours, api, document)
    assert "/things" in resources(ours, api)


def test_warnings_fail_only_with_fail_on_warnings(ours: Stack, api: str) -> None:
    document = changed()
    document["components"]["securitySchemes"]["other"] = {"type": "oauth2"}
    with pytest.raises(ClientError, match="Unsupported security definition type 'oauth2'"):
        put(ours, api, document)
    assert put(ours, api, document, failOnWarnings=False)["warnings"]


def test_importing_creates_a_new_api_unless_it_fails(ours: Stack) -> None:
    gateway = ours.client("apigateway")
    created = gateway.import_rest_api(failOnWarnings=True, body=json.dumps(DOCUMENT).encode())
    assert created["name"] == "things"
    assert "/things" in resources(ours, created["id"])
    count = len(gateway.get_rest_apis(limit=500)["items"])
    with pytest.raises(ClientError, match="BadRequestException"):
        gateway.import_rest_api(body=json.dumps({"openapi": "3.1.0"}).encode())
    assert len(gateway.get_rest_apis(limit=500)["items"]) == count
