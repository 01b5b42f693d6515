"""Import and export of files, in a real browser, against the local stack."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from .browser import App, problem

ROWS = 12
GOOD = [f"Box {number},{number},store,,," for number in range(ROWS - 2)]
FILE = "\r\n".join(
    [
        "NAME,Quantity,tags,attributes.colour,Room,Ignored",
        'Desk lamp,4,"lighting, office",green,2.14,x',
        "Chair,two,office,,,",
        ",1,,,,",
        "'=1+1,12345,,,,",
        *GOOD,
    ]
)


def start_import(app: App, name: str, text: str) -> Locator:
    """Choose a file in the dialog that imports, and return the dialog."""
    app.transfer("Import")
    dialog = app.page.get_by_role("dialog")
    choose(dialog, name, text)
    return dialog


def choose(dialog: Locator, name: str, text: str) -> None:
    file = FilePayload(name=name, mimeType="application/octet-stream", buffer=text.encode())
    dialog.get_by_label("File to import").set_input_files(file)


def downloaded(page: Page, button: Locator, folder: Path) -> str:
    """Click a button that saves a file, and return the text of the file."""
    with page.expect_download() as download:
        button.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path.read_text(encoding="utf-8-sig")


def export(app: App, format: str, folder: Path) -> str:
    app.transfer("Export")
    dialog = app.page.get_by_role("dialog")
    dialog.get_by_label(format).check()
    return downloaded(app.page, dialog.get_by_role("button", name="Export"), folder)


def counted(dialog: Locator, what: str) -> Locator:
    """How many rows the dialog says are so."""
    return dialog.locator(".counts div").filter(has=dialog.page.get_by_text(what, exact=True)).locator("dd")


def all_of(api: httpx.Client, app: App) -> list[dict[str, Any]]:
    page: dict[str, Any] = api.get(app.service.collection, params={"limit": 100}).json()
    entries: list[dict[str, Any]] = page[app.service.page]
    return entries


def test_a_file_is_previewed_matched_imported_once_and_exported_again(
    app: App, user: dict[str, str], api: httpx.Client, tmp_path: Path
) -> None:
    app.enter(user)
    dialog = start_import(app, "things.json", '[{"name": ')
    expect(dialog.get_by_role("alert")).to_contain_text("The file is not JSON")
    choose(dialog, "things.csv", FILE)
    dialog.get_by_label("Room becomes").select_option(label="Custom fields › Room")
    expect(dialog.get_by_text("Row 3 Quantity must be an integer.")).to_be_visible()
    expect(dialog.get_by_text("Row 4 Name is required.")).to_be_visible()
    assert app.axe() == []
    dialog.get_by_role("button", name=f"Create {ROWS} {app.service.plural}").click()
    expect(dialog.get_by_role("status").filter(has_text=f"{ROWS} {app.service.plural} created. 2 rows")).to_be_visible()
    assert app.axe() == []
    failed = downloaded(app.page, dialog.get_by_role("button", name="Download these rows"), tmp_path)
    assert [(row["row"], row["NAME"], row["why"]) for row in csv.DictReader(failed.splitlines())] == [
        ("3", "Chair", "Quantity must be an integer."),
        ("4", "", "Name is required."),
    ]
    dialog.get_by_role("button", name="Done").click()
    expect(app.rows()).to_have_count(ROWS)
    made = {entry["name"]: entry for entry in all_of(api, app)}
    lamp = made["Desk lamp"]
    assert (lamp["quantity"], lamp["tags"]) == (4, ["lighting", "office"])
    assert lamp["attributes"] == {"colour": "green", "Room": "2.14"}
    assert made["=1+1"]["quantity"] == 12345

    # The same rows, in another order and with a new one: only that is created.
    head, *rest = FILE.split("\r\n")
    dialog = start_import(app, "more.csv", "\r\n".join([head, "New,,,,,", *reversed(rest)]))
    dialog.get_by_label("Room becomes").select_option(label="Custom fields › Room")
    dialog.get_by_role("button", name=f"Create {ROWS + 1} {app.service.plural}").click()
    expect(counted(dialog, "created by an earlier import, not again")).to_have_text(str(ROWS))
    dialog.get_by_role("button", name="Done").click()
    expect(app.rows()).to_have_count(ROWS + 1)
    assert len(all_of(api, app)) == ROWS + 1

    search = app.page.get_by_role("searchbox")
    search.fill("new")
    expect(app.rows()).to_have_count(1)
    assert [row["name"] for row in csv.DictReader(export(app, "CSV", tmp_path).splitlines())] == ["New"]
    search.fill("")
    expect(app.rows()).to_have_count(ROWS + 1)
    app.rows().nth(0).get_by_role("checkbox").check()
    app.rows().nth(1).get_by_role("checkbox").check()
    app.button("Export").click()
    dialog = app.page.get_by_role("dialog")
    two = downloaded(app.page, dialog.get_by_role("button", name="Export"), tmp_path)
    assert [row["name"] for row in csv.DictReader(two.splitlines())] == [
        name.replace("=", "'=") for name in app.names()[:2]
    ]
    app.rows().nth(0).get_by_role("checkbox").uncheck()
    app.rows().nth(1).get_by_role("checkbox").uncheck()

    exported = list(csv.DictReader(export(app, "CSV", tmp_path).splitlines()))
    assert {row["name"] for row in exported} == ({*made} - {"=1+1"}) | {"'=1+1", "New"}
    same = json.loads(export(app, "JSON", tmp_path))
    assert sorted(same, key=lambda entry: str(entry["id"])) == sorted(
        all_of(api, app), key=lambda entry: str(entry["id"])
    )
    dialog = start_import(app, "back.json", json.dumps(same))
    expect(dialog.get_by_text(f"{ROWS + 1} rows have the IDs of some that you have already")).to_be_visible()
    expect(dialog.get_by_role("button", name=f"Create 0 {app.service.plural}")).to_be_disabled()


def test_an_import_goes_on_after_a_crash_and_waits_as_long_as_the_service_says(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    app.enter(user)
    app.allowed += ["429", "400"]
    passed = 0

    def lose(route: Route) -> None:
        """Let three creates pass and never answer the others."""
        nonlocal passed
        if route.request.method != "POST" or (passed := passed + 1) <= 3:
            route.fallback()

    where = f"**/v1/{app.service.collection}**"
    app.page.route(where, lose)
    dialog = start_import(app, "boxes.csv", "\n".join(["name,quantity,tags", *(row[:-3] for row in GOOD)]))
    dialog.get_by_role("button", name=f"Create {len(GOOD)} {app.service.plural}").click()
    expect(counted(dialog, "created")).to_have_text("3")
    app.page.reload()
    app.page.unroute(where)
    app.respond(
        "POST",
        problem(429, headers={"Retry-After": "0"}),
        problem(400, errors=[{"pointer": "/tags/0", "detail": "must be polite"}]),
    )
    app.button("Show the import").click()
    left = f"{len(GOOD) - 3} {app.service.plural}"
    app.button(f"Continue with {left}").click()
    expect(dialog.get_by_text("must be polite.")).to_be_visible()
    app.button("Try the failed rows again").click()
    expect(dialog.get_by_role("status").filter(has_text="Done.")).to_be_visible()
    expect(dialog.locator(".left-out")).to_have_count(0)
    app.button("Done").click()
    expect(app.rows()).to_have_count(len(GOOD))
    assert sorted(entry["name"] for entry in all_of(api, app)) == [f"Box {number}" for number in range(len(GOOD))]
    expect(app.button("Show the import")).to_have_count(0)
