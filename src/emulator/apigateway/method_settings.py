"""The settings of a stage's methods, under the keys that API Gateway gives them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.services import apigateway_v1 as v1

from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]
Response = tuple[int, Json, bytes]

METHOD_SETTINGS = register(
    Difference(
        name="method-settings",
        service="API Gateway",
        aws="a stage has the settings of one method, such as its throttling, under `~1items~1{id}/OPTIONS`: the slashes of a "
        "path are `~1`, as in the request that sets them. Each method of each path has a limit of its own; those of ANY are the "
        "ones of the requested method",
        source="https://docs.aws.amazon.com/cli/latest/reference/apigateway/update-stage.html",
        ministack="applies the limits, but returns the settings under `/items/{id}/OPTIONS`, where Terraform does not find them",
        here="as AWS",
        upstream="return the keys of `methodSettings` with `~1` in `_get_stage`, `_get_stages` and `_update_stage`",
    )
)
uses(
    METHOD_SETTINGS,
    v1,
    "_v1_response(data, status=200)",
    "_method_throttle_settings(stage, resource_path, http_method)",
)


def install() -> None:
    """Return the stages with the keys of API Gateway."""
    patch(v1, "_get_stage", get_stage, METHOD_SETTINGS)
    patch(v1, "_get_stages", get_stages, METHOD_SETTINGS)
    patch(v1, "_update_stage", update_stage, METHOD_SETTINGS)


def get_stage(original: Callable[[str, str], Response], api_id: str, stage_name: str) -> Response:
    """Serve GetStage."""
    return _renamed(original(api_id, stage_name))


def get_stages(original: Callable[[str], Response], api_id: str) -> Response:
    """Serve GetStages."""
    return _renamed(original(api_id))


def update_stage(original: Callable[[str, str, Json], Response], api_id: str, stage_name: str, data: Json) -> Response:
    """Serve UpdateStage."""
    return _renamed(original(api_id, stage_name, data))


def _renamed(response: Response) -> Response:
    status, headers, body = response
    document = json.loads(body)
    for stage in [document, *document.get("item", [])]:
        if settings := stage.get("methodSettings"):
            stage["methodSettings"] = {_key(name): value for name, value in settings.items()}
    return status, headers, json.dumps(document).encode()


def _key(name: str) -> str:
    """Return the key of API Gateway for MiniStack's `/items/{id}/GET`; `*/*` and `~1items/GET` stay as they are."""
    path, _, method = name.rpartition("/")
    return f"{path.replace('/', '~1')}/{method}"
