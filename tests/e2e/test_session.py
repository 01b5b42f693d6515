"""Sign-up, sign-in, sign-out, expired sessions and several tabs, with the real hosted pages."""

from __future__ import annotations

import json
import re
import secrets
import time
from typing import Any

from playwright.sync_api import Page, Route, expect

from .browser import App, NewApp, NewUser, problem

STORED = "() => JSON.stringify([Object.entries(localStorage), document.cookie])"
REFRESH_TOKEN = """() => {
  const key = Object.keys(sessionStorage).find((name) => name.startsWith('oidc.user'));
  return JSON.parse(sessionStorage.getItem(key)).refresh_token;
}"""
SIGN_IN = re.compile("^Sign in")


def sign_out(app: App) -> None:
    """Sign out, and wait for the way back from the hosted page."""
    app.button(re.compile("^Account of")).click()
    with app.page.expect_navigation(url=f"{app.url}/"):
        app.button("Sign out").click()
    expect(app.button(SIGN_IN)).to_be_visible()


def stored(page: Page) -> set[str]:
    """The names of what the tab stores, apart from scroll positions."""
    return set(page.evaluate("Object.keys(sessionStorage)")) - {"scroll"}


def test_from_sign_up_to_sign_out(app: App) -> None:
    app.open()
    expect(app.page.get_by_text("A new password needs at least 12 characters, with a lower-case")).to_be_visible()
    app.button("Create an account").click()
    app.page.fill("#username", email := f"new-{secrets.token_hex(4)}@example.com")
    app.page.fill("#password", "short")
    app.button("Sign up").click()
    expect(app.page.locator(".error")).to_contain_text("Password")
    app.page.fill("#password", "Correct-horse-1-battery")
    app.button("Sign up").click()
    code = app.page.locator("#mailed").inner_text()
    app.page.fill("#code", "000000")
    app.button("Confirm account").click()
    expect(app.page.locator(".error")).to_contain_text("Invalid verification code")
    app.page.fill("#code", code)
    app.button("Confirm account").click()
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()
    assert app.page.url == f"{app.url}/"  # the code is removed from the address
    assert "eyJ" not in app.page.evaluate(STORED)  # which every token begins with
    app.page.reload()
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()
    expect(app.button(f"Account of {email}")).to_be_visible()
    sign_out(app)
    assert stored(app.page) == set()
    app.page.reload()
    expect(app.button(SIGN_IN)).to_be_visible()


def test_where_people_are_invited_nobody_is_offered_an_account(app: App) -> None:
    def invite(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "sign_up": "invite"})

    app.page.route("**/config.json", invite)
    app.open()
    expect(app.button(SIGN_IN)).to_be_visible()
    expect(app.button("Create an account")).to_have_count(0)
    expect(app.page.get_by_text("An account comes with an invitation by e-mail.")).to_be_visible()


def test_a_wrong_password_is_reported_and_the_requested_address_opens_after_the_right_one(
    app: App, user: dict[str, str]
) -> None:
    app.open("/items/trash")
    expect(app.page.get_by_role("heading", name="Sign in to open the trash")).to_be_visible()
    app.open("/items/5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11")
    expect(app.page.get_by_role("heading", name="Sign in to open this item")).to_be_visible()
    app.open("/items/new?search=lamp")
    expect(app.page.get_by_role("heading", name="Sign in to create a new item")).to_be_visible()
    app.button(SIGN_IN).click()
    app.fill_in({**user, "password": "wrong"})
    expect(app.page.locator(".error")).to_contain_text("Incorrect username or password")
    app.fill_in(user)
    expect(app.drawer().get_by_role("heading", name="New item")).to_be_visible()
    assert app.page.url == f"{app.url}/items/new?search=lamp"


def test_a_sign_in_that_fails_is_explained_and_an_old_address_of_one_signs_nobody_out(
    app: App, user: dict[str, str]
) -> None:
    alert = app.page.get_by_role("alert")
    app.open("/?code=used&state=unknown")
    expect(alert).to_have_text("This sign-in is used up, or it was started in another tab. Sign in again.")
    app.open("/items/new")
    app.allowed += ["ERR_FAILED", "ERR_INTERNET_DISCONNECTED"]
    app.context.set_offline(True)
    app.button(SIGN_IN).click()
    expect(alert).to_have_text("You are offline.")
    app.context.set_offline(False)
    app.page.route("**/oauth2/token", lambda route: route.abort(), times=1)
    app.button(SIGN_IN).click()
    app.fill_in(user)
    expect(alert).to_contain_text("The service cannot be reached. Sign in again.")
    assert app.page.url == f"{app.url}/items/new"  # what was asked for is not lost
    app.button(SIGN_IN).click()
    app.page.locator("#username").wait_for()
    state = re.search("state=([^&]+)", app.page.url)
    assert state is not None
    app.open(f"/?error=access_denied&error_description=raw+text&state={state[1]}")
    expect(alert).to_have_text("The sign-in was not completed. Sign in again.")
    app.enter(user)
    for address in ("/?code=used&state=unknown", "/?error=access_denied&state=unknown"):
        app.open(address)
        expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()
        assert app.page.url == f"{app.url}/"
    expect(alert).to_have_count(0)


