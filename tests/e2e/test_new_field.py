"""A field added in the contract, and nowhere else, appears in the app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.snapshot import cloned
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
        on_loan:
          type: boolean
        weight:
          type: number
          minimum: 0
        due:
          type: string
          format: date-time
        rooms:
          type: array
          items: {type: string, enum: [hall, attic]}
        story:
          type: string
          maxLength: 1000
        measures:
          type: object
          additionalProperties: {type: string, maxLength: 20}
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A local stack whose contract has the fields above."""
    with cloned(tmp_path_factory.mktemp("fields") / "items") as stack:
        stack.add_fields(FIELDS)
        stack.crudctl("up")
        yield stack


@pytest.fixture(scope="module")
def outputs(stack: Stack) -> dict[str, Any]:
    return stack.outputs


def test_a_field_of_the_contract_appears_with_control_help_and_rules(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    app.enter(user, "/items/new")
    app.field("Name").fill("Painted")
    colour = app.field("Colour")
    assert colour.evaluate("(control) => control.tagName") == "SELECT"
    assert colour.locator("option").all_inner_texts() == ["Not set", "red", "green", "blue"]
    colour.focus()
    expect(app.page.get_by_text("What it looks like.")).to_be_visible()
    colour.select_option("green")
    app.field("Serial number").fill("x1")
    app.button("Create").click()
    expect(app.page.get_by_text("Serial number must match ^[A-Z]{2}[0-9]+$.")).to_be_visible()
    app.field("Serial number").fill("AB12")
    app.field("On loan").select_option("Yes")
    app.field("Weight").fill("2.5")
    app.field("Due").fill("2031-05-06T10:00:00")
    app.field("attic").check()
    assert app.field("Story").evaluate("(control) => control.tagName") == "TEXTAREA"
    app.page.get_by_role("group", name="Measures").get_by_role("button", name="Add a field").click()
    expect(app.page.get_by_label("Measures: name 1")).to_be_focused()
    app.page.keyboard.type("height")
    app.page.get_by_label("Measures: value 1").fill("40 cm")
    app.button("Create").click()
    app.drawer().get_by_role(
        "button", name="Close", exact=True
    ).click()  # beside the panel there is no room for the column
    expect(app.page.get_by_role("columnheader", name="Colour")).to_be_visible()
    expect(app.rows().first).to_contain_text("green")
    (item,) = api.get("items").json()["items"]
    assert {
        name: item[name] for name in ("colour", "serial_number", "on_loan", "weight", "due", "rooms", "measures")
    } == {
        "colour": "green",
        "serial_number": "AB12",
        "on_loan": True,
        "weight": 2.5,
        "due": "2031-05-06T08:00:00.000Z",
        "rooms": ["attic"],
        "measures": {"height": "40 cm"},
    }
    app.open("/reference")
    expect(app.page.locator("#schema-Item").get_by_text("serial_number")).to_be_visible()
