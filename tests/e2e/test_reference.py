"""The reference page as a caller uses it: where they are, a command to copy, and a request sent with their own session."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import expect

from .browser import App


def test_a_caller_finds_copies_and_tries_an_operation(
    app: App, user: dict[str, str], api: httpx.Client, outputs: dict[str, Any]
) -> None:
    made = api.post("items", json={"name": "Desk lamp", "quantity": 2**53 - 1}).json()
    app.enter(user)
    app.page.get_by_role("link", name="API reference").click()
    contents = app.page.get_by_role("navigation", name="On this page")
    here = contents.locator("[aria-current]")

    for operation in app.service.operations:
        section = app.page.locator(f"#{operation}")
        section.evaluate("(section) => section.scrollIntoView()")
        expect(here).to_have_attribute("href", f"#{operation}")
        expect(section.get_by_label("curl command")).to_contain_text(f"'{outputs['api_url']}/items")

    listing, reading = app.page.locator("#list_items"), app.page.locator("#get_item")
    listing.get_by_label("limit").fill("1")
    listing.get_by_role("button", name="Try it").click()
    expect(listing.get_by_role("status").first).to_have_text("200")
    expect(listing.get_by_label("Response", exact=True)).to_contain_text('"quantity": 9007199254740991')
    expect(listing.get_by_label("curl command")).to_contain_text("?limit=1'")

    # The item that was listed is the one to read next.
    expect(reading.get_by_label("id", exact=True)).to_have_value(made["id"])
    reading.get_by_role("button", name="Try it").click()
    expect(reading.get_by_role("status").first).to_have_text('200, ETag "1"')
    reading.get_by_role("button", name="Copy response").click()
    expect(reading.get_by_role("button", name="Copied")).to_be_visible()
    assert json.loads(app.page.evaluate("navigator.clipboard.readText()")) == made

    app.allowed += ["404"]
    reading.get_by_label("id", exact=True).fill(made["id"][:-4] + "0000")
    reading.get_by_role("button", name="Try it").click()
    expect(reading.get_by_role("status").first).to_have_text("404")
    expect(reading.get_by_label("Response", exact=True)).to_contain_text("request_id")


def test_a_visitor_reads_the_reference_and_is_asked_to_sign_in_to_try_it(app: App) -> None:
    app.open("/reference")
    app.page.locator("#get_item").get_by_role("button", name="Sign in to try it").click()
    app.page.wait_for_url(lambda url: urlsplit(url).path != "/reference")
