"""Every shape of field that a contract may have, in the form, the conflict dialog and the reference page of one stack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Locator, expect

from crudctl.build import web_contract
from tests import contracts
from tests.contracts import shapes
from tests.snapshot import cloned
from tests.stack import Stack

from .browser import App

WEB = web_contract.web_contract(shapes.document())
COLLECTION: str = WEB["service"]["collection"]
CONTENT: dict[str, Any] = WEB["content"]
FIELDS: dict[str, Any] = CONTENT["properties"]
TITLE = "name"
MOST_VALUES = max(len(shape.valid) for shape in shapes.SHAPES)


def body(which: int) -> str:
    """Content with the value `which` of every shape, as JSON text."""
    return (
        "{"
        + ", ".join(f"{json.dumps(shape.field)}: {shape.valid[which % len(shape.valid)]}" for shape in shapes.SHAPES)
        + "}"
    )


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A local stack with the contract of all shapes."""
    with cloned(tmp_path_factory.mktemp("shapes") / "home") as stack:
        contracts.put(stack.home, shapes.PATH)
        stack.crudctl("up")
        yield stack


@pytest.fixture(scope="module")
def outputs(stack: Stack) -> dict[str, Any]:
    return stack.outputs


def exactly(text: str) -> Any:
    """A JSON value whose numbers keep their digits."""
    return json.loads(text, parse_float=Decimal)


