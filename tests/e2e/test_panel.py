"""The open item: read, edited in place, and nothing that is typed is lost."""

from __future__ import annotations

from copy import copy

import httpx
from playwright.sync_api import Dialog, Route, expect

from .browser import App

DRAFTS = "() => Object.keys(localStorage).filter((key) => key.startsWith('draft:')).length"


def hold(app: App, method: str) -> list[Route]:
    """Hold the next call by `method` until the test lets it continue."""
    held: list[Route] = []

    def handle(route: Route) -> None:
        if route.request.method == method and not held:
            held.append(route)
        else:
            route.fallback()

    app.page.route(f"**/v1/{app.service.collection}**", handle)
    return held


def test_what_is_typed_while_a_save_is_under_way_stays_on_the_saved_version(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    app.enter(user, "/items/new")
    app.field("Name").fill("Lamp")
    held = hold(app, "POST")
    app.button("Create").click()
    expect(app.button("Saving…")).to_be_disabled()
    app.field("Description").press_sequentially("Typed meanwhile")
    held[0].continue_()
    expect(app.notice()).to_contain_text("Created “Lamp”.")
    expect(app.field("Description")).to_have_value("Typed meanwhile")
    expect(app.field("Description")).to_be_focused()
    (item,) = api.get("items").json()["items"]
    expect(app.page).to_have_url(f"{app.url}/items/{item['id']}")

    held = hold(app, "PATCH")
    app.page.keyboard.press("Control+Enter")
    expect(app.button("Saving…")).to_be_disabled()
    app.field("Name").fill("Lamp of brass")
    held[0].continue_()
    expect(app.button("Save")).to_be_enabled()
    expect(app.field("Name")).to_have_value("Lamp of brass")
    with app.page.expect_request(lambda request: request.method == "PATCH") as patch:
        app.button("Save").click()
    assert patch.value.post_data_json == {"name": "Lamp of brass"}
    assert patch.value.headers["if-match"] == '"2"'
    app.saved()
    item = api.get(f"items/{item['id']}").json()
    assert (item["name"], item["description"], item["version"]) == ("Lamp of brass", "Typed meanwhile", 3)


def test_drafts_outlive_the_tab_and_two_tabs_do_not_overwrite_each_other(app: App, user: dict[str, str]) -> None:
    app.enter(user, "/items/new")
    app.field("Name").click()  # a browser warns only where a person has acted
    app.field("Name").press_sequentially("First thought")
    expect(app.page.get_by_text("Draft kept")).to_be_visible()
    warned: list[str] = []

    def leave(dialog: Dialog) -> None:
        warned.append(dialog.type)
        dialog.accept()

    app.page.on("dialog", leave)
    app.page.reload()
    assert warned == ["beforeunload"]
    expect(app.field("Name")).to_have_value("First thought")
    other = beside(app, user)
    expect(other.page.get_by_role("button", name="1 draft")).to_be_visible()
    other.page.get_by_role("link", name="New item").click()
    expect(other.field("Name")).to_have_value("")
    other.field("Name").fill("Second thought")
    app.field("Name").press_sequentially(", continued")
    app.close()
    expect(app.notice()).to_contain_text("Draft kept.")
    other.close()
    other.button("2 drafts").click()
    other.page.get_by_role("button", name="First thought, continued").first.click()
    expect(other.field("Name")).to_have_value("First thought, continued")
    other.button("Discard changes").click()
    expect(other.field("Name")).to_have_value("")
    other.page.keyboard.press("Escape")
    other.button("1 draft").click()
    other.button("Discard the draft Second thought").click()
    expect(other.button("1 draft")).to_have_count(0)
    assert other.page.evaluate(DRAFTS) == 0


def beside(app: App, user: dict[str, str]) -> App:
    """Another tab of the same browser, in which the user is signed in too."""
    other = copy(app)
    other.page = app.context.new_page()
    return other.enter(user)


def test_an_item_is_read_edited_in_place_and_left_for_the_next(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    lamp = {"description": "Brass.", "quantity": 3, "tags": ["office"], "attributes": {"colour": "green"}}
    for name in ("Chair", "Lamp", "Table"):
        api.post("items", json={"name": name, **(lamp if name == "Lamp" else {})}).raise_for_status()
    app.enter(user)
    app.page.get_by_role("link", name="Table").click()
    keys, panel = app.page.keyboard, app.drawer()
    heading = panel.get_by_role("heading", level=2)
    expect(panel.locator(".facts")).to_contain_text("Version")
    keys.press("j")
    expect(heading).to_have_text("Lamp")
    expect(panel.locator("input, textarea")).to_have_count(0)
    for text in ("Brass.", "office", "colour", "green"):
        expect(panel.get_by_text(text, exact=True)).to_be_visible()

    quantity = panel.locator("[data-shown='/quantity'] dd")
    quantity.click()
    expect(app.field("Quantity")).to_be_focused()
    expect(panel.locator("input, textarea")).to_have_count(1)
    keys.press("Escape")
    expect(panel.locator("input, textarea")).to_have_count(0)
    keys.press("e")
    expect(app.field("Name")).to_be_focused()
    app.field("Quantity").fill("4")
    with app.page.expect_request(lambda request: request.method == "PATCH") as patch:
        keys.press("Control+Enter")
    assert patch.value.post_data_json == {"quantity": 4}
    app.saved()
    expect(heading).to_be_focused()
    expect(panel.locator(".facts")).to_contain_text("2")
    keys.press("z")
    expect(app.notice()).to_contain_text("Restored “Lamp”.")
    expect(quantity).to_have_text("3")

    app.drawer().get_by_role("button", name="More").click()
    app.button("Copy link").click()
    expect(app.notice()).to_contain_text("Link copied.")
    link = app.page.evaluate("navigator.clipboard.readText()")
    assert link == app.page.url
    app.drawer().get_by_role("button", name="More").click()
    app.button("Duplicate").click()
    expect(heading).to_have_text("New item")
    expect(app.field("Name")).to_have_value("Lamp")
    app.field("Name").fill("Lamp, too")
    app.button("Create").click()
    expect(heading).to_have_text("Lamp, too")
    made = api.get(app.page.url.removeprefix(app.url)[1:]).json()
    assert {name: made[name] for name in lamp} == lamp

    keys.press("e")
    app.field("Description").fill("Half typed")
    keys.press("Escape")
    expect(panel).to_have_count(0)
    app.button("1 draft").click()
    app.page.get_by_role("button", name="Lamp, too").first.click()
    expect(app.page.get_by_text("Your unsaved changes were restored.")).to_be_visible()
    expect(app.field("Description")).to_have_value("Half typed")
    app.drawer().get_by_role("button", name="More").click()
    app.allowed += ["404"]
    panel.get_by_role("button", name="Delete").click()
    expect(app.notice()).to_contain_text("Your unsaved changes to it are kept as a draft.")
    expect(panel).to_have_count(0)
    assert api.get(f"items/{made['id']}").status_code == 404


def test_an_item_is_printed_alone_and_without_buttons(app: App, user: dict[str, str], api: httpx.Client) -> None:
    where = f"/items/{api.post('items', json={'name': 'Lamp', 'description': 'Brass.'}).json()['id']}"
    app.enter(user, where)
    expect(app.drawer().get_by_text("Brass.")).to_be_visible()
    assert app.shift < 0.01
    app.page.emulate_media(media="print")
    expect(app.drawer().get_by_text("Brass.")).to_be_visible()
    expect(app.drawer().get_by_role("button")).to_have_count(0)
    expect(app.page.get_by_role("banner")).to_be_hidden()
    expect(app.page.get_by_role("table")).to_be_hidden()
    app.shift = 0  # of the paper
