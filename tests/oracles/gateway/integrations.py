"""What AWS documents of integrations and gateway responses.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.oracles.gateway.mappings import (
    OF_GATEWAY,
    OF_INTEGRATION,
    TOKEN,
    mapping_faults,
    rendered,
    template_faults,
)

Json = dict[str, Any]
RESPONSE_TYPES = {
    "ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE", "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX", "DEFAULT_5XX", "EXPIRED_TOKEN", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY", "INVALID_SIGNATURE", "MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED", "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND", "THROTTLED", "UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED",
}  # fmt: skip
PASSTHROUGH = {"when_no_templates", "when_no_match", "never"}
MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+")
INVOCATION = re.compile(
    r"arn:aws:apigateway:([a-z0-9-]+):lambda:path/2015-03-31/functions/"
    r"arn:aws:lambda:\1:\d{12}:function:[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,128}/invocations"
)
FIELDS = {"type", "httpMethod", "passthroughBehavior", "timeoutInMillis", "uri", "requestTemplates", "responses"}
SHORTEST, LONGEST = 50, 29_000  # milliseconds


def integration_faults(operation: Json) -> Iterator[str]:
    """Yield what is wrong with an operation's integration."""
    integration = operation["x-amazon-apigateway-integration"]
    if integration.keys() - FIELDS:
        yield f"integration: {sorted(integration.keys() - FIELDS)} are not fields of these integrations"
    if integration.get("passthroughBehavior") not in PASSTHROUGH:
        yield f"passthroughBehavior {integration.get('passthroughBehavior')}"
    if not SHORTEST <= integration.get("timeoutInMillis", LONGEST) <= LONGEST:
        yield f"timeoutInMillis {integration['timeoutInMillis']}"
    if integration.get("type") == "aws_proxy":
        if integration.get("httpMethod") != "POST" or not INVOCATION.fullmatch(integration.get("uri", "")):
            yield f"{integration.get('httpMethod')} {integration.get('uri')}: not an invocation of Lambda"
        if {"requestTemplates", "responses"} & integration.keys():
            yield "a proxy integration has no mappings"
    elif integration.get("type") == "mock":
        yield from _mock(operation, integration)
    else:
        yield f"type {integration.get('type')}"


def _mock(operation: Json, integration: Json) -> Iterator[str]:
    declared = operation["responses"]
    statuses = set()
    for media, template in integration.get("requestTemplates", {}).items():
        if not MEDIA_TYPE.fullmatch(media):
            yield f"request template {media}: not a media type"
        yield from template_faults(template, velocity=True)
        request = rendered(template)
        statuses.add(request.get("statusCode") if isinstance(request, dict) else None)
    if not all(isinstance(status, int) for status in statuses) or not statuses:
        yield f"request templates with statusCode {statuses}: a MOCK needs an integer"
    if "default" not in integration.get("responses", {}):
        yield "no default response"
    for response in integration.get("responses", {}).values():
        status = response.get("statusCode")
        if status not in declared:
            yield f"statusCode {status!r} is not declared, or is no text"
            continue
        yield from _response(response, declared[status])


def _response(response: Json, declared: Json) -> Iterator[str]:
    for target, source in response.get("responseParameters", {}).items():
        name = target.removeprefix("method.response.header.")
        if name == target or name not in declared.get("headers", {}) or not re.fullmatch(TOKEN, name):
            yield f"{target}: not a header that the method declares"
        yield from mapping_faults(source, OF_INTEGRATION)
    for media, template in response.get("responseTemplates", {}).items():
        if not MEDIA_TYPE.fullmatch(media):
            yield f"response template {media}: not a media type"
        yield from template_faults(template, velocity=True)


def gateway_response_faults(kind: str, response: Json) -> Iterator[str]:
    """Yield what is wrong with a gateway response."""
    if kind not in RESPONSE_TYPES:
        yield "not a type of gateway response"
    if not re.fullmatch("[1-5][0-9]{2}", str(response.get("statusCode", "200"))) or not isinstance(
        response.get("statusCode", ""), str
    ):
        yield f"statusCode {response['statusCode']!r}"
    for target, source in response.get("responseParameters", {}).items():
        name = target.removeprefix("gatewayresponse.header.")
        if name == target or not re.fullmatch(TOKEN, name):
            yield f"{target}: not a header of a gateway response"
        yield from mapping_faults(source, OF_GATEWAY)
    for media, template in response.get("responseTemplates", {}).items():
        if media != "application/json":
            yield f"{media}: only application/json is rendered"
        yield from template_faults(template, velocity=False)
