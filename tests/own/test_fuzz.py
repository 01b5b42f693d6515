"""Requests made from the project's own contract: no 5xx, and no response that the contract does not describe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.test_fuzz import QUICK, WALKS, loaded, try_case, walk
from tests.own.test_service import DOCUMENT
from tests.stack import Stack


@pytest.fixture(scope="module")
def gateway(own_stack: Stack) -> Iterator[httpx.Client]:
    """The API behind its gateway, signed in as the second user."""
    with own_stack.api(1) as client:
        yield client


schema = loaded(DOCUMENT)


@schema.parametrize()
@QUICK
def test_every_response_conforms_to_the_projects_contract(case: Any, gateway: httpx.Client) -> None:
    try_case(case, gateway)


def test_every_response_along_the_links_conforms_to_the_projects_contract(gateway: httpx.Client) -> None:
    assert walk(schema, gateway, WALKS)
