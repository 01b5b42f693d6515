"""Search, order and filters are true, the address carries them, and the list stays right while it changes elsewhere."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, Route, expect

from .browser import App, problem

COUNT = 130
# The name in the row in the middle of the window.
MIDDLE = "() => document.elementFromPoint(300, 450)?.closest('tr')?.querySelector('th a')?.textContent ?? ''"


def fill(api: httpx.Client) -> list[dict[str, Any]]:
    """Create 130 items, the oldest first, of which one is a lamp and one in ten is for the office."""

    def create(number: int) -> dict[str, Any]:
        body = {
            "name": f"Item {number:03}",
            "quantity": number * 1000,
            "tags": ["office" if number % 10 == 0 else "home"],
        }
        if number == 3:
            body |= {"name": "Lámpara", "attributes": {"colour": "grün"}}
        made: dict[str, Any] = api.post("items", json=body).raise_for_status().json()
        return made

    first = [create(number) for number in range(1, 6)]  # one after another, so that their order is known
    with ThreadPoolExecutor(4) as pool:
        return first + list(pool.map(create, range(6, COUNT + 1)))


def search(app: App, text: str) -> None:
    app.page.get_by_role("searchbox").press_sequentially(text)


def test_search_order_and_filters_are_true_and_in_the_address(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    fill(api)
    app.enter(user)
    expect(app.rows().first).to_be_visible()
    found = app.page.locator(".found [role=status]")
    box = app.page.get_by_role("searchbox")

    search(app, "lampara")  # among the oldest: the rest is loaded by itself
    expect(found).to_have_text(f"1 of {COUNT}")
    assert app.names() == ["Lámpara"]
    for text, count in (("name", 0), ("colour", 1), ("GRUN", 1), ("117,000", 1), ("117000", 1), ("item 12", 12)):
        box.fill(text)
        expect(found).to_have_text(f"{count} of {COUNT}")

    app.button("Filter").click()
    app.page.get_by_label("Field").select_option(label="Quantity")
    app.page.get_by_label("Condition").select_option(label="at least")
    app.page.get_by_label("Value").fill("some")
    app.button("Add filter").click()
    expect(app.page.get_by_text("The value must be a number.")).to_be_visible()
    app.page.get_by_label("Value").fill("122,000")
    app.button("Add filter").click()
    expect(found).to_have_text(f"8 of {COUNT}")  # of item 120 to item 129
    app.page.get_by_role("columnheader", name="Quantity").get_by_role("button").click()
    expect(app.page.get_by_role("columnheader", name="Quantity")).to_have_attribute("aria-sort", re.compile("."))
    app.page.get_by_label("Order").select_option(label="Quantity: low to high")
    expect(app.rows().first).to_contain_text("Item 122")
    where = app.page.url
    assert where.endswith("/?search=item+12&sort=quantity&filter=quantity:min:122000")

    app.rows().nth(1).locator("th a").click()
    expect(app.drawer()).to_be_visible()
    app.page.reload()  # also with the open item
    expect(app.drawer()).to_contain_text("Item 123")
    app.page.keyboard.press("Escape")
    expect(app.drawer()).to_have_count(0)
    expect(app.page).to_have_url(where)
    expect(found).to_have_text(f"8 of {COUNT}")
    assert app.names()[0] == "Item 122"
    app.button("Remove the filter Quantity at least 122,000").click()
    box.fill("")
    app.page.get_by_label("Order").select_option("created_at")
    expect(app.rows().first).to_contain_text("Item 001")
    app.rows().first.get_by_role("button", name="home").click()
    expect(app.page.get_by_role("list", name="Filters")).to_contain_text("Tags: home")
    expect(found).to_have_text(f"117 of {COUNT}")


def test_what_was_opened_closes_by_going_back_and_the_page_stays_where_it_was(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    fill(api)
    app.enter(user)
    app.page.get_by_label("Order").select_option("created_at")
    expect(app.rows().first).to_contain_text("Item 001")
    page = app.page
    before = page.evaluate("history.length")
    for close in (page.go_back, lambda: page.keyboard.press("Escape"), lambda: app.button("Close").click()):
        app.rows().first.locator("th a").click()
        expect(app.drawer()).to_be_visible()
        close()
        expect(app.drawer()).to_have_count(0)
        expect(page).to_have_url(re.compile(r"/\?sort=created_at$"))
        assert page.evaluate("history.length") <= before + 1

    while page.evaluate("document.documentElement.scrollHeight") < 5000:  # as long as pages are loaded at the end
        page.mouse.wheel(0, 2000)
        page.evaluate("new Promise(requestAnimationFrame)")
    page.evaluate("scrollTo(0, 2500)")
    page.wait_for_function(f"() => /Item 0[4-7]/.test(({MIDDLE})())")  # the rows follow the scrolling
    middle = page.evaluate(MIDDLE)
    page.reload()
    page.wait_for_function(f"(name) => ({MIDDLE})() === name", arg=middle)
    page.evaluate("document.querySelector('a[href$=trash]').click()")  # a click of Playwright would scroll to the link
    expect(page.get_by_role("heading", name="Trash", level=1)).to_be_visible()
    page.go_back()
    page.wait_for_function(f"(name) => ({MIDDLE})() === name", arg=middle)


def test_the_list_on_screen_outlives_a_reload_that_fails(app: App, user: dict[str, str], api: httpx.Client) -> None:
    fill(api)
    app.enter(user)
    expect(app.rows().first).to_contain_text("Item 130")
    app.allowed += ["500"]
    rows = app.names()

    held: list[Route] = []
    app.page.route("**/v1/items?**", lambda route: held.append(route), times=1)  # noqa: PLW0108 - as in test_items.py
    app.button("Reload").click()
    expect(app.button("Reload")).to_have_attribute("aria-busy", "true")
    assert app.names() == rows
    held[0].continue_()
    expect(app.button("Reload")).to_have_attribute("aria-busy", "false")

    app.respond("GET", *[problem(500)] * 5)
    app.button("Reload").click()
    for _ in range(4):
        app.button("Try now").click()
    expect(app.page.get_by_role("alert")).to_contain_text("The list shows what was loaded before.")
    assert app.names() == rows
    app.button("Try again").click()
    expect(app.page.get_by_role("alert")).to_have_count(0)

    app.page.route("**/v1/items?**", lambda route: held.append(route), times=1)  # noqa: PLW0108
    app.page.get_by_label("Order").select_option("created_at")
    expect(app.button("Reload")).to_have_attribute("aria-busy", "true")
    assert app.rows().count() == len(rows)
    held[1].continue_()
    expect(app.rows().first).to_contain_text("Item 001")


def test_the_list_stays_right_while_it_changes_elsewhere(app: App, user: dict[str, str], api: httpx.Client) -> None:
    old = api.post("items", json={"name": "Old"}).json()
    app.allowed += ["404"]  # of what was made here and deleted elsewhere
    app.enter(user)
    expect(app.rows()).to_have_count(1)
    app.create(name="Made here")
    (made,) = [item for item in api.get("items").json()["items"] if item["name"] == "Made here"]
    other = tab(app)
    expect(rows_of(other)).to_have_count(2)

    app.create(name="Made later")
    expect(rows_of(other)).to_have_count(3)  # the tabs are in step
    assert api.delete(f"items/{made['id']}", headers={"If-Match": '"1"'}).status_code == 204
    app.button("Reload").click()
    expect(app.rows()).to_have_count(2)  # also what was made here
    expect(rows_of(other)).to_have_count(2)  # what one tab learns, the other shows

    api.patch(
        f"items/{old['id']}",
        json={"name": "New name"},
        headers={"Content-Type": "application/merge-patch+json", "If-Match": '"1"'},
    )
    app.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(app.page.get_by_text("Updated from elsewhere: 1 changed")).to_be_visible()
    assert app.names() == ["Made later", "New name"]

    search(app, "nowhere")
    app.create(name="Hidden by the search")
    expect(app.notice()).to_contain_text(
        "“Hidden by the search” is not in this list, because it does not match the search."
    )
    app.button("Clear the search").last.click()
    expect(app.rows()).to_have_count(3)


def test_a_late_response_does_not_bring_back_what_was_deleted(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    for name in ("Stays", "Goes"):
        api.post("items", json={"name": name}).raise_for_status()
    app.enter(user)
    expect(app.rows()).to_have_count(2)
    held: list[Route] = []
    app.page.route(re.compile(r"/v1/items/[0-9a-f-]{36}$"), lambda route: hold(route, held))
    app.page.get_by_role("link", name="Goes").click()
    expect(app.drawer()).to_be_visible()
    while not held:
        app.page.evaluate("0")
    late = held[0].fetch()
    app.drawer().get_by_role("button", name="More").click()
    app.drawer().get_by_role("button", name="Delete").click()
    expect(app.rows()).to_have_count(1)
    held[0].fulfill(response=late)
    app.button("Reload").click()
    expect(app.button("Reload")).to_have_attribute("aria-busy", "false")
    assert app.names() == ["Stays"]


def hold(route: Route, held: list[Route]) -> None:
    """Hold the first read, and let all else pass."""
    if route.request.method == "GET" and not held:
        held.append(route)
    else:
        route.fallback()


def rows_of(page: Page) -> Locator:
    return page.locator("main tbody tr:not(.skeleton)")


def tab(app: App) -> Page:
    """Open another tab of the same browser, behind the first one."""
    page = app.context.new_page()
    page.goto(app.url)
    page.locator("main tbody tr:not(.skeleton)").first.wait_for()
    app.page.bring_to_front()  # a tab in the background is slow
    return page
