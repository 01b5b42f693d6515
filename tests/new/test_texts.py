"""Texts and contracts that speak of one resource, rewritten to another: articles, code, names, and what only looks like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crudctl.build import contract, package, service
from crudctl.new import making, rewriting, words
from crudctl.new.text import Renaming
from tests import contracts

DOCUMENT = contract.parse(contracts.ITEMS)
TEXT = contracts.ITEMS.read_text(encoding="utf-8")
OLD = words.of(service.describe(DOCUMENT))


def loaded(home: Path, text: str) -> dict[str, Any]:
    """The document of a contract, as a project at `home` reads it: valid, or an error."""
    (home / "contract").mkdir(exist_ok=True)
    (home / "contract" / "openapi.yaml").write_text(text, encoding="utf-8")
    return contract.load(home)


def renaming(resource: str, plural: str | None = None, name: str = "shop") -> Renaming:
    """From the tests' contract to another resource."""
    new = words.chosen(resource, plural)
    return Renaming(
        OLD,
        new,
        ("items", name),
        rewriting.operations(service.describe(DOCUMENT), OLD, new),
        rewriting.components(DOCUMENT, OLD, new),
        folders=frozenset({"src", "tests", "docs"}),
        files=frozenset({"items", "item.py"}),
        fields=frozenset({"order"}),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("An item has a version. Read an item.", "A person has a version. Read a person."),
        ("Another's item, the items' fields, an item's id.", "Another's person, the people's fields, a person's id."),
        ("the word 'items' and all items' ids", "the word 'people' and all people's ids"),
        ("50 items; a new\nitem; an\nitem", "50 people; a new\nperson; a\nperson"),
        ("an `Item`, an **item** and an `items/read` scope", "a `Person`, a **person** and a `people/read` scope"),
        ("`GET /items/{id}` calls `get_item`", "`GET /people/{id}` calls `get_person`"),
        ("`archive_item` and `count_items`", "`archive_person` and `count_people`"),
        ("`urn:items:problem:conflict`, `ItemPage`", "`urn:people:problem:conflict`, `PersonPage`"),
        ("the topic `items-prod-alarms`, `items-<env>-*`", "the topic `shop-prod-alarms`, `shop-<env>-*`"),
        ("`/aws/lambda/items-local-get_item`", "`/aws/lambda/shop-local-get_person`"),
        ("`items-prod-items`", "`shop-prod-people`"),
        ('`{"items": [], "next_cursor": null}`', '`{"people": [], "next_cursor": null}`'),
        ("# Items: an API", "# People: an API"),
        ("See [the items](#what-an-item-is).", "See [the people](#what-a-person-is)."),
        ('```sh\n# An item\ncurl "$API/items?order=asc"\n```\n', '```sh\n# A person\ncurl "$API/people?order=asc"\n```\n'),
    ],
)  # fmt: skip
def test_a_text_speaks_of_the_new_resource(before: str, after: str) -> None:
    assert renaming("person", "people").markdown(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "[test_items.py](tests/api/test_items.py) and `tests/contracts/items.yaml`",
        "`src/items`, `items/`, `item.py` and [the picture](docs/items-light.png)",
        "JSON Schema's `items`, and `minItems` beside `items`",
        "`items` is also JSON Schema's, and `Item` DynamoDB's",
        "DynamoDB's own `Item`, a DynamoDB item, `PutItem`, `TransactWriteItems`",
        "`crudctl cost --item-size 1KB`",
        "itemise, items_of, `test_items.py`, test_deleted_item_is_gone, `dict.items()`",
        "<https://example.com/items-and-more.html>",
    ],
)
def test_what_is_not_about_the_resource_stays(text: str) -> None:
    assert renaming("person", "people").markdown(text) == text


def test_a_resource_of_two_words_has_its_form_in_each_place() -> None:
    before = 'An `Item` of `/items`: `list_items`: `{"items": 1}`, items in an `items/read` one'
    after = 'A `StockItem` of `/stock-items`: `list_stock_items`: `{"stock_items": 1}`, stock items in a `stock-items/read` one'
    assert renaming("stock item").markdown(before) == after


def test_what_is_true_of_the_original_only_is_left_out() -> None:
    text = "One.\n\n<!-- only in the original -->\nItems was seen here.\n<!-- end -->\n\nTwo.\n"
    assert renaming("order").markdown(text) == "One.\n\nTwo.\n"
    assert (
        renaming("order").markdown("A claim.\n<!-- only in the original -->See items.<!-- end --> Another.")
        == "A claim. Another."
    )


@pytest.mark.parametrize(
    ("resource", "plural"),
    [("order", None), ("person", "people"), ("stock item", None), ("sheep", "sheep"), ("class", None), ("object", None),
     ("record", None), ("string", None), ("tag", None), ("item", None)],
)  # fmt: skip
def test_the_contract_describes_the_new_resource_and_can_be_packaged(
    resource: str, plural: str | None, tmp_path: Path
) -> None:
    new = words.chosen(resource, plural)
    text = rewriting.contract(TEXT, renaming(resource, plural))
    document = loaded(tmp_path, text)
    described = service.describe(document)
    assert words.of(described) == new
    assert described.problems == f"urn:{new.collection}:problem:"
    assert set(described.scopes) == {f"{new.collection}/read", f"{new.collection}/write"}
    assert {operation.id for operation in described.operations.values()} == {
        *(f"{verb}_{new.snake}" for verb in ("create", "get", "update", "patch", "delete", "restore")),
        f"list_{new.plural_snake}",
    }
    assert described.fields.keys() == service.describe(DOCUMENT).fields.keys()
    assert package.operations_module(document)


def test_the_layout_of_the_contract_is_kept() -> None:
    before = TEXT.splitlines()
    after = rewriting.contract("\n".join(before), renaming("order")).splitlines()
    assert [len(line) - len(line.lstrip()) for line in before] == [len(line) - len(line.lstrip()) for line in after]
    generic = ("items: {", "maxItems", "uniqueItems")
    assert [line for line in after if "item" in line.lower() and not any(word in line for word in generic)] == []


def test_a_contract_that_was_made_once_can_be_rewritten_again(tmp_path: Path) -> None:
    order = rewriting.contract(TEXT, renaming("order"))
    document = loaded(tmp_path, order)
    described = service.describe(document)
    old, new = words.of(described), words.chosen("person", "people")
    again = Renaming(
        old,
        new,
        ("shop", "staff"),
        rewriting.operations(described, old, new),
        rewriting.components(document, old, new),
        fields=frozenset({"order"}),
    )
    document = loaded(tmp_path, rewriting.contract(order, again))
    assert words.of(service.describe(document)) == new
    assert document["components"]["parameters"]["Order"]["name"] == "order"


def test_a_component_that_would_be_there_twice_is_found() -> None:
    assert rewriting.clashes(DOCUMENT, renaming("fault line")) == []
    new = words.Words("fault", "faults", "faults", "faults", "Fault", "Faults")
    twice = Renaming(OLD, new, ("items", "faults"), {}, {})
    assert rewriting.clashes(DOCUMENT, twice) == ["Fault"]


def test_a_page_loses_its_pictures_and_keeps_the_blank_lines_of_its_programs() -> None:
    program = "```python\nimport httpx\n\n\ndef key() -> str: ...\n```\n"
    page = f"# Clients\n\n![Items](images/items-light.png)\n\n{program}"
    assert making.without_pictures(page, "docs/clients.md") == f"# Clients\n\n{program}"
