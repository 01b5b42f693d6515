"""How API Gateway serves a MOCK integration, where MiniStack differs."""

from __future__ import annotations

import re
from typing import Any

from ministack.services import apigateway_v1 as v1

from emulator.apigateway.context_variables import TEMPLATES, documented
from emulator.apigateway.exchange import Exchange, current
from emulator.apigateway.integration import IntegrationFailed
from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]
Response = tuple[int, Json, bytes]

MOCK_INTEGRATION = register(
    Difference(
        name="mock-integration",
        service="API Gateway",
        aws="the request template for the request's Content-Type, or without one its body, has the status of a MOCK integration; "
        "templates and header mappings of the response may use `$context` variables, and without a template there is no body",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping-sources.html",
        ministack="reads the template `application/json` for every Content-Type, substitutes nothing, and the body is `{}` "
        "without a template",
        here="as AWS, but of Velocity only `$context` variables are evaluated in templates",
        upstream="pass the request to `_invoke_mock_v1`, and render templates and mappings with its variables",
    )
)
uses(MOCK_INTEGRATION, v1, "_header_ci(headers, name)", "_gateway_request_value(source, request)")
uses(MOCK_INTEGRATION, v1, "_GATEWAY_TEMPLATE_VARIABLE")

_STATUS = re.compile(r'"?statusCode"?\s*:\s*(\d{3})\b')


def install() -> None:
    """Serve MOCK integrations with this module."""
    patch(v1, "_invoke_mock_v1", invoke_mock, MOCK_INTEGRATION)


def invoke_mock(integration: Json) -> Response:
    """Return the response of a MOCK integration to the current request.

    Raises:
        IntegrationFailed: the template names no status, or none of the integration's responses is for it.
    """
    exchange = current.get()
    status = _STATUS.search(_requested(integration, exchange))
    if status is None:
        raise _misconfigured("Unable to parse statusCode. It should be an integer defined in request template.")
    chosen = _response_for(status[1], list((integration.get("integrationResponses") or {}).values()))
    media_type, template = next(iter((chosen.get("responseTemplates") or {}).items()), ("application/json", ""))
    headers = {"Content-Type": media_type}
    for name, source in (chosen.get("responseParameters") or {}).items():
        value = v1._gateway_request_value(source, exchange.request)
        if value is not None:
            headers[name.removeprefix("method.response.header.")] = value
    return int(chosen["statusCode"]), headers, _rendered(template, exchange).encode()


def _requested(integration: Json, exchange: Exchange) -> str:
    """Return what the integration receives: the template for the request's Content-Type, else the request's body."""
    templates = {name.lower(): text for name, text in (integration.get("requestTemplates") or {}).items()}
    media_type = v1._header_ci(exchange.request["headers"], "content-type") or "application/json"
    template = templates.get(media_type.split(";", 1)[0].strip().lower())
    return exchange.body.decode(errors="replace") if template is None else _rendered(template, exchange)


def _response_for(status: str, responses: list[Json]) -> Json:
    for response in responses:
        if response.get("selectionPattern") and re.fullmatch(response["selectionPattern"], status):
            return response
    for response in responses:
        if not response.get("selectionPattern"):
            return response
    raise _misconfigured("No match for output mapping and no default output mapping configured.")


def _rendered(template: str, exchange: Exchange) -> str:
    variables = exchange.variables()

    def value(match: re.Match[str]) -> str:
        name = (match[1] or match[2]).removeprefix("context.")
        return str(variables.get(name, "")) if documented(name, TEMPLATES) else ""

    text: str = v1._GATEWAY_TEMPLATE_VARIABLE.sub(value, template)
    return text


def _misconfigured(reason: str) -> IntegrationFailed:
    return IntegrationFailed("API_CONFIGURATION_ERROR", 500, "Internal server error", reason)
