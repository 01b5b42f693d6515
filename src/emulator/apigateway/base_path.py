"""Custom domains: the mapping of the root to a stage, and what is read back of a domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import apigateway_v1

from emulator.patches import Difference, patch, register, uses

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

MUTUAL_TLS = register(
    Difference(
        name="mutual-tls",
        service="API Gateway",
        aws="a domain without mutual TLS has no mutualTlsAuthentication",
        source="https://docs.aws.amazon.com/apigateway/latest/api/API_DomainName.html",
        ministack="it has an empty one, which Terraform wants to remove in every plan",
        here="as AWS",
        upstream="leave the key out of `_create_domain_name` unless it is in the request",
    )
)
uses(MUTUAL_TLS, apigateway_v1, "_domain_names")


def install() -> None:
    """Give the root its name, and leave out what a domain does not have."""
    patch(apigateway_v1, "_create_base_path_mapping", create, ROOT_MAPPING)
    patch(apigateway_v1, "_create_domain_name", create_domain, MUTUAL_TLS)


def create_domain(original: Callable[[Json], Response], data: Json) -> Response:
    """CreateDomainName."""
    response = original(data)
    domain = apigateway_v1._domain_names.get(data.get("domainName", ""), {})
    if not domain.get("mutualTlsAuthentication"):
        domain.pop("mutualTlsAuthentication", None)
    return response


def create(original: Callable[[str, Json], Response], domain_name: str, data: Json) -> Response:
    """CreateBasePathMapping."""
    return original(domain_name, {**data, "basePath": data.get("basePath") or NONE})
