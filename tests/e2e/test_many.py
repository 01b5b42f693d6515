"""What is done to many items together: progress, a stop, what failed and why, and undoing it; from the keyboard too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import httpx
from playwright.sync_api import Locator, Route, expect

from .browser import App, problem


def create(api: httpx.Client, names: Sequence[str], **fields: Any) -> dict[str, str]:
    """Create items, the last one newest. Return the path of each."""
    return {name: f"items/{api.post('items', json={'name': name, **fields}).json()['id']}" for name in names}


def patch(api: httpx.Client, where: str, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/merge-patch+json"}
    assert api.patch(where, json=body, headers=headers).status_code == 200


def select(app: App, *names: str) -> None:
    for name in names:
        app.page.get_by_role("checkbox", name=f"Select {name}", exact=True).check()


def bar(app: App, name: str = "Selected") -> Locator:
    return app.page.get_by_role("group", name=name)


def test_a_selection_is_deleted_and_undone_and_what_failed_is_listed_and_tried_again(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    names = ["Lamp", "Desk", "Chair", "Shelf", "Mat", "Pen"]
    paths = create(api, names)
    app.enter(user)
    expect(app.rows()).to_have_count(6)
    app.allowed += ["404", "409", "412"]
    select(app, *names)
    expect(bar(app)).to_contain_text("6 selected")
    patch(api, paths["Chair"], {"name": "Armchair"})
    api.delete(paths["Mat"])
    refused = problem(409, "Not this one.", {"Access-Control-Allow-Origin": "*"})
    app.page.route(f"**/{paths['Pen']}", lambda route: route.fulfill(**refused), times=1)
    bar(app).get_by_role("button", name="Delete").click()
    result = bar(app, "Result")
    expect(result).to_contain_text("3 of 6 items not deleted.")
    expect(app.notice()).to_contain_text("Deleted 3 items.")
    assert sorted(app.names()) == ["Armchair", "Pen"]
    assert [api.get(paths[name]).status_code for name in ("Lamp", "Desk", "Shelf", "Chair", "Pen")] == [404] * 3 + [
        200
    ] * 2
    result.get_by_role("button", name="Show why").click()
    reasons = app.page.get_by_role("dialog").locator("section")
    expect(reasons.filter(has_text="changed elsewhere")).to_contain_text(re.compile("Chair.*Armchair", re.DOTALL))
    expect(reasons.filter(has_text="was deleted elsewhere")).to_contain_text("Mat")
    expect(reasons.filter(has_text="Not this one.")).to_contain_text("Pen")
    app.button("Try again with 2 items").click()
    expect(app.notice()).to_contain_text("Deleted 2 items.")
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()
    app.page.locator("main").focus()
    app.page.keyboard.press("z")
    expect(app.notice()).to_contain_text("Restored 2 items.")
    app.page.keyboard.press("z")
    expect(app.notice()).to_contain_text("Restored 3 items.")
    assert sorted(app.names()) == ["Armchair", "Desk", "Lamp", "Pen", "Shelf"]
    assert api.get(paths["Chair"]).json()["version"] == 3


def test_a_deletion_that_is_stopped_leaves_the_rest_which_can_be_continued(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    names = [f"Item {number}" for number in range(8)]
    create(api, names)
    app.enter(user)
    expect(app.rows()).to_have_count(8)
    held: list[Route] = []
    app.page.route("**/v1/items/*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright sets attributes on it
    app.page.get_by_role("checkbox", name="Select all").check()
    expect(bar(app)).to_contain_text("8 selected")
    with app.page.expect_request("**/v1/items/*"):
        app.page.keyboard.press("Delete")
    progress = bar(app, "Progress")
    expect(progress).to_contain_text("Deleting 8 items…")
    progress.get_by_role("button", name="Stop").click()
    expect(progress).to_contain_text("Stopping…")
    for route in held:
        route.continue_()
    app.page.unroute("**/v1/items/*")
    result = bar(app, "Result")
    expect(result).to_contain_text("Stopped: 4 of 8 items left as they were.")
    assert len(api.get("items").json()["items"]) == 4
    result.get_by_role("button", name="Continue with 4 items").click()
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()
    expect(app.notice().get_by_text("Deleted 4 items.")).to_have_count(2)


def test_tags_are_added_and_removed_on_the_latest_versions_and_undone(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    paths = {
        **create(api, ["Lamp", "Desk"], tags=["office"]),
        **create(api, ["Full"], tags=[f"tag {number}" for number in range(20)]),
    }

    def tags(name: str) -> list[str]:
        found: list[str] = api.get(paths[name]).json()["tags"]
        return found

    app.enter(user)
    expect(app.rows()).to_have_count(3)
    app.allowed += ["412"]
    app.page.get_by_role("checkbox", name="Select all").check()
    expect(bar(app)).to_contain_text("3 selected")
    patch(api, paths["Lamp"], {"quantity": 7, "tags": ["office", "sold"]})
    app.page.keyboard.press("t")
    expect(app.page.get_by_role("combobox", name="What to add")).to_be_focused()
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_text("Enter what to add or remove.")).to_be_visible()
    app.page.get_by_role("combobox", name="What to add").fill("urgent")
    app.button("Add to 3 items").click()
    expect(app.notice()).to_contain_text("Added “urgent” to Tags of 2 items.")
    bar(app, "Result").get_by_role("button", name="Show why").click()
    expect(app.page.get_by_role("dialog")).to_contain_text("Tags must have at most 20 entries.")
    app.page.keyboard.press("Escape")
    bar(app, "Result").get_by_role("button", name="Dismiss").click()
    assert [tags("Lamp"), tags("Desk"), len(tags("Full"))] == [["office", "sold", "urgent"], ["office", "urgent"], 20]
    assert api.get(paths["Lamp"]).json()["quantity"] == 7

    bar(app).get_by_role("button", name="Tags").click()
    app.page.get_by_role("radio", name="Remove").check()
    app.page.get_by_role("combobox", name="What to remove").fill("office")
    app.button("Remove from 3 items").click()
    expect(app.notice()).to_contain_text("Removed “office” from Tags of 2 items.")
    assert [tags("Lamp"), tags("Desk")] == [["sold", "urgent"], ["urgent"]]
    app.notice().get_by_role("button", name="Undo").last.click()
    expect(app.notice()).to_contain_text("Changed back 2 items.")
    app.page.locator("main").focus()
    app.page.keyboard.press("z")
    expect(app.notice().get_by_text("Changed back 2 items.")).to_have_count(2)
    assert [tags("Lamp"), tags("Desk")] == [["office", "sold"], ["office"]]


def test_many_are_restored_from_the_trash_and_deleted_for_good(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    paths = create(api, ["Lamp", "Desk", "Chair", "Shelf"])
    for where in paths.values():
        api.delete(where)
    app.enter(user)
    app.page.keyboard.press("Control+k")
    app.page.keyboard.type("trash")
    app.page.keyboard.press("Enter")
    expect(app.rows()).to_have_count(4)
    select(app, "Lamp", "Desk")
    bar(app).get_by_role("button", name="Restore").click()
    expect(app.notice()).to_contain_text("Restored 2 items.")
    expect(app.rows()).to_have_count(2)
    app.page.get_by_role("checkbox", name="Select all").check()
    bar(app).get_by_role("button", name="Delete for good").click()
    app.button("Delete 2 items for good").click()
    expect(app.notice()).to_contain_text("Deleted 2 items for good.")
    expect(app.page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    assert {item["name"] for item in api.get("items").json()["items"]} == {"Lamp", "Desk"}
    assert api.get("items", params={"deleted": "true"}).json()["items"] == []


def test_keys_run_commands_but_not_where_something_is_typed(app: App, user: dict[str, str], api: httpx.Client) -> None:
    create(api, ["Lamp", "Desk"])
    app.enter(user)
    expect(app.rows()).to_have_count(2)
    keys = app.page.keyboard
    keys.press("/")
    expect(app.page.get_by_role("searchbox")).to_be_focused()
    keys.type("n?z/")
    expect(app.page.get_by_role("searchbox")).to_have_value("n?z/")
    keys.press("Escape")
    keys.press("Control+k")
    find = app.page.get_by_role("combobox", name="Search for a command or items")
    expect(find).to_be_focused()
    keys.type("lam")
    expect(app.page.get_by_role("listbox").get_by_role("option").first).to_have_text("Lamp")
    keys.press("Enter")
    expect(app.page).to_have_title("Lamp · Items")
    app.page.go_back()
    expect(app.drawer()).to_have_count(0)
    app.page.locator("main").focus()
    keys.press("?")
    expect(app.page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    app.page.get_by_role("checkbox", name="Shortcuts of a single character").uncheck()
    keys.press("Escape")
    keys.press("n")
    keys.press("Control+k")
    expect(find).to_be_focused()
    keys.type("keyboard")
    keys.press("Enter")
    app.page.get_by_role("checkbox", name="Shortcuts of a single character").check()
    keys.press("Escape")
    expect(app.page.get_by_role("dialog")).to_have_count(0)
    keys.press("n")
    expect(app.field("Name")).to_be_focused()
