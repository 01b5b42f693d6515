"""Policies for response headers, as they are returned; storing them is MiniStack's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from ministack.services import cloudfront

from emulator.patches import Difference, patch, register

Json = dict[str, Any]

EMPTY_POLICY_BLOCKS = register(
    Difference(
        name="empty-policy-blocks",
        service="CloudFront",
        aws="a response headers policy without headers to remove has no RemoveHeadersConfig",
        source="https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ResponseHeadersPolicyConfig.html",
        ministack="returns an empty one, so that every plan shows drift",
        here="as AWS",
        upstream="add the element in `_build_rhp_config_xml` only if there are headers to remove",
    )
)


def install() -> None:
    """Leave the empty block out."""
    patch(cloudfront, "_build_rhp_config_xml", build, EMPTY_POLICY_BLOCKS)


def build(original: Callable[[Element, Json], None], parent: Element, cfg: Json) -> None:
    """Add the elements of a policy to `parent`."""
    original(parent, cfg)
    block = parent.find("RemoveHeadersConfig")
    if block is not None and not cfg["RemoveHeaders"]:
        parent.remove(block)
