"""The requests that a release sends to both versions, for the contracts of the tests."""

from __future__ import annotations

from typing import Any

import pytest

from crudctl.build import bodies, contract, exchanges, service
from crudctl.build.judge import Judge
from crudctl.build.script import Script
from crudctl.build.service import CREATE, PATCH
from functions import body
from tests import contracts
from tests.stack import ROOT

CONTRACTS = {
    "the project's": contract.read(ROOT),
    "items": contracts.document(),
}
SHAPES = ROOT / "tests" / "contracts" / "shapes.yaml"


@pytest.fixture(scope="module", params=CONTRACTS)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A contract."""
    found: dict[str, Any] = CONTRACTS[request.param]
    return found


def creates(script: Script) -> list[Any]:
    """Return the content of all creates."""
    return [one.content for one in script.exchanges if one.kind == CREATE and one.content is not None]


def test_no_two_exchanges_have_one_name(document: dict[str, Any]) -> None:
    names = [one.name for one in exchanges.script(document).exchanges]
    assert len(names) == len({*names})


def test_every_operation_of_the_resource_is_called(document: dict[str, Any]) -> None:
    called = {one.operation for one in exchanges.script(document).exchanges}
    described = service.describe(document)
    assert {name for name, one in described.operations.items() if one.kind != "other"} <= called


def test_each_field_is_sent_with_values_that_are_valid_and_others(document: dict[str, Any]) -> None:
    judge, sent = Judge(document), creates(exchanges.script(document))
    valid, invalid = ([each for each in sent if judge.takes(each) is right] for right in (True, False))
    for name in service.describe(document).fields:
        assert any(each.get(name) not in (None, "", [], {}) for each in valid), name
        assert any(name in each for each in invalid), name


def test_what_both_contracts_take_is_sent_where_one_has_lost_a_field(document: dict[str, Any]) -> None:
    schema = service.describe(document).content_schema
    *_, lost = service.describe(document).fields
    new = without(document, schema, lost)
    judges = Judge(document), Judge(new)
    both = [each for each in creates(exchanges.script(document, new)) if all(judge.takes(each) for judge in judges)]
    assert len(both) > 10
    assert not any(lost in each for each in both)


def test_a_patch_stands_for_the_whole_content_that_it_leads_to(document: dict[str, Any]) -> None:
    whole = [one.content for one in exchanges.script(document).exchanges if one.kind == PATCH and one.content]
    required = service.content_of(document, service.describe(document).content_schema).get("required", [])
    assert any({*required} <= {*content} for content in whole)


def test_bodies_reach_the_limit_of_the_functions() -> None:
    assert bodies.LARGEST == body.MAX_BODY


def without(document: dict[str, Any], schema: str, field: str) -> dict[str, Any]:
    """Return a contract without a field."""
    schemas = document["components"]["schemas"]
    fields = {name: value for name, value in schemas[schema]["properties"].items() if name != field}
    changed = {**schemas[schema], "properties": fields}
    return {**document, "components": {**document["components"], "schemas": {**schemas, schema: changed}}}
