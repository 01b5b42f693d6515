"""Accessibility of every view, narrow and wide, light and dark; bytes and requests of the first load; response headers."""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import httpx
import pytest
from playwright.sync_api import Locator, expect

from crudctl.build import service as description
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


class Look(NamedTuple):
    """How a reader sees the app, and the rules that can find something new there."""

    scheme: Literal["light", "dark"]
    forced: Literal["none", "active"]
    width: int
    rules: list[str]

    def __str__(self) -> str:
        return f"{'forced' if self.forced == 'active' else self.scheme}-{self.width}"


LOOKS = [
    Look("light", "none", 1600, TAGS),
    Look("dark", "none", 1600, COLOUR_RULES),
    Look("light", "active", 1600, COLOUR_RULES),
    Look("dark", "none", 360, TAGS),
]
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
WITHOUT_EDGE = """() => [...document.querySelectorAll('.chip, button:not(:disabled, .sort), .notice')]
    .filter((one) => one.checkVisibility() && parseFloat(getComputedStyle(one).borderTopWidth) === 0)
    .map((one) => one.outerHTML.slice(0, 120))"""


class Walk:
    """Looks at one state of a tab after another, and collects what is wrong with them."""

    def __init__(self, app: App) -> None:
        self.app, self.wrong = app, list[str]()

    def look(self, name: str, part: str = "html") -> None:
        """Check the state that the tab is in, as every kind of reader sees it; the colours only of a part of a long page."""
        page = self.app.page
        for look in LOOKS:
            page.emulate_media(color_scheme=look.scheme, forced_colors=look.forced)
            page.set_viewport_size({"width": look.width, "height": 800})
            page.evaluate(PAINTED)
            found = self.app.axe(look.rules, part if look.rules == COLOUR_RULES else "html")
            if page.evaluate("document.documentElement.scrollWidth") > look.width:
                found.append("the page is wider than the window")
            if look.forced == "active":  # where backgrounds are gone
                found += [f"nothing shows where it ends: {one}" for one in page.evaluate(WITHOUT_EDGE)]
            self.wrong += [f"{name}, {look}: {one}" for one in found]
            if folder := os.environ.get("LOOKS"):  # to look at every state
                page.screenshot(path=Path(folder) / f"{name}-{look}.png")
        page.emulate_media(color_scheme="light", forced_colors="none")
        page.set_viewport_size({"width": 1280, "height": 900})


@pytest.fixture
def walk(app: App) -> Iterator[Walk]:
    walk = Walk(app)
    yield walk
    assert walk.wrong == []


def test_pages_without_a_session_look_right(walk: Walk) -> None:
    app = walk.app.open()
    app.button("Sign in to see your items").wait_for()
    walk.look("welcome")
    app.open("/nowhere")
    app.page.get_by_role("heading", name="Page not found").wait_for()
    walk.look("unknown")
    app.open("/reference")
    app.page.get_by_role("heading", name="Items API").wait_for()
    for details in app.page.locator("#create_item details").all():
        details.locator("summary").first.click()
    walk.look("reference", "#create_item")


def test_the_list_looks_right(walk: Walk, user: dict[str, str], api: httpx.Client) -> None:
    app = walk.app
    app.page.route("**/v1/items?**", lambda route: None, times=1)
    app.enter(user)
    app.page.locator("tr.skeleton").first.wait_for()
    walk.look("loading")
    app.page.reload()
    app.page.get_by_role("heading", name="No items yet").wait_for()
    walk.look("empty")
    seed(api)
    app.page.reload()
    expect(app.rows()).to_have_count(len(SHELF))
    walk.look("list")
    app.button(re.compile("^Account of")).click()
    app.button("Sign out on all devices").wait_for()
    walk.look("account")
    app.page.keyboard.press("Escape")
    app.button("More").click()
    app.button("API calls").click()
    app.page.get_by_role("dialog").locator("pre").wait_for()
    walk.look("calls")
    app.page.keyboard.press("Escape")


