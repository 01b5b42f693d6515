"""crudctl.build.web_contract: what the web app is built from, and that it agrees with what the functions validate."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from crudctl.build import contract, operations, package, rules, service, web_contract
from tests import contracts
from tests.stack import ROOT

CONTENT: dict[str, Any] = {
    "type": "object",
    "description": "A shelf.",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "box": {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}}},
        "age": {"type": "integer"},
    },
}


def small() -> dict[str, Any]:
    """The tests' contract with a resource of three fields, one of them by reference."""
    document = copy.deepcopy(contract.parse(contracts.ITEMS))
    schemas = document["components"]["schemas"]
    schemas["Box"] = CONTENT["properties"]["box"]
    fields = CONTENT["properties"] | {"box": {"$ref": "#/components/schemas/Box"}}
    schemas["ItemContent"] = {**{k: v for k, v in CONTENT.items() if k != "additionalProperties"}, "properties": fields}
    schemas["ItemPatch"] = {"type": "object", "description": "A change.", "x-merge-patch-of": "ItemContent"}
    return document


def test_the_content_is_flat_and_leaves_out_what_the_service_sets() -> None:
    content = web_contract.web_contract(small())["content"]
    assert content == CONTENT
    assert list(content["properties"]) == ["name", "box", "age"]  # the form shows them in this order


def test_the_order_of_properties_named_like_integers_is_written_down() -> None:
    document = copy.deepcopy(small())
    box = document["components"]["schemas"]["Box"]
    box["properties"] = {"size": {"type": "integer"}, "10": {"type": "object", "properties": {"b": {}, "2": {}}}}
    made = web_contract.web_contract(document)
    for schema in (made["content"]["properties"]["box"], made["document"]["components"]["schemas"]["Box"]):
        assert schema["x-order"] == ["size", "10"]
        assert schema["properties"]["10"]["x-order"] == ["b", "2"]
    assert "x-order" not in made["content"]


def test_a_merge_patch_requires_nothing_and_allows_null_where_a_field_may_be_removed() -> None:
    schemas = web_contract.web_contract(small())["document"]["components"]["schemas"]
    assert schemas["ItemPatch"] == {
        "type": "object",
        "description": "A change.",
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string"},
            "box": {"type": "object", "nullable": True, "properties": {"size": {"type": "integer"}}},
            "age": {"type": "integer", "nullable": True},
        },
    }


def test_the_rest_of_the_document_is_as_it_was() -> None:
    before = small()
    document = web_contract.web_contract(before)["document"]
    assert before == small()
    schemas = document["components"]["schemas"]
    assert schemas["ItemContent"] == CONTENT
    assert list(schemas["Item"]["properties"])[-3:] == ["name", "box", "age"]
    assert "additionalProperties" not in schemas["Item"]
    schemas |= {name: before["components"]["schemas"][name] for name in ("Item", "ItemContent", "ItemPatch")}
    assert document == before


def test_the_form_follows_the_schema_that_the_functions_validate() -> None:
    document = contract.load(ROOT)
    written = web_contract.web_contract(document)
    content, creates = written["content"], service.describe(document).operation(service.CREATE).id
    assert rules.constraints(content) == operations.operations(document)[creates]["content"]


def test_packaging_writes_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src" / "functions", tmp_path / "src" / "functions")
    (tmp_path / "contract").mkdir()
    text = contracts.ITEMS.read_text(encoding="utf-8")
    (tmp_path / "contract" / "openapi.yaml").write_text(text.replace("title: Quantity", "title: Stock"), "utf-8")
    package.build(tmp_path)
    written = json.loads((tmp_path / "build" / "web-contract.json").read_text(encoding="utf-8"))
    assert written == web_contract.web_contract(contract.load(tmp_path))
    assert written["content"]["properties"]["quantity"]["title"] == "Stock"


def test_a_schema_that_refers_to_itself_is_refused() -> None:
    endless = small()
    endless["components"]["schemas"]["Box"]["properties"]["inner"] = {"$ref": "#/components/schemas/Box"}
    with pytest.raises(contract.ContractError, match="refers to itself"):
        web_contract.web_contract(endless)
