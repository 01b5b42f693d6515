"""The mapping of a custom domain's root to a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import apigateway_v1

from emulator.patches import Difference, patch, register

Json = dict[str, Any]
Response = tuple[int, Json, bytes]
NONE = "(none)"

ROOT_MAPPING = register(
    Difference(
        name="root-mapping",
        service="API Gateway",
        aws="an empty base path is the root of the domain, and is called (none) from then on",
        source="https://docs.aws.amazon.com/apigateway/latest/api/API_CreateBasePathMapping.html",
        ministack="the mapping is stored under the empty name, and not found under (none), where Terraform looks for it",
        here="as AWS",
        upstream='`data.get("basePath") or "(none)"` in `_create_base_path_mapping`',
    )
)


def install() -> None:
    """Give the root its name."""
    patch(apigateway_v1, "_create_base_path_mapping", create, ROOT_MAPPING)


def create(original: Callable[[str, Json], Response], domain_name: str, data: Json) -> Response:
    """CreateBasePathMapping."""
    return original(domain_name, {**data, "basePath": data.get("basePath") or NONE})
