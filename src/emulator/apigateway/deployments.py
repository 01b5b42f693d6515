"""Deployments of a REST API, from whose copy a stage serves; knows nothing of what serves a request after its method is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from ministack.services import apigateway_v1 as v1

from emulator.apigateway.exchange import current
from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]
Response = tuple[int, Json, bytes]
COPIED = (
    "_resources",
    "_models",
    "_request_validators",
)  # stores by API; a deployment's copy has a key of its own in each

DEPLOYED_RESOURCES = register(
    Difference(
        name="deployed-resources",
        service="API Gateway",
        aws="a stage serves the API as it was when it was deployed, also after it was pointed back to an earlier deployment. A "
        "deployment that a stage serves is not deleted",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-deploy-api.html",
        ministack="changes of methods and integrations take effect at once; gateway responses are those of the deployment. Any "
        "deployment can be deleted",
        here="as AWS for resources, methods, integrations, models and validators; an authorizer is as it is now",
        upstream="copy resources and methods into the deployment, as is done for gateway responses, and serve from the copy",
    )
)
uses(
    DEPLOYED_RESOURCES,
    v1,
    "_resources",
    "_models",
    "_request_validators",
    "_stages_v1",
    "_deployments_v1",
    "_v1_error(code, message, status)",
)


def install() -> None:
    """Copy an API when it is deployed, and serve stages from the copy."""
    patch(v1, "_create_deployment", create_deployment, DEPLOYED_RESOURCES)
    patch(v1, "_delete_deployment", delete_deployment, DEPLOYED_RESOURCES)
    patch(v1, "_delete_rest_api", delete_rest_api, DEPLOYED_RESOURCES)
    patch(v1, "_match_greedy_fallback", match_greedy_fallback, DEPLOYED_RESOURCES)


def served(api_id: str) -> str:
    """Return the key of the copy that the current request's stage serves; the API itself if its state is older than copies."""
    exchange = current.get(None)
    stage = exchange.request["stage"] if exchange is not None else None
    key = _key(api_id, (stage or {}).get("deploymentId", ""))
    return key if key in v1._resources else api_id


def create_deployment(original: Callable[[str, Json], Response], api_id: str, data: Json) -> Response:
    """Serve CreateDeployment."""
    status, headers, body = original(api_id, data)
    if status == 201:
        for store in _copied():
            store[_key(api_id, json.loads(body)["id"])] = copy.deepcopy(store.get(api_id, {}))
    return status, headers, body


def delete_deployment(original: Callable[[str, str], Response], api_id: str, deployment_id: str) -> Response:
    """Serve DeleteDeployment, unless a stage serves the deployment.

    https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteDeployment.html
    """
    if any(stage.get("deploymentId") == deployment_id for stage in v1._stages_v1.get(api_id, {}).values()):
        message = "Active stages pointing to this deployment must be moved or deleted"
        refused: Response = v1._v1_error("BadRequestException", message, 400)
        return refused
    response = original(api_id, deployment_id)
    _forget(api_id, deployment_id)
    return response


def delete_rest_api(original: Callable[[str], Response], api_id: str) -> Response:
    """Serve DeleteRestApi."""
    for deployment_id in v1._deployments_v1.get(api_id, {}):
        _forget(api_id, deployment_id)
    return original(api_id)


def match_greedy_fallback(
    original: Callable[[str, list[str], str], tuple[Json | None, Json | None]],
    api_id: str,
    segments: list[str],
    http_method: str,
) -> tuple[Json | None, Json | None]:
    """Return the resource of the deployment that takes what no other does, and the parameters of the path."""
    return original(served(api_id), segments, http_method)


def _key(api_id: str, deployment_id: str) -> str:
    return f"{api_id}@{deployment_id}"


def _forget(api_id: str, deployment_id: str) -> None:
    for store in _copied():
        store.pop(_key(api_id, deployment_id), None)


def _copied() -> tuple[Any, ...]:
    """Return the stores by API in which a deployment's copy has a key of its own."""
    return v1._resources, v1._models, v1._request_validators