def test_an_app_that_cannot_read_its_settings_says_why_and_tries_again(app: App) -> None:
    app.allowed += ["ERR_FAILED", "404"]
    replies: list[Any] = [{"status": 404}, {"body": "<html>", "content_type": "text/html"}, {"json": {"region": "x"}}]

    def handle(route: Route) -> None:
        if len(replies) == 3 and not refused:
            refused.append(route)
            route.abort()
        elif replies:
            route.fulfill(**replies.pop(0))
        else:
            route.fallback()

    refused: list[Route] = []
    app.page.route("**/config.json", handle)
    app.open()
    for reason in (
        "The service cannot be reached.",
        "The settings of this app, /config.json, could not be loaded (status 404).",
        "Settings of this app are missing: /config.json lacks api_url, region,",
        "Settings of this app are missing: /config.json lacks api_url, user_pool_id,",
    ):
        expect(app.page.get_by_role("alert")).to_contain_text(reason)
        app.button("Try again").click()
    expect(app.button(SIGN_IN)).to_be_visible()


def expire(page: Page) -> None:
    """Make the access token look expired to the app."""
    change(page, expires_at=1)


def change(page: Page, **properties: Any) -> None:
    """Change the tokens that the tab stores."""
    page.evaluate(
        """(properties) => {
      const key = Object.keys(sessionStorage).find((name) => name.startsWith('oidc.user'));
      const user = JSON.parse(sessionStorage.getItem(key));
      sessionStorage.setItem(key, JSON.stringify({ ...user, ...properties }));
    }""",
        properties,
    )


def test_an_expired_token_is_renewed_silently(app: App, user: dict[str, str]) -> None:
    app.enter(user)
    expire(app.page)
    with app.page.expect_request("**/oauth2/token") as renewed:
        app.button("Reload").click()
    assert "grant_type=refresh_token" in (renewed.value.post_data or "")
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()


def test_after_an_expired_session_the_user_returns_to_the_unsaved_form(app: App, user: dict[str, str]) -> None:
    app.enter(user)
    app.page.get_by_role("link", name="New item").click()
    app.field("Name").fill("Half typed")
    app.field("Quantity").fill("12")
    app.allowed += ["400", "401"]
    change(app.page, expires_at=1, refresh_token="gone")
    app.button("Create").click()
    expect(app.page.get_by_role("heading", name="Your session has ended")).to_be_visible()
    app.button("Sign in again").click()
    app.fill_in(user)
    app.page.wait_for_url(f"{app.url}/items/new")
    expect(app.field("Name")).to_have_value("Half typed")
    expect(app.field("Quantity")).to_have_value("12")
    app.button("Create").click()
    expect(app.rows()).to_have_count(1)


def test_a_short_failure_of_the_sign_in_service_does_not_end_the_session(app: App, user: dict[str, str]) -> None:
    app.enter(user)
    app.allowed += ["503"]
    expire(app.page)
    app.page.route(
        "**/oauth2/token",
        lambda route: route.fulfill(status=503, headers={"Access-Control-Allow-Origin": "*"}),
        times=1,
    )
    app.button("Reload").click()
    expect(app.page.get_by_text("The service cannot be reached.")).to_be_visible()
    app.button("Try now").click()
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()


def test_a_new_token_that_the_api_rejects_ends_the_session_and_the_search_is_kept(
    app: App, user: dict[str, str]
) -> None:
    app.enter(user)
    app.page.get_by_role("searchbox").fill("lamp")
    app.allowed += ["401"]
    app.respond("GET", problem(401), problem(401))
    app.button("Reload").click()
    app.button("Sign in again").click()
    app.fill_in(user)
    expect(app.page.get_by_role("searchbox")).to_have_value("lamp")


def test_signing_out_everywhere_ends_the_session_of_another_browser(new_app: NewApp, user: dict[str, str]) -> None:
    one, other = new_app().enter(user), new_app().enter(user)
    time.sleep(1 - time.time() % 1)  # times in tokens are whole seconds
    one.button(re.compile("^Account of")).click()
    with one.page.expect_navigation(url=f"{one.url}/"):
        one.button("Sign out on all devices").click()
    expect(one.button(SIGN_IN)).to_be_visible()
    expire(other.page)
    other.allowed += ["400"]
    other.button("Reload").click()
    expect(other.page.get_by_role("heading", name="Your session has ended")).to_be_visible()


