"""What was deleted: undone at once, restored from the trash, deleted for good, or changed elsewhere in the meantime."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.sync_api import Route, expect

from .browser import App


def create(api: httpx.Client, name: str) -> str:
    """Create an item. Return its path."""
    return f"items/{api.post('items', json={'name': name}).json()['id']}"


def restore(api: httpx.Client, where: str) -> None:
    assert api.post(f"{where}/restore").status_code == 200


def purge(api: httpx.Client, where: str) -> None:
    assert api.delete(where, params={"purge": "true"}).status_code == 204


def test_undo_restores_the_item_with_its_id_and_so_does_the_trash(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    where = create(api, "Lamp")
    app.enter(user)
    app.act("Lamp", "Delete")
    expect(app.notice()).to_contain_text("Deleted “Lamp”.")
    expect(app.rows()).to_have_count(0)
    assert api.get(where).status_code == 404
    with app.page.expect_request("**/restore") as restored:
        app.button("Undo").click()
    assert restored.value.headers["if-match"] == '"1"'
    assert restored.value.headers["idempotency-key"]
    expect(app.notice()).to_contain_text("Restored “Lamp”.")
    assert app.names() == ["Lamp"]
    assert api.get(where).json()["version"] == 2

    api.delete(where)
    create(api, "Desk")
    app.page.get_by_role("link", name="Trash").click()
    expect(app.page).to_have_title("Trash · Items")
    expect(app.page.locator("main")).to_be_focused()
    (entry,) = api.get("items", params={"deleted": "true"}).json()["items"]
    expect(app.rows()).to_have_count(1)
    times = [time.get_attribute("datetime") for time in app.rows().locator("td time").all()]
    assert times == [entry["deleted_at"], entry["expires_at"]]
    app.button("Restore Lamp").focus()
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    expect(app.page.locator("main")).to_be_focused()  # the button no longer exists
    assert api.get(where).json()["version"] == 3
    app.notice().get_by_role("button", name="Open").last.click()
    expect(app.drawer().get_by_role("heading", name="Lamp")).to_be_visible()


def test_an_item_is_deleted_for_good_only_after_confirmation(app: App, user: dict[str, str], api: httpx.Client) -> None:
    for name in ("Lamp", "Desk"):
        api.delete(create(api, name))
    app.enter(user)
    app.open("/items/trash")
    app.act("Lamp", "Delete for good")
    app.button("Keep it").click()
    expect(app.button("Actions for Lamp")).to_be_focused()
    app.act("Lamp", "Delete for good")
    app.button("Delete for good").click()
    expect(app.notice()).to_contain_text("Deleted “Lamp” for good.")
    expect(app.rows()).to_have_count(1)
    (left,) = api.get("items", params={"deleted": "true"}).json()["items"]
    assert left["name"] == "Desk"
    app.page.get_by_role("searchbox").fill("lamp")
    expect(app.page.get_by_text("No deleted items match.")).to_be_visible()


def test_what_happened_elsewhere_to_a_deleted_item_is_said(app: App, user: dict[str, str], api: httpx.Client) -> None:
    paths = {name: create(api, name) for name in ("Purged", "Restored", "Changed", "Kept")}
    for where in paths.values():
        api.delete(where)
    app.enter(user)
    app.open("/items/trash")
    expect(app.rows()).to_have_count(4)
    app.allowed += ["404", "412"]
    purge(api, paths["Purged"])
    restore(api, paths["Restored"])
    restore(api, paths["Kept"])
    restore(api, paths["Changed"])
    api.patch(paths["Changed"], json={"name": "Changed since"})
    api.delete(paths["Changed"])
    app.button("Restore Purged").click()
    expect(app.notice()).to_contain_text(
        "“Purged” cannot be restored: its time in the trash is over, or it was deleted"
    )
    app.button("Create it again").click()
    expect(app.notice()).to_contain_text("Created “Purged” again, as a new item.")
    for name, text in [
        ("Restored", "“Restored” was already restored elsewhere."),
        ("Kept", "“Kept” was not deleted. It was restored elsewhere."),
        ("Changed", "“Changed” was not restored. It was restored, changed and deleted again elsewhere."),
    ]:
        if name == "Kept":
            app.act(name, "Delete for good")
            app.button("Delete for good").click()
        else:
            app.button(f"Restore {name}").click()
        expect(app.notice()).to_contain_text(text)
    app.button("Restore Changed since").click()
    expect(app.page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    assert api.get(paths["Changed"]).json()["version"] == 4
    assert api.get(paths["Kept"]).status_code == 200


def test_a_form_whose_item_was_created_and_deleted_creates_another_when_it_is_sent_again(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    app.enter(user, "/items/new")
    app.page.route("**/v1/items", lambda route: (route.fetch(), route.abort("connectionreset")), times=1)
    app.allowed += ["ERR_CONNECTION_RESET", "409"]
    app.field("Name").fill("Twice")
    app.button("Create").click()
    app.button("Stop").click()
    (first,) = api.get("items").json()["items"]
    api.delete(f"items/{first['id']}")
    app.button("Create").click()
    expect(app.page.get_by_text("This form already created one item, which was deleted since.")).to_be_visible()
    expect(app.drawer().get_by_role("link", name="Look in the trash")).to_be_visible()
    app.button("Create").click()
    app.saved()
    (second,) = api.get("items").json()["items"]
    assert second["id"] != first["id"]


def test_writes_whose_responses_are_lost_show_no_conflict(app: App, user: dict[str, str], api: httpx.Client) -> None:
    where = create(api, "Lamp")
    create(api, "Below which nothing moves, long after a click")
    lost: list[tuple[str, int]] = []

    def lose_the_first_response(route: Route) -> None:
        request: Any = route.request
        key = request.headers.get("idempotency-key")
        if request.method != "DELETE" and key and key not in [one for one, _ in lost]:
            lost.append((key, route.fetch().status))
            route.abort("connectionreset")
        else:
            route.fallback()

    app.enter(user, f"/{where}")
    app.page.route("**/v1/items/**", lose_the_first_response)
    app.allowed += ["ERR_CONNECTION_RESET"]
    app.edit().field("Name").fill("Desk lamp")
    app.button("Save").click()
    expect(app.notice()).to_contain_text("Saved “Desk lamp”.")
    app.act("Desk lamp", "Delete")
    expect(app.notice()).to_contain_text("Deleted “Desk lamp”.")
    app.notice().get_by_role("button", name="Undo").last.click()
    expect(app.notice()).to_contain_text("Restored “Desk lamp”.")
    assert [status for _, status in lost] == [200, 200]
    item = api.get(where).json()
    assert (item["name"], item["version"]) == ("Desk lamp", 3)
