"""Saved queries of CloudWatch Logs Insights, which MiniStack lacks; they can be stored and read, but are never run here."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core import responses
from ministack.services import cloudwatch_logs

from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

QUERY_DEFINITIONS = register(
    Difference(
        name="query-definitions",
        service="CloudWatch Logs",
        aws="Logs Insights queries can be saved by PutQueryDefinition",
        source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html",
        ministack="it is an unknown action, so that Terraform cannot apply them",
        here="they are saved, described and deleted as on AWS",
        upstream="add the three actions to `cloudwatch_logs.handle_request`, and their store to `get_state`",
    )
)
uses(
    QUERY_DEFINITIONS,
    responses,
    "AccountRegionScopedDict",
    "json_response(data, status=200, *, content_type='application/x-amz-json-1.0')",
    "error_response_json(code, message, status=400, extra=None, *, message_key='message', "
    "content_type='application/x-amz-json-1.0')",
)


def install() -> None:
    """Serve the three actions, and keep the queries with the rest of CloudWatch Logs' state."""
    patch(cloudwatch_logs, "_query_definitions", responses.AccountRegionScopedDict(), QUERY_DEFINITIONS, new=True)
    patch(cloudwatch_logs, "handle_request", handle_request, QUERY_DEFINITIONS)
    patch(cloudwatch_logs, "load_persisted_state", load_persisted_state, QUERY_DEFINITIONS)


def load_persisted_state(original: Callable[..., None], data: Json | None) -> None:
    """Restore the saved state of CloudWatch Logs."""
    original(data)
    cloudwatch_logs._query_definitions.update((data or {}).get("query_definitions", {}))


async def handle_request(
    original: Callable[..., Awaitable[Any]], method: str, path: str, headers: Json, body: bytes, query_params: Json
) -> Any:
    """Serve an API call."""
    action = _ACTIONS.get(headers.get("x-amz-target", "").rpartition(".")[2])
    if action is None:
        return await original(method, path, headers, body, query_params)
    return action(json.loads(body or b"{}"))


def _put(request: Json) -> Any:
    definitions: Json = cloudwatch_logs._query_definitions
    name = request.get("queryDefinitionId") or str(uuid.uuid4())
    if "queryDefinitionId" in request and name not in definitions:
        return responses.error_response_json("ResourceNotFoundException", f"There is no query definition {name}.", 400)
    kept = {key: request[key] for key in ("name", "queryString", "logGroupNames") if key in request}
    definitions[name] = {**kept, "queryDefinitionId": name, "lastModified": int(time.time() * 1000)}
    return responses.json_response({"queryDefinitionId": name})


def _describe(request: Json) -> Any:
    prefix = request.get("queryDefinitionNamePrefix", "")
    saved: list[Json] = list(cloudwatch_logs._query_definitions.values())
    matching = [each for each in saved if each["name"].startswith(prefix)]
    return responses.json_response({"queryDefinitions": sorted(matching, key=lambda each: str(each["name"]))})


def _delete(request: Json) -> Any:
    removed = cloudwatch_logs._query_definitions.pop(request.get("queryDefinitionId"), None)
    return responses.json_response({"success": removed is not None})


_ACTIONS: dict[str, Callable[[Json], Any]] = {
    "PutQueryDefinition": _put,
    "DescribeQueryDefinitions": _describe,
    "DeleteQueryDefinition": _delete,
}