def test_what_opens_above_the_list_looks_right(walk: Walk, user: dict[str, str], api: httpx.Client) -> None:
    app, page = walk.app, walk.app.page
    seed(api)
    app.enter(user)
    expect(app.rows()).to_have_count(len(SHELF))

    def look(name: str, opened: Locator) -> None:
        opened.wait_for()
        walk.look(name, '[role="dialog"], dialog, [popover]')
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)

    app.button("Columns").click()
    look("columns", page.get_by_role("dialog", name="Columns and density"))
    app.button("More").click()
    app.button("Import").click()
    look("import", page.get_by_role("dialog", name="Import items"))
    app.button("More").click()
    app.button("Export").click()
    look("export", page.get_by_role("dialog", name="Export items"))
    page.keyboard.press("Control+k")
    look("palette", page.get_by_role("dialog"))
    page.keyboard.press("?")
    look("shortcuts", page.get_by_role("dialog"))
    app.rows().nth(1).get_by_role("checkbox").check()
    page.get_by_text("1 item selected").or_(page.get_by_text("1 selected")).first.wait_for()
    walk.look("selected", ".bulk")
    app.open("/?search=nothing&filter=tags:has:office")
    app.button("Clear search and filters").wait_for()
    walk.look("none")


def test_one_item_looks_right(walk: Walk, user: dict[str, str], api: httpx.Client) -> None:
    app = walk.app
    where = f"/items/{api.post('items', json=LAMP).json()['id']}"
    app.enter(user, where)
    app.drawer().locator(".facts").wait_for()
    walk.look("item")
    app.drawer().get_by_role("button", name="More").click()
    app.drawer().get_by_role("button", name="Duplicate").wait_for()
    walk.look("menu")  # which is closed by the narrow window
    app.edit().field("Quantity").wait_for()
    walk.look("form")
    app.button("Stop editing").click()
    api.put(where.lstrip("/"), json={"name": "Desk lamp", "tags": ["Newer"]}).raise_for_status()
    app.allowed += ["412"]
    app.drawer().get_by_role("button", name="More").click()
    app.drawer().get_by_role("button", name="Delete").click()
    app.button("Delete version 2").wait_for()
    walk.look("deleting")
    app.open("/items/new")
    app.field("Quantity").fill("many")
    app.button("Create").click()
    app.page.get_by_text("Fix 2 fields.").wait_for()
    walk.look("faults")


def test_hostile_texts_look_right(walk: Walk, user: dict[str, str], api: httpx.Client) -> None:
    """Texts that look like markup, reverse the writing direction or are very long."""
    app, evil = walk.app, "<img src=x onerror=alert(1)>"
    for text in (evil, "\u202eturned around", "W" * 200, "👩‍👩‍👧‍👦" * 20):
        body = {"name": text, "description": text, "tags": [f"{text[:30]}{n}" for n in range(20)]}
        item = {**body, "quantity": 2**53 - 1, "attributes": {text[:200]: text}}
        assert api.post("items", json=item).status_code == 201
    app.page.on("dialog", lambda dialog: app.errors.append(f"a script in the text was executed: {dialog.message}"))
    app.enter(user)
    expect(app.rows()).to_have_count(4)
    walk.look("hostile-list")
    assert all(box["height"] < 160 for row in app.rows().all() if (box := row.bounding_box()))
    app.page.get_by_role("link", name=evil).click()
    app.drawer().locator(".facts").wait_for()
    walk.look("hostile-item")
    assert app.page.locator("main img, .toasts img").count() == 0
    assert app.drawer().locator("header").evaluate("(header) => header.offsetHeight") < 130


def test_the_trash_looks_right(walk: Walk, user: dict[str, str], api: httpx.Client) -> None:
    app = walk.app
    app.enter(user)
    app.page.get_by_role("link", name="Trash").click()
    app.page.get_by_role("heading", name="The trash is empty").wait_for()
    walk.look("empty-trash")
    for item in [*SHELF, {"name": "W" * 200}]:
        api.delete(f"items/{api.post('items', json=item).json()['id']}")
    app.page.reload()
    expect(app.rows()).to_have_count(len(SHELF) + 1)
    app.button("Restore Desk lamp").click()
    app.notice().get_by_text("Restored “Desk lamp”.").wait_for()
    walk.look("trash")
    app.act("Whiteboard", "Delete for good")
    app.button("Keep it").wait_for()
    walk.look("purging")


def test_bad_days_look_right(walk: Walk, user: dict[str, str], api: httpx.Client) -> None:
    app = walk.app
    app.allowed += ["403", "429"]
    seed(api)
    app.enter(user)
    expect(app.rows()).to_have_count(len(SHELF))
    app.respond("GET", problem(403), problem(429, headers={"Retry-After": "60"}))
    app.button("Reload").click()
    app.page.get_by_text("could not be loaded").wait_for()
    walk.look("refused")
    app.button("Reload").click()
    app.button("Try now").wait_for()
    walk.look("busy")


