"""The table of the list: select, filter, sort, columns, keyboard, tabs, paper; and ten thousand rows."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from playwright.sync_api import Locator, Route, expect

from .browser import App

SHELF: list[dict[str, Any]] = [
    {"name": "Lamp", "quantity": 3, "tags": ["office"], "attributes": {"colour": "green"}},
    {"name": "Desk", "quantity": 1000, "tags": ["office", "oak", "heavy", "on loan", "old"]},
    {"name": "Kettle", "quantity": 20, "attributes": {"colour": "red", "watts": "2200"}},
    {"name": "\u200b\u2800", "quantity": 7},
    {"name": "Chair"},
]
ELEMENTS = "document.querySelectorAll('*').length"


def fill(api: httpx.Client) -> dict[str, str]:
    """Create the shelf, so that the newest is the lamp. Return the IDs by name."""
    return {item["name"]: api.post("items", json=item).json()["id"] for item in reversed(SHELF)}


def row(app: App, name: str) -> Locator:
    return app.rows().filter(has=app.page.get_by_role("link", name=name, exact=True))


def chosen(app: App) -> list[str]:
    return app.page.locator("tbody tr[aria-selected=true] th a").all_inner_texts()


def focused(app: App) -> str:
    return str(app.page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent"))


def test_a_table_is_sorted_filtered_and_has_the_columns_that_its_reader_chose(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    ids = fill(api)
    app.enter(user)
    expect(app.rows()).to_have_count(5)
    assert app.names() == ["Lamp", "Desk", "Kettle", ids["\u200b\u2800"], "Chair"]  # a link that can be seen
    quantity = app.page.get_by_role("columnheader", name="Quantity")
    quantity.get_by_role("button").click()
    expect(quantity).to_have_attribute("aria-sort", "descending")
    expect(app.page).to_have_url(re.compile(r"sort=-quantity"))
    expect(app.rows().first).to_contain_text("Desk")
    quantity.get_by_role("button").click()
    expect(quantity).to_have_attribute("aria-sort", "ascending")
    expect(app.rows().first).to_contain_text("Lamp")

    more = row(app, "Desk").get_by_role("button", name="2 more in Tags: on loan, old")
    more.click()
    values = app.page.get_by_role("dialog", name="Tags of Desk")
    assert values.locator(".chip").all_inner_texts() == ["office", "oak", "heavy", "on loan", "old"]
    app.page.keyboard.press("Escape")
    expect(more).to_be_focused()
    row(app, "Lamp").get_by_role("button", name="office").click()
    expect(app.page).to_have_url(re.compile(r"filter=tags:has:office"))
    assert app.names() == ["Lamp", "Desk"]

    app.open()
    expect(app.rows()).to_have_count(5)
    before = app.rows().first.bounding_box()
    app.button("Columns").click()
    menu = app.page.get_by_role("dialog", name="Columns and density")
    menu.get_by_label("colour", exact=True).check()
    menu.get_by_label("Description").uncheck()
    menu.get_by_label("Compact").check()
    app.page.keyboard.press("Escape")
    app.page.reload()
    expect(row(app, "Kettle").get_by_role("gridcell", name="red")).to_be_visible()
    expect(app.page.get_by_role("columnheader", name="Description")).to_have_count(0)
    after = app.rows().first.bounding_box()
    assert before
    assert after
    assert 40 <= before["height"] <= 44
    assert after["height"] < before["height"]
    assert app.axe() == []


def test_rows_are_selected_and_reached_by_pointer_and_keyboard(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    fill(api)
    app.enter(user)
    expect(app.rows()).to_have_count(5)
    row(app, "Desk").get_by_role("checkbox").click()
    row(app, "Chair").get_by_role("checkbox").click(modifiers=["Shift"])
    assert len(chosen(app)) == 4
    row(app, "Kettle").get_by_role("checkbox").click()
    assert "Kettle" not in chosen(app)
    every = app.page.get_by_role("checkbox", name="Select all 5")
    assert every.evaluate("(box) => box.indeterminate")
    every.click()
    expect(app.page.locator("tbody tr[aria-selected=true]")).to_have_count(5)
    every.click()
    expect(app.page.locator("tbody tr[aria-selected=true]")).to_have_count(0)

    press = app.page.keyboard.press
    every.focus()
    press("Tab")
    assert focused(app) == "Lamp"
    press("Tab")  # one stop in each row
    assert focused(app) == "Desk"
    press("ArrowRight")
    assert focused(app) == "office"
    press("ArrowDown")
    assert focused(app) == "Kettle"  # the nearest: it has no tags
    press("Space")
    press("Shift+ArrowUp")
    assert chosen(app) == ["Desk", "Kettle"]
    press("Control+a")
    expect(app.page.locator("tbody tr[aria-selected=true]")).to_have_count(5)
    press("Escape")
    expect(app.page.locator("tbody tr[aria-selected=true]")).to_have_count(0)
    press("Control+End")
    assert focused(app) == "Chair"
    press("Control+Home")
    press("ArrowUp")
    assert focused(app) == "Name"  # its head

    app.act("Desk", "Delete")
    expect(app.page.get_by_role("link", name="Kettle")).to_be_focused()  # the next row
    assert app.names()[:2] == ["Lamp", "Kettle"]

    with app.context.expect_page() as opened:
        row(app, "Lamp").click(modifiers=["ControlOrMeta"], position={"x": 600, "y": 20})
    expect(opened.value.get_by_role("heading", name="Lamp")).to_be_visible()  # signed in
    opened.value.close()
    with app.context.expect_page() as opened:
        row(app, "Kettle").click(button="middle", position={"x": 600, "y": 20})
    expect(opened.value.get_by_role("heading", name="Kettle")).to_be_visible()
    opened.value.close()


def test_ten_thousand_rows_are_a_page_of_few_elements_and_print_in_full(app: App, user: dict[str, str]) -> None:
    shelf = [entry(number) for number in range(10_000, 0, -1)]

    def respond(route: Route) -> None:
        query = {name: value[0] for name, value in parse_qs(urlsplit(route.request.url).query).items()}
        start, limit = int(query.get("cursor", 0)), int(query["limit"])
        after = str(start + limit) if start + limit < len(shelf) else None
        body = {"items": shelf[start : start + limit], "next_cursor": after}
        headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
        route.fulfill(status=200, headers=headers, body=json.dumps(body))

    app.page.route("**/v1/items?**", respond)
    app.enter(user, "/?sort=name")
    expect(app.page.get_by_role("grid")).to_have_attribute("aria-rowcount", "10001")
    assert app.page.evaluate(ELEMENTS) < 2000
    app.rows().first.get_by_role("link").focus()
    app.page.keyboard.press("Control+End")
    expect(app.page.get_by_role("link", name="Item 10000")).to_be_focused()
    expect(app.page.get_by_role("link", name="Item 10000")).to_be_in_viewport()
    app.page.keyboard.press("k")
    expect(app.page.get_by_role("link", name="Item 09999")).to_be_focused()
    app.page.mouse.wheel(0, -1_000_000)
    expect(app.page.get_by_role("link", name="Item 00001")).to_be_in_viewport()
    assert app.page.evaluate(ELEMENTS) < 2000
    found = [item["name"] for item in reversed(shelf) if "099" in item["name"]]
    app.page.get_by_role("searchbox").fill("Item 099")
    expect(app.page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(1 + len(found)))
    expect(app.rows().first).to_contain_text(found[0])
    app.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    app.page.emulate_media(media="print")
    assert app.names() == found  # at once: the browser does not wait


def entry(number: int) -> dict[str, Any]:
    time = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000000Z"
    return {
        "id": f"{number:08x}-0000-4000-8000-000000000000",
        "version": 1,
        "created_at": time,
        "updated_at": time,
        "name": f"Item {number:05}",
        "quantity": number,
        "tags": ["a", "b", "c", "d"],
    }
