"""Accessibility of every view, narrow and wide, light and dark; bytes and requests of the first load; response headers."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import expect

from tests.stack import ROOT, Stack

from .browser import COLOUR_RULES, TAGS, App, NewApp, problem

FIRST_LOAD = 80_000  # bytes, compressed
IMAGES = ROOT / "docs" / "images"

LAMP = {
    "name": "Desk lamp",
    "description": "Brass, with a green shade.",
    "quantity": 3,
    "tags": ["lighting", "office"],
    "attributes": {"colour": "green"},
}
SHELF: list[dict[str, Any]] = [
    {"name": "Whiteboard", "description": "Magnetic, 120 by 90 cm.", "quantity": 4, "tags": ["office"]},
    {"name": "Extension lead", "quantity": 18, "tags": ["office", "safety"]},
    {"name": "Coffee grinder", "description": "Burr mill; clean it on Fridays.", "quantity": 1, "tags": ["kitchen"]},
    {"name": "Fire blanket", "description": "In date until 2031.", "quantity": 6, "tags": ["kitchen", "safety"]},
    {"name": "Standing desk", "description": "Oak top, up to 125 cm.", "quantity": 12, "tags": ["furniture"]},
    {"name": "Label printer", "quantity": 2, "tags": ["office", "on loan"]},
    {"name": "First-aid kit", "description": "Check the seal each month.", "quantity": 3, "tags": ["safety"]},
    LAMP,
]


def signed_out(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.open()
    app.button("Sign in to see your items").wait_for()


def empty(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.enter(user)
    app.page.get_by_role("heading", name="No items yet").wait_for()


def loading(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.page.route("**/v1/items?**", lambda route: None)
    app.enter(user)
    app.page.locator("tr.skeleton").first.wait_for()


def listed(app: App, user: dict[str, str], api: httpx.Client) -> None:
    for item in SHELF:
        api.post("items", json=item)
    app.enter(user)
    expect(app.rows()).to_have_count(len(SHELF))


def hostile(app: App, user: dict[str, str], api: httpx.Client) -> None:
    """Texts that look like markup, reverse the writing direction or are very long."""
    evil = "<img src=x onerror=alert(1)>"
    for text in (evil, "\u202eturned around", "W" * 200, "👩‍👩‍👧‍👦" * 20):
        body = {"name": text, "description": text, "tags": [f"{text[:30]}{n}" for n in range(20)]}
        item = {**body, "quantity": 2**53 - 1, "attributes": {text[:200]: text}}
        assert api.post("items", json=item).status_code == 201
    app.page.on("dialog", lambda dialog: app.errors.append(f"a script in the text was executed: {dialog.message}"))
    app.enter(user)
    expect(app.rows()).to_have_count(4)
    assert all(box["height"] < 160 for row in app.rows().all() if (box := row.bounding_box()))
    app.page.get_by_role("link", name=evil).click()
    app.field("Name").wait_for()
    assert app.page.locator("main img, .toasts img").count() == 0
    assert app.drawer().locator("header").evaluate("(header) => header.offsetHeight") < 130


def form(app: App, user: dict[str, str], api: httpx.Client) -> None:
    where = f"/items/{api.post('items', json=LAMP).json()['id']}"
    app.enter(user, where)
    app.drawer().get_by_text("API calls").click()
    app.drawer().locator("pre").wait_for()


def form_with_faults(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.enter(user, "/items/new")
    app.field("Quantity").fill("many")
    app.button("Create").click()
    app.page.get_by_text("Fix 2 fields.").wait_for()


def deleting(app: App, user: dict[str, str], api: httpx.Client) -> None:
    listed(app, user, api)
    (lamp,) = [item for item in api.get("items").json()["items"] if item["name"] == "Desk lamp"]
    api.put(f"items/{lamp['id']}", json={"name": "Desk lamp", "tags": ["Newer"]})
    app.allowed += ["412"]
    app.button("Delete Desk lamp").click()
    app.button("Delete version 2").wait_for()


def empty_trash(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.enter(user)
    app.page.get_by_role("link", name="Trash").click()
    app.page.get_by_role("heading", name="The trash is empty").wait_for()


def trash(app: App, user: dict[str, str], api: httpx.Client) -> None:
    for item in [*SHELF, {"name": "W" * 200}]:
        api.delete(f"items/{api.post('items', json=item).json()['id']}")
    app.enter(user)
    app.page.get_by_role("link", name="Trash").click()
    expect(app.rows()).to_have_count(len(SHELF) + 1)
    app.button("Restore Desk lamp").click()
    app.notice().get_by_text("Restored “Desk lamp”.").wait_for()


def purging(app: App, user: dict[str, str], api: httpx.Client) -> None:
    trash(app, user, api)
    app.button("Delete Whiteboard for good").click()
    app.button("Keep it").wait_for()


def failed_trash(app: App, user: dict[str, str], api: httpx.Client) -> None:
    empty_trash(app, user, api)
    app.allowed += ["403"]
    app.respond("GET", problem(403))
    app.button("Reload").click()
    app.page.get_by_text("The deleted items could not be loaded.").wait_for()


def account(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.enter(user)
    app.button(re.compile("^Account of")).click()
    app.button("Sign out on all devices").wait_for()


def call(app: App, user: dict[str, str], api: httpx.Client) -> None:
    listed(app, user, api)
    app.button("API calls").click()
    app.page.get_by_role("dialog").locator("pre").wait_for()


def busy(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.allowed += ["429"]
    app.respond("GET", problem(429, headers={"Retry-After": "60"}))
    app.enter(user)
    app.button("Try now").wait_for()


def reference(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.open("/reference")
    app.page.get_by_role("heading", name="Items API").wait_for()


def unknown(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.open("/nowhere")
    app.page.get_by_role("heading", name="Page not found").wait_for()


# Each scheme, the width of the window, and the rules that can find something new there.
LOOKS: list[tuple[Literal["light", "dark"], int, list[str]]] = [
    ("light", 1600, TAGS),
    ("dark", 1600, COLOUR_RULES),
    ("dark", 360, TAGS),
]
VIEWS = [
    signed_out, empty, loading, listed, hostile, form, form_with_faults,
    deleting, empty_trash, trash, purging, failed_trash, account, call, busy, reference, unknown,
]  # fmt: skip


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: str(view.__name__))
def test_axe_reports_nothing_and_no_view_is_cut_off(
    new_app: NewApp, user: dict[str, str], api: httpx.Client, view: Callable[[App, dict[str, str], httpx.Client], None]
) -> None:
    app = new_app()
    view(app, user, api)
    for scheme, width, rules in LOOKS:
        app.page.emulate_media(color_scheme=scheme)
        app.page.set_viewport_size({"width": width, "height": 800})
        assert app.axe(rules) == [], f"{scheme}, {width} px"
        assert app.page.evaluate("document.documentElement.scrollWidth") <= width
        if folder := os.environ.get("LOOKS"):  # to look at every view
            app.page.screenshot(path=Path(folder) / f"{view.__name__}-{scheme}-{width}.png")


def test_a_new_page_starts_at_its_top_and_has_title_and_focus(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    for number in range(20):
        api.post("items", json={"name": f"Item {number}"})
    app.enter(user)
    expect(app.rows()).to_have_count(20)
    app.page.mouse.wheel(0, 500)
    expect(app.page.get_by_role("heading", name="Items", level=1)).not_to_be_in_viewport()
    app.page.get_by_role("link", name="API reference").click()
    app.page.get_by_role("heading", name="Items API").wait_for()
    assert app.page.evaluate("scrollY") == 0
    assert app.page.title() == "API reference · Items"
    expect(app.page.locator("main")).to_be_focused()
    app.page.get_by_role("banner").get_by_role("link", name="Items").click()
    expect(app.page).to_have_title("Items")
    app.page.get_by_role("link", name="Item 7").click()
    expect(app.page).to_have_title("Item 7 · Items")


def test_nothing_moves_if_the_user_prefers_reduced_motion(
    new_app: NewApp, user: dict[str, str], api: httpx.Client
) -> None:
    app = new_app(reduced_motion="no-preference")
    loading(app, user, api)
    assert app.page.evaluate("document.getAnimations().length") > 0
    app.page.emulate_media(reduced_motion="reduce")
    assert app.page.evaluate("document.getAnimations().length") == 0


def test_the_theme_can_be_chosen_and_is_remembered(app: App) -> None:
    app.open()
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = app.page.evaluate(background)
    app.button("Theme: system. Change").click()
    app.button("Theme: light. Change").click()
    dark = app.page.evaluate(background)
    assert dark != light
    app.page.reload()
    app.button("Theme: dark. Change").wait_for()
    assert app.page.evaluate(background) == dark


def test_the_screenshots_of_the_readme_are_small(new_app: NewApp, user: dict[str, str], api: httpx.Client) -> None:
    """With SCREENSHOTS set, take them for docs/images; in any case, check that those there are small."""
    app = new_app(viewport={"width": 1120, "height": 700})
    listed(app, user, api)
    if os.environ.get("SCREENSHOTS"):
        IMAGES.mkdir(exist_ok=True)
        app.page.locator(".account span").evaluate("(span) => { span.textContent = 'demo-1@example.com' }")
        app.page.screenshot(path=IMAGES / "items-light.png")
        app.page.emulate_media(color_scheme="dark")
        app.page.get_by_role("link", name="Desk lamp").click()
        app.field("Quantity").wait_for()
        app.page.screenshot(path=IMAGES / "items-dark.png")
    assert [image.name for image in IMAGES.glob("*.png") if image.stat().st_size >= 120_000] == []


def test_the_first_load_is_small_and_only_from_its_own_origin(app: App) -> None:
    sizes: dict[str, int] = {}
    app.page.on(
        "response", lambda response: sizes.__setitem__(response.url, response.request.sizes()["responseBodySize"])
    )
    app.open()
    app.button("Sign in to see your items").wait_for()
    assert sum(sizes.values()) < FIRST_LOAD
    assert all(address.startswith(app.url) for address in sizes)
    assert len(sizes) <= 6


def test_the_app_is_served_with_the_headers_of_the_distribution(stack: Stack, outputs: dict[str, Any]) -> None:
    written = json.loads((ROOT / "infra" / "site_headers.json").read_text(encoding="utf-8"))
    endpoint = outputs["endpoint_url"]
    with httpx.Client(base_url=outputs["web_url"], timeout=60) as site:
        for path in ("/", "/config.json", "/items/anything", "/openapi.yaml"):
            response = site.get(path)
            for name, parts in written.items():
                expected = "; ".join(parts)
                for origin in ("api", "sign_in", "cognito"):
                    expected = expected.replace(f"${{{origin}}}", endpoint)
                expected = expected.replace("${hsts}", "max-age=0")
                assert response.headers[name] == expected
            assert response.headers["Cache-Control"] == "no-cache"
        page = site.get("/").text
        script = re.findall(r'src="(/assets/[^"]+)"', page)[0]
        asset = site.get(script)
        assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert asset.headers["Content-Encoding"] == "gzip"
        assert site.get(script, headers={"If-None-Match": asset.headers["ETag"]}).status_code == 304
        assert site.get("/items/anything").text == page
        assert site.get("/config.json").json() == {
            name: outputs[name]
            for name in (
                "api_url",
                "region",
                "user_pool_id",
                "user_pool_client_id",
                "hosted_ui_url",
                "trash_days",
                "sign_up",
            )
        } | {"cognito_url": endpoint}
        assert site.post("/").status_code == 405
    assert "unsafe" not in json.dumps(written)


def test_the_build_contains_nothing_of_this_stack(stack: Stack, outputs: dict[str, Any]) -> None:
    text = "".join(
        file.read_text(encoding="utf-8")
        for file in (stack.home / "web" / "dist").rglob("*")
        if file.is_file() and file.suffix != ".png"
    )
    assert outputs["user_pool_client_id"] not in text
    assert outputs["endpoint_url"] not in text
    assert not (stack.home / "web" / "dist" / "config.json").exists()
