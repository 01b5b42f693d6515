"""Saved queries of CloudWatch Logs Insights, which MiniStack lacks; they are kept and answered, and run by nobody here."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, error_response_json, json_response
from ministack.services import cloudwatch_logs

from emulator.differences import Difference, register

Json = dict[str, Any]

QUERY_DEFINITIONS = register(
    Difference(
        name="query-definitions",
        service="CloudWatch Logs",
        aws="Logs Insights queries can be saved by PutQueryDefinition",
        source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html",
        ministack="it is an unknown action, so that Terraform cannot apply them",
        here="they are saved, described and deleted as on AWS",
    )
)


def install() -> None:
    """Answer the three actions, and keep what they save with the rest of CloudWatch Logs' state."""
    cloudwatch_logs._query_definitions = AccountRegionScopedDict()
    cloudwatch_logs.handle_request = _answering(cloudwatch_logs.handle_request)
    restore = cloudwatch_logs.load_persisted_state

    def load_persisted_state(data: Json | None) -> None:
        restore(data)
        cloudwatch_logs._query_definitions.update((data or {}).get("query_definitions", {}))

    cloudwatch_logs.load_persisted_state = load_persisted_state


def _answering(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    actions: dict[str, Callable[[Json], Any]] = {
        "PutQueryDefinition": _put,
        "DescribeQueryDefinitions": _describe,
        "DeleteQueryDefinition": _delete,
    }

    async def handle_request(method: str, path: str, headers: Json, body: bytes, query_params: Json) -> Any:
        action = actions.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if action is None:
            return await original(method, path, headers, body, query_params)
        return action(json.loads(body or b"{}"))

    return handle_request


def _put(request: Json) -> Any:
    definitions: Json = cloudwatch_logs._query_definitions
    name = request.get("queryDefinitionId") or str(uuid.uuid4())
    if "queryDefinitionId" in request and name not in definitions:
        return error_response_json("ResourceNotFoundException", f"There is no query definition {name}.", 400)
    kept = {member: request[member] for member in ("name", "queryString", "logGroupNames") if member in request}
    definitions[name] = {**kept, "queryDefinitionId": name, "lastModified": int(time.time() * 1000)}
    return json_response({"queryDefinitionId": name})


def _describe(request: Json) -> Any:
    prefix = request.get("queryDefinitionNamePrefix", "")
    saved: list[Json] = list(cloudwatch_logs._query_definitions.values())
    found = [each for each in saved if each["name"].startswith(prefix)]
    return json_response({"queryDefinitions": sorted(found, key=lambda each: str(each["name"]))})


def _delete(request: Json) -> Any:
    removed = cloudwatch_logs._query_definitions.pop(request.get("queryDefinitionId"), None)
    return json_response({"success": removed is not None})
