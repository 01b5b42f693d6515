"""Two browsers that edit one item, a lost network, a busy or failing service: each is reported, and nothing is lost."""

from __future__ import annotations

import re
import time

import httpx
from playwright.sync_api import Route, expect

from .browser import App, NewApp, problem


def test_two_browsers_that_edit_one_item_see_both_versions_and_choose(
    new_app: NewApp, user: dict[str, str], api: httpx.Client
) -> None:
    where = f"items/{api.post('items', json={'name': 'Lamp', 'quantity': 1, 'tags': ['a']}).json()['id']}"
    one, other = new_app().enter(user, f"/{where}"), new_app().enter(user, f"/{where}")
    one.edit().field("Name").fill("Lamp of one")
    one.field("Quantity").fill("2")
    one.button("Save").click()
    one.saved()

    other.allowed += ["412"]
    other.edit().field("Name").fill("Lamp of the other")
    other.field("Description").fill("Only here")
    other.button("Save").click()
    dialog = other.page.get_by_role("dialog", name="This item has changed since you opened it")
    expect(dialog).to_be_visible()
    name = dialog.get_by_role("group", name="Name")
    expect(name).to_contain_text("changed by you and elsewhere")
    expect(name).to_contain_text("Lamp of one")
    expect(name).to_contain_text("Lamp of the other")
    expect(dialog.get_by_role("group", name="Quantity").get_by_label("Current value")).to_be_checked()
    expect(dialog.get_by_role("group", name="Description").get_by_label("Your value")).to_be_checked()
    expect(dialog.get_by_role("group", name="Tags")).to_have_count(0)
    expect(other.button("Save these values")).to_be_disabled()
    assert other.axe() == []
    name.get_by_label("Your value").check()
    other.button("Save these values").click()
    other.saved()
    item = api.get(where).json()
    assert (item["version"], item["name"], item["quantity"], item["description"], item["tags"]) == (
        *(3, "Lamp of the other", 2, "Only here", ["a"]),
    )


def test_text_typed_while_the_item_is_reloaded_is_kept(app: App, user: dict[str, str], api: httpx.Client) -> None:
    where = f"items/{api.post('items', json={'name': 'Lamp', 'quantity': 1}).json()['id']}"
    app.enter(user)
    expect(app.rows()).to_have_count(1)
    api.patch(where, content='{"quantity":2}', headers={"Content-Type": "application/merge-patch+json"})
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    app.page.route(f"**/{where}", hold, times=1)
    app.page.get_by_role("link", name="Lamp").click()
    app.edit().field("Name").fill("Typed at once")
    held[0].continue_()
    expect(app.drawer().locator(".facts")).to_contain_text("Version2")
    expect(app.field("Name")).to_have_value("Typed at once")
    app.allowed += ["412"]
    app.button("Save").click()
    app.button("Save these values").click()
    app.saved()
    item = api.get(where).json()
    assert (item["name"], item["quantity"]) == ("Typed at once", 2)


def test_a_part_of_the_app_that_fails_to_load_is_reported(app: App) -> None:
    app.open()
    app.allowed += ["ERR_FAILED"]
    app.page.route("**/assets/Reference-*", lambda route: route.abort())
    app.page.get_by_role("navigation").get_by_role("link", name="API reference").click()
    expect(app.page.get_by_role("heading", name="The page could not be loaded")).to_be_visible()
    app.page.unroute_all()
    app.button("Reload the page").click()
    expect(app.page.get_by_role("heading", name="Items API")).to_be_visible()


