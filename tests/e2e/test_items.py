"""What a user does with items in the app."""

from __future__ import annotations

import re
import subprocess
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from playwright.sync_api import Route, expect

from .browser import App

# A browser that is too busy to paint.
BUSY = """() => {
  const later = setTimeout;
  window.setTimeout = (run, wait = 0) => later(run, wait + 3000);
  window.requestAnimationFrame = () => 0;
}"""


def test_an_item_is_created_changed_restored_and_deleted(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.enter(user)
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()
    app.page.get_by_role("link", name="New item").click()
    app.field("Name").fill("<b>Desk</b> lamp")
    app.field("Description").fill("Brass, with a green shade.")
    app.field("Quantity").fill("3")
    app.field("Tags").type("lighting,office,")
    app.button("Add a field").click()
    app.page.get_by_label("Custom fields: name 1").fill("colour")
    app.page.get_by_label("Custom fields: value 1").fill("green")
    app.button("Create").click()
    expect(app.notice()).to_contain_text("Created “<b>Desk</b> lamp”.")
    (item,) = api.get("items").json()["items"]
    assert {name: item[name] for name in ("name", "description", "quantity", "tags", "attributes")} == {
        "name": "<b>Desk</b> lamp",
        "description": "Brass, with a green shade.",
        "quantity": 3,
        "tags": ["lighting", "office"],
        "attributes": {"colour": "green"},
    }
    assert app.page.locator("main b").count() == 0  # a user's text is text

    app.edit().field("Name").fill("Desk lamp")
    app.field("Description").fill("")
    app.button("Remove office").click()
    with app.page.expect_request(lambda request: request.method == "PATCH") as patch:
        app.button("Save").click()
    assert patch.value.headers["if-match"] == '"1"'
    assert patch.value.post_data_json == {"name": "Desk lamp", "description": None, "tags": ["lighting"]}
    expect(app.notice()).to_contain_text("Saved “Desk lamp”.")
    assert app.names() == ["Desk lamp"]
    app.button("Undo").click()
    expect(app.notice()).to_contain_text("Restored “<b>Desk</b> lamp”.")
    expect(app.drawer().get_by_role("heading", name="<b>Desk</b> lamp")).to_be_visible()
    assert app.names() == ["<b>Desk</b> lamp"]
    assert api.get(f"items/{item['id']}").json()["description"] == "Brass, with a green shade."

    app.act("<b>Desk</b> lamp", "Delete")
    expect(app.notice()).to_contain_text("Deleted “<b>Desk</b> lamp”.")
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()
    assert api.get(f"items/{item['id']}").status_code == 404
    app.notice().get_by_role("button", name="Undo").last.click()
    expect(app.rows()).to_have_count(1)
    assert app.names() == ["<b>Desk</b> lamp"]
    assert api.get(f"items/{item['id']}").json()["tags"] == ["lighting", "office"]


def test_sixty_items_are_loaded_page_by_page_in_both_orders(app: App, user: dict[str, str], api: httpx.Client) -> None:
    for number in range(1, 61):
        assert (
            api.post(
                "items", json={"name": f"Item {number:02}", "tags": ["even" if number % 2 == 0 else "odd"]}
            ).status_code
            == 201
        )
    lists = app.calls("GET")
    app.enter(user)
    expect(app.rows().first).to_contain_text("Item 60")
    while (loaded := app.rows().count()) < 60:
        app.page.mouse.wheel(0, 20_000)
        expect(app.rows()).not_to_have_count(loaded)
    assert app.names() == [f"Item {number:02}" for number in range(60, 0, -1)]
    expect(app.page.locator(".count")).to_have_text("60 items")
    assert len(lists) == 3
    header = app.page.locator("main thead th").first.bounding_box()
    assert header
    assert 0 < header["y"] < 100  # it stays visible

    assert app.shift < 0.01

    app.page.get_by_label("Order").select_option("created_at")
    expect(app.rows().first).to_contain_text("Item 01")
    search = app.page.get_by_role("searchbox")
    search.press_sequentially("item 5")  # keys, not `fill`: a shift within half a second of a key press does not count
    expect(app.rows()).to_have_count(15)  # every word, anywhere in the content
    assert app.names()[:2] == ["Item 05", "Item 15"]
    search.press_sequentially(" nowhere")
    expect(app.page.get_by_text("No items match.")).to_be_visible()


def test_a_double_click_creates_one_item(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.enter(user)
    posts = app.calls("POST")
    app.page.get_by_role("link", name="New item").click()
    app.field("Name").fill("Once")
    app.button("Create").dblclick(no_wait_after=True)
    expect(app.rows()).to_have_count(1)
    assert len(api.get("items").json()["items"]) == 1
    assert len({request.headers["idempotency-key"] for request in posts}) == 1


def test_a_row_shows_how_long_ago_and_on_hover_the_exact_time(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    item = api.post("items", json={"name": "Clock"}).json()
    app.enter(user)
    shown = app.rows().locator("time")
    expect(shown).to_have_text(re.compile("^(just now|.* min ago)$"))
    there = datetime.fromisoformat(item["created_at"]).astimezone(ZoneInfo("Europe/Berlin"))
    utc = item["created_at"][:19].replace("T", " ")
    expect(shown).to_have_attribute("title", f"{there:%-d %b %Y} {there:%H:%M} · {utc} UTC")


def test_an_api_call_is_a_curl_command_that_works_and_hides_the_token(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    app.enter(user).create(name="It's $5 & up", quantity="5")
    app.button("More").click()
    app.button("API calls").click()
    dialog = app.page.get_by_role("dialog")
    line = dialog.locator("pre")
    expect(line).to_contain_text("Idempotency-Key")
    assert "ey" not in line.inner_text().replace("Key", "")
    dialog.get_by_label("Include my access token").check()
    expect(line).to_contain_text("Bearer ey")
    again = run_copied(app)
    assert again.startswith("HTTP/1.1 201")
    assert "Idempotent-Replayed: true" in again
    assert len(api.get("items").json()["items"]) == 1
    app.button("Close").click()

    app.rows().first.locator("a").click()
    app.drawer().locator(".facts").wait_for()
    app.drawer().get_by_role("button", name="More").click()
    app.drawer().get_by_role("button", name="API calls").click()
    dialog = app.page.get_by_role("dialog")
    calls = dialog.get_by_label("Call", exact=True)
    id = api.get("items").json()["items"][0]["id"]
    expect(calls.locator("option")).to_have_text([f"GET 304 /items/{id}", "POST 201 /items"])
    dialog.get_by_label("Include my access token").check()
    expect(dialog.locator("pre")).to_contain_text("Bearer ey")
    assert run_copied(app).startswith("HTTP/1.1 304")
    calls.select_option("POST 201 /items")
    expect(dialog.locator("pre")).to_contain_text("Idempotency-Key")


def run_copied(app: App) -> str:
    """Run the command that "Copy command" copies in a shell, and return its output."""
    app.button("Copy command").click()
    command: str = app.page.evaluate("navigator.clipboard.readText()")
    return subprocess.run(["sh", "-c", f"{command} -s"], capture_output=True, text=True, check=True).stdout


def test_faults_are_shown_at_their_fields_before_anything_is_sent(app: App, user: dict[str, str]) -> None:
    app.enter(user)
    posts = app.calls("POST")
    app.page.get_by_role("link", name="New item").click()
    app.field("Quantity").fill("minus one")
    app.button("Create").click()
    expect(app.page.get_by_text("Name is required.")).to_be_visible()
    expect(app.page.get_by_text("Quantity must be an integer.")).to_be_visible()
    expect(app.field("Name")).to_be_focused()
    app.field("Quantity").fill("-1")
    app.field("Name").fill("x")
    app.button("Create").click()
    expect(app.page.get_by_text("Quantity must be at least 0.")).to_be_visible()
    expect(app.field("Quantity")).to_have_attribute("aria-invalid", "true")
    assert posts == []


def test_a_fault_that_only_the_api_detects_is_shown_at_the_field_its_pointer_names(
    app: App, user: dict[str, str]
) -> None:
    app.enter(user)
    app.allowed += ["400"]
    app.page.get_by_role("link", name="New item").click()
    app.field("Name").fill("x")
    app.field("Name").evaluate(
        "(input) => { input.value = 'half \\ud800'; input.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    app.button("Create").click()
    fault = app.page.locator("[data-field='/name'] .faults")
    expect(fault).to_contain_text("unpaired surrogate")
    expect(app.field("Name")).to_be_focused()


def test_a_form_that_is_closed_keeps_its_unsaved_changes(app: App, user: dict[str, str]) -> None:
    app.enter(user)
    app.page.get_by_role("link", name="New item").click()
    app.field("Name").fill("Later")
    app.page.keyboard.press("Escape")
    expect(app.drawer()).to_have_count(0)
    expect(app.notice()).to_contain_text("Draft kept.")
    app.button("Continue editing").click()
    expect(app.field("Name")).to_have_value("Later")
    app.page.reload()
    expect(app.field("Name")).to_have_value("Later")
    app.button("Discard changes").click()
    expect(app.field("Name")).to_have_value("")


def test_a_form_that_opens_while_the_list_loads_takes_the_focus(app: App, user: dict[str, str]) -> None:
    app.enter(user)
    held: list[Route] = []
    app.page.route("**/v1/items?**", lambda route: held.append(route))  # noqa: PLW0108 - Playwright sets attributes on it
    app.page.reload()
    expect(app.page.get_by_role("link", name="New item")).to_be_visible()
    app.page.evaluate(BUSY)
    app.page.get_by_role("link", name="New item").focus()
    app.page.keyboard.press("Enter")
    held[0].continue_()
    expect(app.field("Name")).to_be_focused()


def test_all_of_it_works_by_keyboard(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.enter(user)
    keys: Any = app.page.keyboard
    app.page.get_by_role("link", name="New item").focus()
    keys.press("Enter")
    expect(app.field("Name")).to_be_focused()
    keys.type("By keys")
    keys.press("Enter")
    expect(app.drawer().get_by_role("heading", name="By keys")).to_be_focused()
    keys.press("Escape")
    expect(app.drawer()).to_have_count(0)
    expect(app.page.get_by_role("link", name="By keys")).to_be_focused()
    keys.press("Enter")
    app.drawer().locator(".facts").wait_for()
    app.drawer().get_by_role("button", name="More").focus()
    keys.press("Enter")
    expect(app.drawer().get_by_role("button", name="Duplicate")).to_be_focused()
    keys.press("Escape")
    expect(app.drawer().get_by_role("button", name="More")).to_be_focused()
    keys.press("Escape")
    expect(app.drawer()).to_have_count(0)
    expect(app.page.get_by_role("link", name="By keys")).to_be_focused()
    assert app.rows().evaluate("(row) => getComputedStyle(row).outlineStyle") == "solid"
    for key in ("End", "Enter", "End", "Enter"):  # the row's menu, and its last action
        keys.press(key)
    expect(app.notice()).to_contain_text("Deleted “By keys”.")
    expect(app.rows()).to_have_count(0)
    expect(app.page.locator("main")).to_be_focused()  # the element that opened the dialog no longer exists
    assert api.get("items").json()["items"] == []
