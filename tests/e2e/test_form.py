"""What the form accepts, where it shows what is wrong, and what becomes of a value that two people changed."""

from __future__ import annotations

import httpx
from playwright.sync_api import Locator, expect

from .browser import App, problem

# Whether the middle of an element is what is seen there: not behind a bar, and not outside the window.
UNCOVERED = """(element) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  const there = document.elementFromPoint(x + Math.min(width, 40) / 2, y + height / 2);
  return element.contains(there) || there.contains(element) && there.closest('[data-field], fieldset') !== null;
}"""
# The share of the window that the fields may scroll in.
SHARE = """() => {
  let box = document.querySelector('.field').parentElement;
  while (box.scrollHeight <= box.clientHeight || getComputedStyle(box).overflowY === 'visible') box = box.parentElement;
  const bars = [...box.querySelectorAll('*')].filter((one) => getComputedStyle(one).position === 'sticky');
  const covered = bars.reduce((sum, bar) => sum + bar.offsetHeight, 0);
  return (Math.min(box.clientHeight, innerHeight) - covered) / innerHeight;
}"""


def paste(control: Locator, text: str) -> None:
    control.evaluate("(_, text) => navigator.clipboard.writeText(text)", text)
    control.focus()
    control.press("Control+v")


def submit(app: App, name: str, *faults: str) -> None:
    app.button(name).click()
    for fault in faults:
        expect(app.drawer().locator(".faults", has_text=fault)).to_be_visible()


def beside(control: Locator) -> Locator:
    """The message that a control is described by."""
    id = (control.get_attribute("aria-describedby") or "").split()[-1]
    return control.page.locator(f"[id='{id}']")