def content_of(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {name: resource[name] for name in FIELDS if name in resource}


def create(api: httpx.Client, which: int) -> tuple[str, dict[str, Any]]:
    """Create a resource with the value `which` of every shape. Return its path and content."""
    response = api.post(COLLECTION, content=body(which), headers={"Content-Type": "application/json"})
    assert response.status_code == 201, response.text
    return stored(api)


def stored(api: httpx.Client) -> tuple[str, dict[str, Any]]:
    """Path and content of the only resource."""
    (resource,) = exactly(api.get(COLLECTION).text)[WEB["service"]["page"]]
    return f"{COLLECTION}/{resource['id']}", content_of(resource)


def row_of(where: App | Locator, pointer: str) -> Locator:
    inside = where.page if isinstance(where, App) else where
    return inside.locator(f"[data-field={json.dumps(pointer)}]").first


def step(pointer: str, name: str) -> str:
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


def enter(row: Locator, pointer: str, value: Any, schema: Mapping[str, Any]) -> None:
    """Fill in the control of one field, whichever it has."""
    if value is None and row.locator(":scope > .null").count():
        row.locator(":scope > .null input").check()
    elif row.locator(":scope > .members").count():
        enter_members(row, pointer, value, schema)
    elif row.locator(":scope > select").count():
        row.locator("select").select_option(written(value))
    elif row.locator(".choices").count():
        for word in value:
            row.get_by_label(word, exact=True).check()
    elif row.locator(".words").count():
        for word in value:
            row.locator(".words > input").fill(word)
            row.locator(".words > input").press("Enter")
    elif row.locator(".pairs").count():
        for number, (name, text) in enumerate(value.items()):
            row.get_by_role("button", name="Add a field").click()
            row.locator(".pair").nth(number).locator("input").first.fill(name)
            row.locator(".pair").nth(number).locator("input").last.fill(text)
    elif row.locator("textarea.mono").count():
        row.locator("textarea.mono").fill(written(value, indent=1))
    else:
        row.locator("input:not([type=checkbox]), textarea").fill(typed(value, schema))


def enter_members(row: Locator, pointer: str, value: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    known: dict[str, Any] = schema["properties"]
    for name in value.keys() & known.keys():
        enter(row_of(row, step(pointer, name)), step(pointer, name), value[name], known[name])
    if others := {name: inner for name, inner in value.items() if name not in known}:
        row.locator(":scope > .members > details > summary").click()
        others_schema = {"additionalProperties": schema.get("additionalProperties", True)}
        enter(row.locator(":scope > .members > details > .field"), pointer, others, others_schema)


def written(value: Any, indent: int | None = None) -> str:
    """A value as JSON text, on several lines with `indent`. A decimal alone keeps its digits."""
    return (
        str(value)
        if isinstance(value, Decimal)
        else json.dumps(value, ensure_ascii=False, indent=indent, default=float)
    )


def typed(value: Any, schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return f"{datetime.fromisoformat(value).astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%dT%H:%M:%S}"
    return value if isinstance(value, str) else written(value)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal; times of one instant are."""
    if isinstance(one, str) and isinstance(other, str) and one != other:
        try:
            return datetime.fromisoformat(one) == datetime.fromisoformat(other)
        except ValueError:
            return False
    return bool(one == other)


def test_a_contract_without_a_restore_has_no_trash(app: App, user: dict[str, str], api: httpx.Client) -> None:
    where, _ = create(api, 0)
    app.allowed += ["404"]
    app.enter(user)
    expect(app.page.get_by_role("link", name="Trash")).to_have_count(0)
    app.button(re.compile("^Actions for ")).click()
    app.page.get_by_role("menuitem", name="Delete").click()
    expect(app.page.get_by_text("permanently deletes")).to_be_visible()
    app.button("Delete").click()
    app.button("Create it again").click()
    expect(app.notice()).to_contain_text(f"as a new {app.service.singular}")
    assert api.get(where).status_code == 404

    headers = {"Content-Type": "application/json"}
    assert api.post(COLLECTION, content=body(0), headers=headers).status_code == 201
    app.open("/")
    expect(app.rows()).to_have_count(2)
    app.page.get_by_role("checkbox", name="Select all").check()
    selected = app.page.get_by_role("group", name="Selected")
    selected.get_by_role("button", name="Edit").click()
    app.page.get_by_role("combobox", name="Field", exact=True).select_option("Enum text")
    app.page.get_by_role("combobox", name="Enum text", exact=True).select_option("green")
    app.button(f"Change 2 {app.service.plural}").click()
    expect(app.notice()).to_contain_text(f"Set Enum text of 2 {app.service.plural}.")
    assert [one["enum_text"] for one in api.get(COLLECTION).json()[WEB["service"]["page"]]] == ["green", "green"]
    selected.get_by_role("button", name="Delete").click()
    app.button("Keep them").click()
    selected.get_by_role("button", name="Delete").click()
    app.button(f"Delete 2 {app.service.plural}").click()
    expect(app.notice()).to_contain_text(f"Deleted 2 {app.service.plural}.")
    assert api.get(COLLECTION).json()[WEB["service"]["page"]] == []
    app.open(f"/{COLLECTION}/trash")
    expect(app.page.get_by_role("heading", name="Page not found")).to_be_visible()


def test_every_response_of_a_deprecated_operation_says_since_when_and_until_when(api: httpx.Client) -> None:
    where, _ = create(api, 0)
    dates = {"deprecation": "@1795651200", "sunset": "Fri, 26 Nov 2027 00:00:00 GMT"}
    for status in (204, 404):
        response = api.delete(where)
        assert response.status_code == status
        assert {name: response.headers.get(name) for name in dates} == dates
        assert {"Deprecation", "Sunset"} <= {*response.headers["access-control-expose-headers"].split(", ")}
    assert not dates.keys() & api.get(COLLECTION).headers.keys()


def test_every_shape_is_filled_in_and_stored_exactly(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.enter(user, f"/{COLLECTION}/new")
    row_of(app, "/format_date").locator("input").press_sequentially(
        "01"
    )  # a day without a month, for which a browser has no text
    app.button("Create").click()
    expect(app.page.get_by_text("Format date is not complete.")).to_be_visible()
    wanted = exactly(body(0))
    for name, value in wanted.items():
        pointer = step("", name)
        enter(row_of(app, pointer), pointer, value, FIELDS[name])
    assert app.axe() == []
    app.button("Create").click()
    app.saved()
    _, content = stored(api)
    assert {
        name: (content.get(name), value) for name, value in wanted.items() if not same(content.get(name), value)
    } == {}
    expect(app.page.locator(".count")).to_have_text(f"1 {app.service.singular}")
    for scheme, width in (("light", 1280), ("dark", 390)):
        app.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        app.page.set_viewport_size({"width": width, "height": 900})
        assert app.axe() == []
        assert app.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_save_sends_only_what_was_edited_and_null_can_be_set_and_removed(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    where, before = create(api, 1)
    app.enter(user, f"/{where}")
    app.edit()
    row_of(app, step("", TITLE)).locator("input, textarea").first.fill("Renamed")
    with app.page.expect_request(lambda request: request.method == "PATCH") as patch:
        app.button("Save").click()
    assert patch.value.post_data_json == {TITLE: "Renamed"}
    app.saved()
    assert stored(api)[1] == before | {TITLE: "Renamed"}

    app.edit()
    boxes = {name: row_of(app, step("", name)).locator(":scope > .null input") for name in FIELDS if name != TITLE}
    boxes = {name: box for name, box in boxes.items() if box.count()}
    assert boxes
    for box in boxes.values():
        box.check()
    app.button("Save").click()
    app.saved()
    assert {name: stored(api)[1][name] for name in boxes} == dict.fromkeys(boxes)

    app.edit()
    optional = [name for name in boxes if name not in CONTENT["required"]]
    for name in optional:
        row_of(app, step("", name)).locator(":scope > .null input").uncheck()
    app.button("Save").click()
    app.saved()
    now = stored(api)[1]
    assert now == {name: now[name] for name in now if name not in optional}
    assert [name for name in optional if name in now] == []


def test_the_conflict_dialog_shows_every_shape_and_restores_it(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    where, before = create(api, 1)
    app.enter(user, f"/{where}")
    app.edit()
    row_of(app, step("", TITLE)).locator("input, textarea").first.fill("Mine")
    row_of(app, "/integer_long").locator("input").fill("12")
    before |= {"integer_long": 12}  # its former value has 38 digits
    least = {name: before[name] for name in CONTENT["required"]} | {TITLE: "Theirs"}
    assert api.put(where, json=least).status_code == 200
    app.allowed += ["412"]
    app.button("Save").click()
    dialog = app.page.get_by_role("dialog", name=f"This {app.service.singular} has changed since you opened it")
    groups = dialog.locator("fieldset")
    expect(groups).to_have_count(1 + len(before) - len(least))
    assert app.axe() == []
    app.page.set_viewport_size({"width": 390, "height": 900})
    cut_off = "(all) => all.filter((group) => group.scrollWidth > group.parentElement.clientWidth).length"
    assert groups.evaluate_all(cut_off) == 0
    for group in groups.all():
        group.get_by_label("Your value").check()
    app.button("Save these values").click()
    app.saved()
    assert stored(api)[1] == before | {TITLE: "Mine"}


@pytest.mark.parametrize("kind", ["CSV", "JSON"])
def test_every_shape_is_exported_and_imported_without_loss(
    app: App, user: dict[str, str], api: httpx.Client, tmp_path: Path, kind: str
) -> None:
    for which in range(MOST_VALUES):
        api.post(COLLECTION, content=body(which), headers={"Content-Type": "application/json"}).raise_for_status()
    app.enter(user)
    app.transfer("Export")
    dialog = app.page.get_by_role("dialog")
    dialog.get_by_label(kind).check()
    with app.page.expect_download() as download:
        dialog.get_by_role("button", name="Export").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    app.transfer("Import")
    dialog.get_by_label("File to import").set_input_files(path)
    dialog.get_by_label("Create copies of them").check()
    dialog.get_by_role("button", name=f"Create {MOST_VALUES} {app.service.plural}").click()
    expect(dialog.get_by_role("status").filter(has_text="Done.")).to_be_visible()
    entries = exactly(api.get(COLLECTION, params={"limit": 100}).text)[WEB["service"]["page"]]
    texts = sorted(json.dumps(content_of(entry), sort_keys=True, default=str) for entry in entries)
    assert len(texts) == 2 * MOST_VALUES
    assert texts[::2] == texts[1::2]


def test_what_both_sides_added_anywhere_is_kept(app: App, user: dict[str, str], api: httpx.Client) -> None:
    base = {
        "list_of_unique": ["a"],
        "list_of_text": ["a", "a"],
        "list_of_objects": [{"sku": "a"}],
        "list_of_numbers": [1],
        "map_of_text": {"a": "1"},
        "map_of_lists": {"a": ["1"]},
        "closed_object": {"street": "1"},
        "object_deep": {"level": {"entries": [{"value": 1}]}},
        "untyped": [None],
    }
    mine = {
        "list_of_unique": ["a", "m"],
        "list_of_text": ["a"],
        "list_of_objects": [{"sku": "a"}, {"sku": "m", "amount": 2}],
        "list_of_numbers": [1, 9007199254740993],
        "map_of_text": {"a": "1", "m": "2"},
        "map_of_lists": {"a": ["1", "m"]},
        "closed_object": {"street": "1", "city": "Mine"},
        "object_deep": {"level": {"entries": [{"value": 1}, {"value": 2}]}},
        "untyped": [None, {"m": 1}],
    }
    theirs = {
        "list_of_unique": ["a", "t"],
        "list_of_text": ["a", "a", "t"],
        "list_of_objects": [{"sku": "t"}, {"sku": "a"}],
        "list_of_numbers": [9007199254740992, 1],
        "map_of_text": {"t": "3"},
        "map_of_lists": {"a": ["t", "1"], "t": []},
        "closed_object": {"street": "2"},
        "object_deep": {"level": {"entries": [{"value": 3}, {"value": 1}]}},
        "untyped": [None, "t"],
    }
    both = {
        "list_of_unique": ["a", "t", "m"],
        "list_of_text": ["a", "t"],
        "list_of_objects": [{"sku": "t"}, {"sku": "a"}, {"sku": "m", "amount": 2}],
        "list_of_numbers": [9007199254740992, 1, 9007199254740993],
        "map_of_text": {"a": "1", "m": "2", "t": "3"},
        "map_of_lists": {"a": ["t", "1", "m"], "t": []},
        "closed_object": {"street": "2", "city": "Mine"},
        "object_deep": {"level": {"entries": [{"value": 3}, {"value": 1}, {"value": 2}]}},
        "untyped": [None, "t", {"m": 1}],
    }
    assert api.post(COLLECTION, json={TITLE: "Mine", **base}).status_code == 201
    where, _ = stored(api)
    app.enter(user, f"/{where}")
    app.edit()
    for name, value in mine.items():
        pointer = step("", name)
        row = row_of(app, pointer)
        while row.locator(".words").count() and row.get_by_role("button", name="Remove").count():
            row.get_by_role("button", name="Remove").first.click()
        if name == "map_of_text":
            row.get_by_role("button", name="Add a field").click()
            row.locator(".pair").nth(1).locator("input").first.fill("m")
            row.locator(".pair").nth(1).locator("input").last.fill("2")
        else:
            enter(row, pointer, value, FIELDS[name])
    merge = {"Content-Type": "application/merge-patch+json"}
    assert api.patch(where, json={TITLE: "Theirs", **theirs}, headers=merge).status_code == 200
    app.allowed += ["412"]
    app.button("Save").click()
    app.button("Save these values").click()
    expect(app.notice()).to_contain_text("Saved “Theirs”.")
    assert stored(api)[1] == {TITLE: "Theirs", **both}


def test_the_reference_page_shows_every_shape_and_every_operation(app: App) -> None:
    app.open("/reference")
    section = app.page.locator(f"#schema-{WEB['service']['schema']}")
    section.wait_for()  # the page is loaded apart from the app
    paths = section.locator("tbody th code").all_inner_texts()
    assert [path for path in paths if path in FIELDS] == list(FIELDS)
    nested = {f"{name}.{inner}" for name, field in FIELDS.items() for inner in field.get("properties", {})}
    assert nested <= set(paths)
    for operation in WEB["service"]["operations"]:
        expect(app.page.locator(f"#{operation} h2")).to_be_visible()


def test_what_people_do_with_a_list_works_for_every_shape(app: App, user: dict[str, str], api: httpx.Client) -> None:
    """Next and previous, duplicate, link, order, search, selection and delete, by keyboard where there is a key."""
    for which, name in enumerate(("Chair", "Lamp", "Table")):
        text, count = re.subn(rf'"{TITLE}": "[^"]*"', f'"{TITLE}": "{name}"', body(which), count=1)
        headers = {"Content-Type": "application/json"}
        assert (count, api.post(COLLECTION, content=text, headers=headers).status_code) == (1, 201)
    keys, panel = app.page.keyboard, app.drawer()
    app.enter(user)
    expect(app.rows()).to_have_count(3)
    app.page.get_by_role("link", name="Table", exact=True).click()
    heading = panel.get_by_role("heading", level=2)
    expect(panel.locator(".facts")).to_contain_text("Version")
    for key, name in (("j", "Lamp"), ("j", "Chair"), ("k", "Lamp")):
        keys.press(key)
        expect(heading).to_have_text(name)
    lamp = panel.get_by_role("button", name="More")
    lamp.click()
    app.button("Copy link").click()
    expect(app.notice()).to_contain_text("Link copied.")
    lamp.click()
    app.button("Duplicate").click()
    expect(app.field("Name")).to_be_visible()
    app.field("Name").fill("Lamp again")
    keys.press("Control+Enter")
    app.saved()
    copies = {one[TITLE]: content_of(one) for one in exactly(api.get(COLLECTION).text)[WEB["service"]["page"]]}
    assert copies["Lamp again"] == {**copies["Lamp"], TITLE: "Lamp again"}
    keys.press("Escape")
    expect(panel).to_have_count(0)

    app.page.get_by_label("Order").select_option("name")
    expect(app.rows().first).to_contain_text("Chair")
    assert app.names() == ["Chair", "Lamp", "Lamp again", "Table"]
    keys.press("/")
    keys.type("LÁMP")
    expect(app.rows()).to_have_count(2)
    app.page.get_by_role("checkbox", name="Select all").check()
    expect(app.page.get_by_role("group", name="Selected")).to_contain_text("2 selected")
    keys.press("Delete")
    app.button(f"Delete 2 {WEB['service']['plural']}").click()  # this contract has no restore, so it asks
    expect(app.notice()).to_contain_text("Deleted 2")
    expect(app.rows()).to_have_count(0)
    keys.press("/")
    app.page.get_by_role("searchbox").fill("")
    expect(app.rows()).to_have_count(2)
    app.page.reload()
    expect(app.rows()).to_have_count(2)
    assert app.names() == ["Chair", "Table"]
