"""crudctl.build.service and the modules below it, given contracts that are damaged: always a message with a place."""

from __future__ import annotations

import copy
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crudctl.build import (
    aws_profile,
    contract,
    contract_changes,
    examples,
    operations,
    published,
    round_trip,
    service,
    web_contract,
)
from tests import contracts

BASE = contract.parse(contracts.ITEMS)
HOSTILE: list[Any] = [
    None, [], {}, "", 0, -1, 1.5, True, "x", ["x"], {"x": 1}, [[]], {1: 2}, "\ud800", float("nan"), float("inf"),
    {"$ref": "#/components/schemas/Item"}, {"$ref": 5}, {"$ref": "#/x"}, {"$ref": "#/components/parameters/Limit"},
    {"allOf": [{"$ref": "#/components/schemas/Item"}, {"$ref": "#/components/schemas/Item"}]},
    {"x-merge-patch-of": "ItemContent"}, {"type": "string"},
]  # fmt: skip
READERS: list[Callable[[Any], object]] = [
    service.describe,
    operations.operations,
    round_trip.plan,
    lambda document: examples.check(document, service.describe(document)),
    web_contract.web_contract,
    aws_profile.aws_profile,
    published.published,
    lambda document: contract_changes.breaking(document, BASE),
    lambda document: contract_changes.breaking(BASE, document),
]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for step, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(inner, (*path, step))


PLACES = [path for path in places(BASE) if path]


def damaged(seed: int) -> tuple[Any, str]:
    """Return the tests' contract with one part removed or replaced, and where."""
    generator, document = random.Random(seed), copy.deepcopy(BASE)
    *path, last = generator.choice(PLACES)
    node = document
    for step in path:
        node = node[step]
    if generator.random() < 0.3 and isinstance(node, dict):
        del node[last]
    else:
        node[last] = copy.deepcopy(generator.choice(HOSTILE))
    return document, "/".join(map(str, [*path, last]))


@pytest.mark.parametrize("part", range(8))
def test_a_damaged_contract_is_understood_or_refused_with_a_reason(part: int) -> None:
    for seed in range(part * 40, part * 40 + 40):
        document, where = damaged(seed)
        for read in READERS:
            try:
                read(document)
            except contract.ContractError as error:
                reason = str(error)
            except Exception as error:
                raise AssertionError(f"{where}, seed {seed}: {error!r}") from error
            else:
                continue
            assert len(reason) > 15


def test_a_damaged_file_is_loaded_or_refused(tmp_path: Path) -> None:
    (tmp_path / "contract").mkdir()
    for seed in range(1000, 1080):
        document, where = damaged(seed)
        (tmp_path / "contract" / "openapi.yaml").write_text(json.dumps(document), encoding="utf-8")
        try:
            contract.load(tmp_path)
        except contract.ContractError as error:
            reason = str(error)
        except Exception as error:
            raise AssertionError(f"{where}, seed {seed}: {error!r}") from error
        else:
            continue
        assert len(reason) > 15


@pytest.mark.parametrize("document", HOSTILE)
def test_what_is_no_contract_is_refused(document: Any) -> None:
    for read in READERS:
        with pytest.raises(contract.ContractError):
            read(document)


def changed(path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(BASE)
    node, *steps = document, *path.split(".")
    for step in steps[:-1]:
        node = node[step]
    node[steps[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("info", {}, r"info must have `title`"),
        ("paths", [], r"paths must be an object"),
        ("paths./items.post", {"responses": {}}, r"paths//items/post must have `operationId`"),
        ("paths./items.post.operationId", "CreateItem", r"POST /items: the operationId CreateItem"),
        ("paths./items.post.operationId", "list_items", r"operationId list_items is that of another operation"),
        ("paths./items.post.security", [{"cognito": "x"}], r"post/security/0/cognito must be a list"),
        ("components.schemas.ItemContent.properties.name.maxLength", "5", r"name/maxLength must be a whole number"),
        ("components.schemas.ItemContent.properties.name.maxLength", True, r"name/maxLength must be a whole number"),
        (
            "components.schemas.ItemContent.properties.quantity.maximum",
            float("inf"),
            r"quantity/maximum must be a number",
        ),
        ("components.schemas.ItemContent.properties.name.default", float("nan"), r"name/default must be a JSON value"),
        ("components.schemas.ItemContent.properties.name", {"$ref": "#/x"}, r"must begin with #/components/schemas/"),
        ("components.schemas.ItemContent.properties.name", {"$ref": "#/components/schemas/X"}, "points to nothing"),
        (
            "components.schemas.ItemContent.properties.name",
            {"$ref": "#/components/schemas/Id", "nullable": True},
            "has `nullable` beside a",
        ),
        ("components.schemas.Item", {"$ref": "#/components/schemas/Item"}, "schemas/Item refers to itself"),
        ("components.schemas.ItemContent", {"type": "string"}, "must be of type object and have properties"),
        ("components.schemas.Problem.properties.type.enum", [], "must list every problem type"),
        ("components.securitySchemes.cognito.flows", {}, "Every scope must have the form"),
    ],
)
def test_a_fault_is_reported_with_its_place(path: str, value: Any, complaint: str) -> None:
    with pytest.raises(contract.ContractError, match=complaint):
        service.describe(changed(path, value))


@pytest.mark.parametrize(
    ("schema", "collection", "extra", "words"),
    [
        ("Item", "items", {}, ("item", "items")),
        ("StockItem", "stock-items", {}, ("stock item", "stock items")),
        ("Stock_Item", "stock_items", {}, ("stock item", "stock items")),
        ("Person", "people", {}, ("person", "people")),
        ("Sheep", "sheep", {}, ("sheep", "sheep")),
        ("VATRate", "vat-rates", {"x-plural": "VAT rates"}, ("VAT rate", "VAT rates")),
        ("X", "entries", {"title": "Journal entry"}, ("journal entry", "entries")),
        ("X", "skus", {"title": "SKU", "x-plural": "SKUs"}, ("SKU", "SKUs")),
    ],
)
def test_the_words_follow_from_the_names(schema: str, collection: str, extra: Any, words: tuple[str, str]) -> None:
    text = contracts.ITEMS.read_text(encoding="utf-8").replace('schemas/Item"', f'schemas/{schema}"')
    text = text.replace("    Item:\n", f"    {schema}:\n").replace("  /items", f"  /{collection}")
    document = parsed(text)
    document["components"]["schemas"][schema] |= extra
    described = service.describe(document)
    assert (described.singular, described.plural) == words
    assert (described.schema, described.collection) == (schema, collection)


def parsed(text: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "openapi.yaml")
        path.write_text(text, encoding="utf-8")
        return contract.parse(path)


def test_numbers_and_times_are_those_of_yaml_1_2() -> None:
    base = "info: {}\npaths: {}\ncomponents: {}\nvalues: "
    values = parsed(f"{base}[12:30, 010, 1e3, 0x10, 1_000, 9223372036854775807, .5, -0.25]")["values"]
    assert values == ["12:30", 10, 1000.0, 16, "1_000", 9223372036854775807, 0.5, -0.25]
    assert [type(value) for value in values[:5]] == [str, int, float, int, str]


@pytest.mark.parametrize("number", ["0.1234567890123456789", "1e400", "12345678901234567890.5"])
def test_a_number_that_would_be_rounded_is_refused(number: str) -> None:
    with pytest.raises(contract.ContractError, match="has more digits than can be kept"):
        parsed(f"info: {{}}\npaths: {{}}\ncomponents: {{}}\nvalue: {number}")