def test_numbers_help_limits_and_pasted_lines(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.enter(user, "/items/new")
    name, quantity, tags = app.field("Name"), app.field("Quantity"), app.field("Tags")
    help_of_name = app.page.get_by_text("What the item is called.")
    name.fill("x" * 150)
    expect(help_of_name).to_be_visible()
    expect(app.page.get_by_text("150/200")).to_have_count(0)
    top = quantity.bounding_box()
    name.fill("Lamp" * 47)
    expect(app.page.get_by_text("188/200")).to_be_visible()
    quantity.focus()
    expect(help_of_name).to_be_hidden()
    assert quantity.bounding_box() == top  # nothing moves when the focus does

    for typed, fault in (
        ("0x10", "Quantity must be an integer."),
        ("1e3", "Quantity must be an integer in digits, such as 1,000."),
        ("1,00", "Quantity must be an integer."),
    ):
        quantity.fill(typed)
        submit(app, "Create", fault)
        expect(quantity).to_be_focused()
        expect(quantity).to_have_value(typed)
    quantity.fill("1,000")
    expect(app.drawer().locator(".faults")).to_have_count(0)

    paste(tags, "office\nlighting\r\noffice\tspare, " + "\n".join(f"t{number}" for number in range(14)))
    expect(app.drawer().locator(".words .chip")).to_have_count(17)
    expect(app.page.get_by_text("17/20")).to_be_visible()
    submit(app, "Create")
    expect(app.page.get_by_text("Created “")).to_be_visible()
    (item,) = api.get("items").json()["items"]
    assert (item["quantity"], item["tags"][:3]) == (1000, ["office", "lighting", "spare"])
    expect(app.rows().first).to_contain_text("1,000")


def test_faults_focus_the_control_they_are_about_and_are_seen_there(
    app: App, user: dict[str, str], api: httpx.Client
) -> None:
    app.allowed += ["400"]
    app.page.set_viewport_size({"width": 360, "height": 640})
    app.enter(user, "/items/new")
    app.field("Name").fill("Lamp")
    tags = [f"{number} {'t' * 40}" for number in range(19)]
    paste(app.field("Tags"), "\n".join([*tags[:5], "x" * 51, *tags[5:]]))
    for number in range(3):
        app.button("Add a field").click()
        app.page.get_by_label(f"Custom fields: name {number + 1}").fill(f"key {number}")
        app.page.get_by_label(f"Custom fields: value {number + 1}").fill("value")
    app.page.get_by_label("Custom fields: value 2").fill("v" * 201)
    submit(app, "Create", "must have at most 50 characters", "“key 1” must have at most 200 characters.")
    wrong = app.button(f"Remove {'x' * 51}")
    expect(wrong).to_be_focused()
    assert beside(wrong).evaluate(UNCOVERED)
    expect(app.drawer().get_by_text("Fix 2 fields.")).to_have_count(1)
    wrong.click()
    expect(app.drawer().locator(".words .faults")).to_have_count(0)
    expect(app.drawer().locator(".pair .faults")).to_have_count(1)  # the other fault stays

    submit(app, "Create")
    value = app.page.get_by_label("Custom fields: value 2")
    expect(value).to_be_focused()
    assert beside(value).evaluate(UNCOVERED)
    expect(app.page.locator("[aria-invalid=true]")).to_have_count(1)
    value.fill("v")
    expect(app.drawer().locator(".faults")).to_have_count(0)

    for pointer, control in (
        ("/attributes/key 2", app.page.get_by_label("Custom fields: value 3")),
        ("/tags/7", app.button(f"Remove {tags[7]}")),
        ("/quantity", app.field("Quantity")),
    ):
        app.respond("POST", problem(400, errors=[{"pointer": pointer, "detail": "is not wanted"}]))
        submit(app, "Create", "is not wanted")
        expect(control).to_be_focused()
        assert beside(control).evaluate(UNCOVERED)
    assert app.axe() == []

    app.page.set_viewport_size({"width": 320, "height": 256})  # 1280 by 1024 at a zoom of 400 %
    assert app.page.evaluate(SHARE) >= 0.5
    assert app.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_what_two_people_added_to_a_list_and_a_map_is_kept(app: App, user: dict[str, str], api: httpx.Client) -> None:
    app.allowed += ["412"]
    content = {"name": "Lamp", "tags": ["a", "b"], "attributes": {"colour": "red", "size": "m"}}
    where = f"items/{api.post('items', json=content).json()['id']}"
    app.enter(user, f"/{where}")
    app.edit()
    app.button("Remove a").click()
    app.field("Tags").fill("mine")
    app.button("Add a field").click()
    app.page.get_by_label("Custom fields: name 3").fill("shape")
    app.page.get_by_label("Custom fields: value 3").fill("round")
    theirs = {"name": "Lamp 2", "tags": ["a", "b", "theirs"], "attributes": {"size": None, "weight": "2"}}
    merge = {"Content-Type": "application/merge-patch+json"}
    assert api.patch(where, json=theirs, headers=merge).status_code == 200
    app.button("Save").click()
    dialog = app.page.get_by_role("dialog", name="This item has changed since you opened it")
    tags = dialog.get_by_role("group", name="Tags")
    expect(tags.get_by_label("Both changes")).to_be_checked()
    assert tags.locator(".joined .chip").all_text_contents() == ["−a", "b", "+theirs", "+mine"]
    expect(dialog.get_by_role("group", name="Custom fields › shape").get_by_label("Your value")).to_be_checked()
    expect(dialog.get_by_role("group", name="Custom fields › weight").get_by_label("Current value")).to_be_checked()
    expect(dialog.get_by_role("group", name="Custom fields › size").get_by_label("Current value")).to_be_checked()
    expect(app.button("Save these values")).to_be_focused()
    assert app.axe() == []
    app.button("Save these values").click()
    expect(app.notice()).to_contain_text("Saved “Lamp 2”.")
    now = api.get(where).json()
    assert (now["name"], now["tags"]) == ("Lamp 2", ["b", "theirs", "mine"])
    assert now["attributes"] == {"colour": "red", "weight": "2", "shape": "round"}

    app.open(f"/{where}")
    app.edit()
    app.field("Tags").fill("one more")
    full = [f"tag {number}" for number in range(20)]
    assert api.patch(where, json={"tags": full}, headers=merge).status_code == 200
    app.button("Save").click()
    both = tags.get_by_label("Both changes")
    expect(both).to_be_disabled()
    expect(tags).to_contain_text("Not possible: it must have at most 20 entries.")
    expect(app.button("Save these values")).to_be_disabled()
    expect(tags.get_by_label("Your value")).to_be_focused()
    app.page.set_viewport_size({"width": 320, "height": 256})
    both.scroll_into_view_if_needed()
    assert both.evaluate(UNCOVERED)
    assert app.page.evaluate("document.documentElement.scrollWidth") <= 320
    tags.get_by_label("Current value").check()
    app.button("Save these values").click()
    expect(dialog).to_have_count(0)
    assert api.get(where).json()["tags"] == full
