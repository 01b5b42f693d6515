"""Sign-up, sign-in, sign-out and expired sessions, with the real hosted pages."""

from __future__ import annotations

import re
import secrets
import time
from typing import Any

from playwright.sync_api import Route, expect

from .browser import App, NewApp, problem

STORED = "() => JSON.stringify([Object.entries(localStorage), document.cookie])"


def test_from_sign_up_to_sign_out(app: App) -> None:
    app.open()
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
    app.button(f"Account of {email}").click()
    app.button("Sign out").click()
    expect(app.button("Sign in to see your items")).to_be_visible()
    assert app.page.evaluate("Object.keys(sessionStorage)") == []
    app.page.reload()
    expect(app.button("Sign in to see your items")).to_be_visible()


def test_where_people_are_invited_nobody_is_offered_an_account(app: App) -> None:
    def invite(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "sign_up": "invite"})

    app.page.route("**/config.json", invite)
    app.open()
    expect(app.button("Sign in to see your items")).to_be_visible()
    expect(app.button("Create an account")).to_have_count(0)
    expect(app.page.get_by_text("An account comes with an invitation by e-mail.")).to_be_visible()


def test_a_wrong_password_is_reported_on_the_hosted_page(app: App, user: dict[str, str]) -> None:
    app.open()
    app.button("Sign in").click()
    app.fill_in({**user, "password": "wrong"})
    expect(app.page.locator(".error")).to_contain_text("Incorrect username or password")


def test_tokens_are_neither_in_local_storage_nor_in_cookies_and_survive_a_reload(
    app: App, user: dict[str, str]
) -> None:
    app.sign_in(user)
    assert "ey" not in app.page.evaluate(STORED)
    app.page.reload()
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()


def expire(app: App) -> None:
    """Make the access token look expired to the app."""
    change(app, expires_at=1)


def change(app: App, **properties: Any) -> None:
    """Change the tokens that the tab stores."""
    app.page.evaluate(
        """(properties) => {
      const key = Object.keys(sessionStorage).find((name) => name.startsWith('oidc.user'));
      const user = JSON.parse(sessionStorage.getItem(key));
      sessionStorage.setItem(key, JSON.stringify({ ...user, ...properties }));
    }""",
        properties,
    )


def test_an_expired_token_is_renewed_silently(app: App, user: dict[str, str]) -> None:
    app.sign_in(user)
    expire(app)
    with app.page.expect_request("**/oauth2/token") as renewed:
        app.button("Reload").click()
    assert "grant_type=refresh_token" in (renewed.value.post_data or "")
    expect(app.page.get_by_role("heading", name="No items yet")).to_be_visible()


def test_after_an_expired_session_the_user_returns_to_the_unsaved_form(app: App, user: dict[str, str]) -> None:
    app.sign_in(user)
    app.page.get_by_role("link", name="New item").click()
    app.field("Name").fill("Half typed")
    app.field("Quantity").fill("12")
    app.allowed += ["400", "401"]
    change(app, expires_at=1, refresh_token="gone")
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
    app.sign_in(user)
    app.allowed += ["503"]
    expire(app)
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
    app.sign_in(user)
    app.page.get_by_role("searchbox").fill("lamp")
    app.allowed += ["401"]
    app.respond("GET", problem(401), problem(401))
    app.button("Reload").click()
    app.button("Sign in again").click()
    app.fill_in(user)
    expect(app.page.get_by_role("searchbox")).to_have_value("lamp")


def test_the_requested_address_opens_after_sign_in(app: App, user: dict[str, str]) -> None:
    app.sign_in(user, "/items/new")
    expect(app.drawer().get_by_role("heading", name="New item")).to_be_visible()


def test_signing_out_everywhere_ends_the_session_of_another_browser(new_app: NewApp, user: dict[str, str]) -> None:
    one, other = new_app().sign_in(user), new_app().sign_in(user)
    time.sleep(1 - time.time() % 1)  # times in tokens are whole seconds
    one.button(re.compile("^Account of")).click()
    one.button("Sign out on all devices").click()
    expect(one.button("Sign in to see your items")).to_be_visible()
    expire(other)
    other.allowed += ["400"]
    other.button("Reload").click()
    expect(other.page.get_by_role("heading", name="Your session has ended")).to_be_visible()


def test_signing_out_in_one_tab_signs_out_the_others(app: App, user: dict[str, str]) -> None:
    app.sign_in(user)
    other = app.context.new_page()
    other.goto(app.url)
    other.get_by_role("button", name="Sign in to see your items").click()
    other.fill("#username", user["username"])
    other.fill("#password", user["password"])
    other.get_by_role("button", name="Sign in").click()
    other.get_by_role("heading", name="No items yet").wait_for()
    app.button(re.compile("^Account of")).click()
    app.button("Sign out").click()
    expect(other.get_by_role("button", name="Sign in to see your items")).to_be_visible()