def test_all_tabs_of_a_browser_have_one_session(app: App, user: dict[str, str]) -> None:
    app.enter(user)
    opened = app.context.new_page()
    opened.goto(f"{app.url}/items/new")  # by an address, as a link opened in a new tab
    expect(opened.get_by_role("heading", name="New item")).to_be_visible()
    with app.context.expect_page() as copied:
        app.page.evaluate("window.open('/')")  # which copies the tab's storage, as "Duplicate tab" does
    pages = [app.page, opened, copied.value]
    expect(copied.value.get_by_role("heading", name="No items yet")).to_be_visible()

    sent, before = strict(app), app.page.evaluate(REFRESH_TOKEN)
    for page in pages:
        expire(page)
    for page in (app.page, copied.value):
        page.get_by_role("button", name="Reload", exact=True).click()
    for page in (app.page, copied.value):
        expect(page.get_by_role("heading", name="No items yet")).to_be_visible()
    for page in pages:
        page.wait_for_function(f"() => ({REFRESH_TOKEN})() !== {json.dumps(before)}")
    assert sent == [before]
    assert len({page.evaluate(REFRESH_TOKEN) for page in pages}) == 1
    expect(app.page.get_by_role("heading", name="Your session has ended")).to_have_count(0)

    old = copied.value.evaluate("() => ({...sessionStorage})")
    for page in (opened, copied.value):
        page.evaluate("window.before = true")
    sign_out(app)
    for page in (opened, copied.value):
        page.wait_for_function(
            "() => window.before === undefined"
        )  # it is loaded again, so it holds nothing of the user
        expect(page.get_by_role("button", name=SIGN_IN)).to_be_visible()
        assert stored(page) == set()
    copied.value.evaluate("(old) => Object.assign(sessionStorage, old)", old)  # as "Reopen closed tab" does
    copied.value.reload()
    expect(copied.value.get_by_role("button", name=SIGN_IN)).to_be_visible()

    app.sign_in(user)
    for page in pages:
        expect(page.get_by_role("heading", name="Items", level=1, exact=True)).to_be_visible()


def strict(app: App) -> list[str]:
    """Let a refresh token be used once only, as after the grace period. Return a list of those that are sent from now on."""
    sent: list[str] = []

    def handle(route: Route) -> None:
        match = re.search("refresh_token=([^&]+)", route.request.post_data or "")
        token = match[1] if match else ""
        if token and token in sent:
            cors = {"Access-Control-Allow-Origin": "*"}
            route.fulfill(status=400, headers=cors, json={"error": "invalid_grant"})
        else:
            sent.extend([token] if token else [])
            route.continue_()

    app.context.route("**/oauth2/token", handle)
    return sent


def test_signing_out_says_what_becomes_of_drafts(app: App, user: dict[str, str]) -> None:
    drafts = "Object.keys(localStorage).filter((name) => name.startsWith('draft:')).length"
    app.enter(user, "/items/new")
    app.field("Name").fill("Half typed")
    app.page.wait_for_function(f"() => {drafts} === 1")
    for kept in (True, False):
        app.button(re.compile("^Account of")).click()
        expect(app.page.get_by_text("1 draft stays in this browser until you sign in again.")).to_be_visible()
        app.page.get_by_label("Delete it when signing out").set_checked(not kept)
        app.page.keyboard.press("Escape")
        sign_out(app)
        assert app.page.evaluate(drafts) == int(kept)
        app.enter(user, "/items/new")
    app.button(re.compile("^Account of")).click()
    expect(app.page.get_by_text("in this browser until")).to_have_count(0)


def test_what_belongs_to_one_user_is_not_shown_to_the_next_in_another_tab(app: App, new_user: NewUser) -> None:
    one, other = new_user(), new_user()
    signing_in = app.context.new_page()
    signing_in.goto(app.url)
    signing_in.get_by_role("button", name=SIGN_IN).click()
    signing_in.locator("#username").wait_for()
    app.enter(one, "/items/new")
    app.field("Name").fill("Of the first")
    signing_in.fill("#username", other["username"])
    signing_in.fill("#password", other["password"])
    signing_in.get_by_role("button", name="Sign in").click()
    expect(signing_in.get_by_role("heading", name="No items yet")).to_be_visible()
    dialog = app.page.get_by_role("dialog", name="Somebody else has signed in")
    expect(dialog).to_contain_text(f"This page belongs to {one['username']}")
    dialog.get_by_role("button", name=f"Continue as {other['username']}").click()
    app.button(f"Account of {other['username']}").wait_for()
    expect(app.field("Name")).to_have_value("")  # the same page, without what the other typed
