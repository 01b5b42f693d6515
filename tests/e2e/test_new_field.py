"""A field that is added in the contract, and nowhere else, is in the app."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.stack import Stack

from .browser import App

FIELDS = """\
        colour:
          type: string
          title: Colour
          description: What it looks like.
          enum: [red, green, blue]
        serial_number:
          type: string
          pattern: "^[A-Z]{2}[0-9]+$"
"""


@pytest.fixture
def contract_with_fields(stack: Stack) -> Iterator[None]:
    with stack.contract_with(FIELDS):
        yield


@pytest.mark.usefixtures("contract_with_fields")
def test_a_field_of_the_contract_appears_with_control_help_and_rules(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    app.sign_in(user, "/items/new")
    app.field("Name").fill("Painted")
    colour = app.field("Colour")
    assert colour.evaluate("(control) => control.tagName") == "SELECT"
    assert colour.locator("option").all_inner_texts() == ["Not set", "red", "green", "blue"]
    expect(app.page.get_by_text("What it looks like.")).to_be_visible()
    colour.select_option("green")
    app.field("Serial number").fill("x1")
    app.button("Create").click()
    expect(app.page.get_by_text("Serial number: must match ^[A-Z]{2}[0-9]+$.")).to_be_visible()
    app.field("Serial number").fill("AB12")
    app.button("Create").click()
    expect(app.page.get_by_role("columnheader", name="Colour")).to_be_visible()
    expect(app.rows().first).to_contain_text("green")
    (item,) = api.get("items").json()["items"]
    assert (item["colour"], item["serial_number"]) == ("green", "AB12")
    app.open("/reference")
    expect(app.page.locator("#schema-Item").get_by_text("serial_number")).to_be_visible()