def test_an_item_that_changed_is_deleted_only_after_a_second_confirmation(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    where = f"items/{api.post('items', json={'name': 'Lamp'}).json()['id']}"
    app.enter(user)
    expect(app.rows()).to_have_count(1)
    api.patch(where, content='{"name":"Newer"}', headers={"Content-Type": "application/merge-patch+json"})
    app.allowed += ["412"]
    app.act("Lamp", "Delete")
    expect(app.page.get_by_role("alert").filter(has_text="is now at version 2")).to_be_visible()
    expect(app.page.get_by_role("dialog").locator(".changes")).to_have_text(re.compile(r"Name\s*Lamp\s*Newer"))
    assert app.names() == ["Newer"]
    assert api.get(where).status_code == 200
    app.button("Delete version 2").click()
    expect(app.notice()).to_contain_text("Deleted “Newer”.")
    assert app.names() == []
    assert api.get(where).status_code == 404


def test_an_item_that_was_deleted_elsewhere_can_be_saved_as_a_new_one(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    where = f"items/{api.post('items', json={'name': 'Lamp'}).json()['id']}"
    app.enter(user, f"/{where}")
    app.edit().field("Name").fill("Lamp, repaired")
    api.delete(where)
    app.allowed += ["404"]
    app.button("Save").click()
    expect(app.page.get_by_text("This item was deleted elsewhere.")).to_be_visible()
    app.button("Save as a new item").click()
    app.saved()
    assert [item["name"] for item in api.get("items").json()["items"]] == ["Lamp, repaired"]


def test_a_lost_network_is_reported_and_the_form_is_sent_when_it_is_back(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    app.enter(user)
    app.page.get_by_role("link", name="New item").click()
    app.field("Name").fill("Patient")
    app.allowed += ["ERR_INTERNET_DISCONNECTED"]
    app.context.set_offline(True)
    app.button("Create").click()
    expect(app.page.get_by_text("You are offline.")).to_be_visible()
    expect(app.button("Saving…")).to_be_disabled()
    assert app.axe() == []
    for _ in range(5):  # as many as there are attempts: without a network none is used up
        app.button("Try now").click()
    app.allowed += ["ERR_CONNECTION_RESET"]
    app.respond("POST", "connectionreset")
    app.context.set_offline(False)
    app.saved()
    assert [item["name"] for item in api.get("items").json()["items"]] == ["Patient"]


def test_a_form_closed_while_its_save_waits_does_not_close_the_next_form(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    api.post("items", json={"name": "Lamp"})
    app.enter(user)
    app.page.get_by_role("link", name="New item").click()
    app.field("Name").fill("Patient")
    app.allowed += ["ERR_INTERNET_DISCONNECTED"]
    app.context.set_offline(True)
    app.button("Create").click()
    app.page.get_by_text("You are offline.").wait_for()
    app.page.keyboard.press("Escape")
    app.page.get_by_role("link", name="Lamp").click()
    app.edit().field("Name").fill("Lamp, half typed")
    app.context.set_offline(False)
    expect(app.notice()).to_contain_text("Created “Patient”.")
    expect(app.field("Name")).to_have_value("Lamp, half typed")
    assert sorted(item["name"] for item in api.get("items").json()["items"]) == ["Lamp", "Patient"]


def test_a_create_whose_response_was_lost_creates_one_item(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.enter(user)
    lost: list[int] = []

    def lose_the_response(route) -> None:  # type: ignore[no-untyped-def]
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort("connectionreset")
        else:
            route.fallback()

    app.page.route("**/v1/items", lose_the_response)
    app.allowed += ["ERR_CONNECTION_RESET"]
    app.create(name="Once")
    assert lost == [201]
    assert len(api.get("items").json()["items"]) == 1


def test_a_wait_can_be_stopped_and_the_form_is_kept(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.enter(user)
    app.page.get_by_role("link", name="New item").click()
    app.field("Name").fill("Still here")
    app.allowed += ["ERR_CONNECTION_REFUSED"]
    app.respond("POST", *["connectionrefused"] * 2)
    app.button("Create").click()
    app.button("Stop").click()
    expect(app.page.get_by_text("Your changes are kept.")).to_be_visible()
    expect(app.field("Name")).to_have_value("Still here")
    app.button("Create").click()
    app.button("Try now").click()
    app.saved()
    assert len(api.get("items").json()["items"]) == 1


def test_a_busy_service_is_called_again_after_the_time_in_retry_after(app: App, user: dict[str, str]) -> None:
    app.enter(user)
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()
    app.allowed += ["429"]
    app.respond("GET", problem(429, headers={"Retry-After": "4"}))
    began = time.monotonic()
    app.button("Reload").click()
    busy = app.page.get_by_text("The service received too many requests.")
    expect(busy).to_be_visible()
    expect(busy).to_be_hidden()
    assert time.monotonic() - began >= 4
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()


def test_a_failing_service_is_reported_with_the_request_id(app: App, user: dict[str, str]) -> None:
    app.enter(user)
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()
    app.allowed += ["500"]
    app.respond("GET", *[problem(500)] * 5)
    app.button("Reload").click()
    for _ in range(4):
        app.button("Try now").click()
    expect(app.page.get_by_role("alert").filter(has_text="report it with request ID req-1")).to_be_visible()
    assert app.axe() == []
    app.respond("GET", {"status": 200, "body": "<html>Welcome to the hotel", "content_type": "text/html"})
    app.button("Try again").click()
    expect(app.page.get_by_role("alert").filter(has_text="sent a response that this page cannot read")).to_be_visible()
    app.button("Try again").click()
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()
