"""How long the app takes for what a user does with many entries. The responses come from this script, not from the API."""

from __future__ import annotations

import json
import statistics
import string
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, Route

from crudctl.build.service import Service

COUNTS = (1_250, 2_500, 5_000, 10_000)
SMALL, LARGE = 1_000, 10_000
ELEMENTS, INTERACTION, FRAME = 2_000, 100, 50
# Runs an action and waits until its result is painted.
TIMED = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const begin = performance.now();
  (ACT);
  while (!(DONE)) {
    if (performance.now() - begin > 10000) throw new Error('Waited ten seconds for ' + LABEL);
    await frame();
  }
  await frame();
  await new Promise((resolve) => setTimeout(resolve));
  return performance.now() - begin;
}"""
# Scrolls for three seconds, ten rows in each frame. Returns the time between frames.
SCROLLED = """async () => {
  const [times, begin] = [[], performance.now()];
  let before = await new Promise(requestAnimationFrame);
  while (performance.now() - begin < 3000) {
    scrollBy(0, 440);
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  return times;
}"""


@dataclass
class Use:
    """The times of one list, in milliseconds."""

    elements: int = 0
    times: dict[str, list[float]] = field(default_factory=dict)

    def note(self, what: str, time: float) -> None:
        self.times.setdefault(what, []).append(time)


class Shelf:
    """Entries in place of the API's: a list in pages, a read, a delete and a restore."""

    def __init__(self, service: Service, count: int) -> None:
        self.service = service
        self.title = next(name for name, value in service.sample.items() if isinstance(value, str))
        self.entries = [self.entry(number) for number in range(count, 0, -1)]

    def entry(self, number: int) -> dict[str, Any]:
        seconds = f"{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
        time = f"2026-01-{1 + number // 86_400:02}T{seconds}.000000Z"
        system = {
            "id": f"{number:08x}-0000-4000-8000-000000000000",
            "version": 1,
            "created_at": time,
            "updated_at": time,
        }
        return {**self.service.sample, self.title: f"{word(number)} {number}", **system}

    def matches(self, text: str) -> int:
        """How many entries have the text in a value."""
        same = text in json.dumps(list(self.service.sample.values())).lower()
        return sum(same or text in entry[self.title] for entry in self.entries)

    def respond(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        found = url.path.rsplit("/", 1)[-1]
        body: Any = None
        if route.request.method == "GET" and found == self.service.collection:
            start, limit = int(query.get("cursor", 0)), int(query["limit"])
            entries = self.entries if query.get("order", "desc") == "desc" else self.entries[::-1]
            after = str(start + limit) if start + limit < len(entries) else None
            body = {self.service.page: entries[start : start + limit], "next_cursor": after}
        elif route.request.method == "GET":
            body = next(entry for entry in self.entries if entry["id"] == found)
        elif route.request.method == "DELETE":
            self.entries = [entry for entry in self.entries if entry["id"] != found]
        headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
        route.fulfill(status=200 if body else 204, headers=headers, body=json.dumps(body) if body else "")


def word(number: int) -> str:
    """A word of four letters for each number, so that every letter of a search finds fewer."""
    letters = string.ascii_lowercase
    return "".join(letters[number * 7919 // 26**place % 26] for place in range(4))


def opened(page: Page, url: str, shelf: Shelf) -> float:
    """Load all entries. Return how long that took."""
    page.route(f"**/v1/{shelf.service.collection}**", shelf.respond)
    page.goto(f"{url}/?sort={shelf.title}")
    page.locator(f"[role=grid][aria-rowcount='{len(shelf.entries) + 1}']").wait_for()
    return float(page.evaluate("performance.now()"))


def timed(page: Page, act: str, done: str) -> float:
    script = TIMED.replace("ACT", act).replace("DONE", done).replace("LABEL", json.dumps(done))
    return float(page.evaluate(script))


def use(page: Page, shelf: Shelf, use: Use, rounds: int) -> None:
    """Open, close, delete, search and scroll, each several times."""
    for number in range(rounds):
        row = f"document.querySelectorAll('tbody tr[data-id]')[{number + 3}]"
        name = page.evaluate(f"{row}.querySelector('.name').textContent")
        is_open = f"document.querySelector('.drawer')?.textContent.includes({json.dumps(name)})"
        use.note("open", timed(page, f"{row}.querySelector('.name').click()", is_open))
        close = "document.querySelector('.drawer [aria-label=Close]').click()"
        use.note("close", timed(page, close, "!document.querySelector('.drawer')"))
        rows = "Number(document.querySelector('[role=grid]').ariaRowCount)"
        before = page.evaluate(rows)
        page.evaluate(f"{row}.querySelector('[data-do=menu]').click()")
        page.locator("[role=menuitem]").first.wait_for()
        last = "[...document.querySelectorAll('[role=menuitem]')].at(-1).click()"
        use.note("delete", timed(page, last, f"{rows} === {before - 1}"))
    search(page, shelf, use)
    for time in page.evaluate(SCROLLED):
        use.note("frame", time)
    page.evaluate("scrollTo(0, 0)")


def search(page: Page, shelf: Shelf, use: Use) -> None:
    typed = "(text) => { const field = document.querySelector('main input[type=search]'); field.value = text; "
    typed += "field.dispatchEvent(new Event('input', { bubbles: true })); }"
    for wanted in (word(777), word(123)):
        for length in range(1, len(wanted) + 1):
            text = wanted[:length]
            found = f"document.querySelector('[role=grid]').ariaRowCount === '{shelf.matches(text) + 1}'"
            applied = f"new URLSearchParams(location.search).get('search') === {json.dumps(text)}"
            use.note("search", timed(page, f"({typed})({json.dumps(text)})", f"{applied} && {found}"))
        timed(page, f"({typed})('')", "!new URLSearchParams(location.search).has('search')")


def measure(
    browser: Browser, url: str, session: dict[str, str], service: Service, rounds: int
) -> tuple[dict[int, Use], dict[int, float]]:
    """Return the times of a small and a large list, and the time to load each of several counts."""
    restore = f"Object.entries({json.dumps(session)}).forEach(([name, text]) => sessionStorage.setItem(name, text))"
    uses, loads = {}, {}
    for count in (SMALL, *COUNTS):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_init_script(f"if (location.origin === {json.dumps(url)}) {{ {restore} }}")
        page = context.new_page()
        shelf = Shelf(service, count)
        loads[count] = opened(page, url, shelf)
        if count in (SMALL, LARGE):
            uses[count] = Use(page.evaluate("document.querySelectorAll('*').length"))
            use(page, shelf, uses[count], rounds)
        context.close()
    return uses, loads


def table(uses: dict[int, Use], loads: dict[int, float]) -> list[str]:
    """The times as the lines of Markdown tables, the targets beside them."""
    lines = ["| | target | " + " | ".join(f"{count:,}" for count in uses) + " |", "|---|--:|" + "--:|" * len(uses)]
    lines.append(
        f"| DOM elements | < {ELEMENTS:,} | " + " | ".join(f"{one.elements:,}" for one in uses.values()) + " |"
    )
    labels = {"open": "open one", "close": "close it", "delete": "delete one", "search": "a character of a search"}
    for what, label in labels.items():
        cells = (f"{statistics.median(one.times[what]):.0f} ({max(one.times[what]):.0f})" for one in uses.values())
        lines.append(f"| {label}, ms | < {INTERACTION} | " + " | ".join(cells) + " |")
    cells = (f"{statistics.median(one.times['frame']):.0f} ({max(one.times['frame']):.0f})" for one in uses.values())
    lines.append(f"| a frame of scrolling, ms | < {FRAME} | " + " | ".join(cells) + " |")
    lines += ["", "| loaded | ms | ms for each 1,000 |", "|--:|--:|--:|"]
    lines += [f"| {count:,} | {time:,.0f} | {time * 1000 / count:,.0f} |" for count, time in loads.items()]
    return lines
