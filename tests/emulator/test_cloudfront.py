"""What CloudFront returns of a policy for response headers."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.cloudfront import response_headers

from .stack import Stack, unique


def blocks(stack: Stack, **more: Any) -> set[str]:
    """The blocks of a policy with one security header, as it is returned."""
    security = {"ContentTypeOptions": {"Override": True}}
    config = {"Name": unique("policy"), "SecurityHeadersConfig": security, **more}
    client = stack.client("cloudfront")
    policy = client.create_response_headers_policy(ResponseHeadersPolicyConfig=config)["ResponseHeadersPolicy"]
    found = client.get_response_headers_policy(Id=policy["Id"])["ResponseHeadersPolicy"]
    return {name for name in found["ResponseHeadersPolicyConfig"] if name.endswith("HeadersConfig")}


@pytest.mark.adds(response_headers.EMPTY_POLICY_BLOCKS)
def test_policy_that_removes_no_header_has_no_block_for_it(ours: Stack) -> None:
    assert "RemoveHeadersConfig" not in blocks(ours)
    removed = {"Quantity": 1, "Items": [{"Header": "Server"}]}
    assert "RemoveHeadersConfig" in blocks(ours, RemoveHeadersConfig=removed)


@pytest.mark.lacks(response_headers.EMPTY_POLICY_BLOCKS)
def test_ministack_returns_an_empty_block(ministack: Stack) -> None:
    assert "RemoveHeadersConfig" in blocks(ministack)