def seed(api: httpx.Client) -> None:
    for item in SHELF:
        api.post("items", json=item).raise_for_status()


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
    app.page.route("**/v1/items?**", lambda route: None)
    app.enter(user)
    app.page.locator("tr.skeleton").first.wait_for()
    assert app.page.evaluate("document.getAnimations().length") > 0
    app.page.emulate_media(reduced_motion="reduce")
    assert app.page.evaluate("document.getAnimations().length") == 0


def test_the_theme_can_be_chosen_and_is_remembered(app: App) -> None:
    app.open()
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = app.page.evaluate(background)
    other = app.context.new_page()
    other.goto(app.url)
    app.button("Theme").click()
    app.page.get_by_label("Dark").check()
    dark = app.page.evaluate(background)
    assert dark != light
    other.wait_for_function(f"() => {background} === '{dark}'")  # another tab follows
    app.page.reload()
    app.button("Theme").click()
    expect(app.page.get_by_label("Dark")).to_be_checked()
    assert app.page.evaluate(background) == dark


def test_the_screenshots_of_the_readme_are_small(new_app: NewApp, user: dict[str, str], api: httpx.Client) -> None:
    """With SCREENSHOTS set, take them for docs/images; in any case, check that those there are small."""
    app = new_app(viewport={"width": 1280, "height": 720})
    seed(api)
    app.enter(user)
    expect(app.rows()).to_have_count(len(SHELF))
    if os.environ.get("SCREENSHOTS"):
        IMAGES.mkdir(exist_ok=True)
        app.page.locator(".account span").evaluate("(span) => { span.textContent = 'demo-1@example.com' }")
        app.page.screenshot(path=IMAGES / "items-light.png")
        app.page.emulate_media(color_scheme="dark")
        app.page.get_by_role("link", name="Desk lamp").click()
        app.drawer().locator(".facts").wait_for()
        app.page.screenshot(path=IMAGES / "items-dark.png")
    assert [image.name for image in IMAGES.glob("*.png") if image.stat().st_size >= 120_000] == []


def test_the_first_load_of_the_list_is_small_and_only_from_the_own_origins(app: App, user: dict[str, str]) -> None:
    sizes: dict[str, int] = {}
    app.page.on(
        "response", lambda response: sizes.__setitem__(response.url, response.request.sizes()["responseBodySize"])
    )
    app.enter(user)
    app.page.get_by_role("heading", name="No items yet").wait_for()
    own = {address: size for address, size in sizes.items() if address.startswith(app.url)}
    assert sum(own.values()) < FIRST_LOAD
    assert len(own) <= 6


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
                "password_rules",
                "sign_up",
            )
        } | {"cognito_url": endpoint}
        assert site.post("/").status_code == 405
    assert "unsafe" not in json.dumps(written)


def test_a_system_can_install_the_app_with_its_name_and_icons(stack: Stack, outputs: dict[str, Any]) -> None:
    service = description.load(stack.home)
    with httpx.Client(base_url=outputs["web_url"], timeout=60) as site:
        page = site.get("/").text
        described = dict(re.findall(r'<meta name="([\w-]+)" content="([^"]*)"', page))
        assert described["application-name"] == service.title
        assert service.plural in described["description"]
        assert re.findall(r'name="theme-color" content="(#\w{6})"', page) == ["#ffffff", "#181c1b"]
        (address,) = re.findall(r'rel="manifest" href="([^"]+)"', page)
        response = site.get(address)
        assert response.headers["Content-Type"] == "application/manifest+json"
        manifest = response.json()
        assert (manifest["name"], manifest["start_url"]) == (service.title, "/")
        assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
        touch = re.findall(r'rel="apple-touch-icon" href="([^"]+)"', page)
        for source, size in [(touch[0], "180x180"), *((icon["src"], icon["sizes"]) for icon in manifest["icons"])]:
            icon = site.get(source)
            if source.endswith(".svg"):
                assert icon.headers["Content-Type"] == "image/svg+xml"
                continue
            assert icon.headers["Content-Type"] == "image/png"
            assert "x".join(map(str, struct.unpack(">II", icon.content[16:24]))) == size


def test_the_build_contains_nothing_of_this_stack(stack: Stack, outputs: dict[str, Any]) -> None:
    text = "".join(
        file.read_text(encoding="utf-8")
        for file in (stack.home / "web" / "dist").rglob("*")
        if file.is_file() and file.suffix != ".png"
    )
    assert outputs["user_pool_client_id"] not in text
    assert outputs["endpoint_url"] not in text
    assert not (stack.home / "web" / "dist" / "config.json").exists()
