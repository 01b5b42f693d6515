"""Custom domains: the mapping of the root, and what is read back."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.apigateway import base_path

from .stack import Stack, unique


def mapped(stack: Stack) -> tuple[Any, str]:
    """A domain whose root is mapped to a stage as Terraform does it, with an empty base path."""
    api, name = stack.client("apigateway"), f"{unique('api')}.example.com".lower()
    rest_api = api.create_rest_api(name=unique("api"))["id"]
    arn = "arn:aws:acm:eu-west-2:000000000000:certificate/1"
    api.create_domain_name(domainName=name, regionalCertificateArn=arn, endpointConfiguration={"types": ["REGIONAL"]})
    api.create_base_path_mapping(domainName=name, restApiId=rest_api, stage="v1", basePath="")
    return api, name


@pytest.mark.adds(base_path.ROOT_MAPPING)
def test_the_root_of_a_domain_is_called_none(ours: Stack) -> None:
    api, name = mapped(ours)
    assert api.get_base_path_mapping(domainName=name, basePath="(none)")["stage"] == "v1"
    assert [mapping["basePath"] for mapping in api.get_base_path_mappings(domainName=name)["items"]] == ["(none)"]


@pytest.mark.lacks(base_path.ROOT_MAPPING)
def test_ministack_does_not_find_the_root_of_a_domain(ministack: Stack) -> None:
    api, name = mapped(ministack)
    with pytest.raises(api.exceptions.NotFoundException):
        api.get_base_path_mapping(domainName=name, basePath="(none)")


@pytest.mark.adds(base_path.MUTUAL_TLS)
def test_a_domain_without_mutual_tls_has_none(ours: Stack) -> None:
    api, name = mapped(ours)
    assert "mutualTlsAuthentication" not in api.get_domain_name(domainName=name)


@pytest.mark.lacks(base_path.MUTUAL_TLS)
def test_ministack_has_an_empty_one(ministack: Stack) -> None:
    api, name = mapped(ministack)
    assert api.get_domain_name(domainName=name)["mutualTlsAuthentication"] == {}
