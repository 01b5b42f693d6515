"""The app in a real browser, and checks of what a user does not see: console, content security policy, network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from crudctl.build.service import Service
from tests.stack import ROOT

from . import session

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = "([rules, part]) => axe.run(part, { runOnly: rules, resultTypes: ['violations'] })"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]  # of the rules with these tags, all that depend on colours
WATCH = """
addEventListener('securitypolicyviolation', (event) => violated(event.violatedDirective + ' ' + event.blockedURI));
let shift = 0, used = -Infinity;  // the browser's half second after an input is too short for a busy machine
for (const input of ['keydown', 'pointerdown', 'wheel']) {
  addEventListener(input, (event) => { used = event.timeStamp; }, { capture: true, passive: true });
}
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (!entry.hadRecentInput && entry.startTime - used > 5000) shifted(shift += entry.value);
  }
}).observe({ type: 'layout-shift', buffered: true });
"""


class App:
    """A browser profile with one tab, for the app at `url`, signed out; all its tabs and pages are watched.

    `outputs` are those of its stack, `service` is the description of its contract. `allowed` are parts of console errors that
    a test provokes.
    """

    def __init__(self, context: BrowserContext, outputs: dict[str, Any], service: Service) -> None:
        self.context, self.url, self.outputs, self.service = context, outputs["web_url"], outputs, service
        self._origins = {outputs["web_url"], outputs["hosted_ui_url"]}
        self.allowed: list[str] = []
        self.errors: list[str] = []
        self.violations: list[str] = []
        self.foreign: set[str] = set()
        self.shift = 0.0  # the largest layout shift of any page
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("request", self._on_request)
        context.expose_function("violated", self._violated)
        context.expose_function("shifted", self._shifted)
        context.add_init_script(WATCH)
        self.page: Page = context.new_page()

    def _on_console(self, message: Any) -> None:
        own = (
            urlsplit(message.location.get("url") or self.url).path != "/favicon.ico"
        )  # which the emulator's pages lack
        if message.type in ("error", "warning") and own:
            self.errors.append(message.text)

    def _violated(self, text: str) -> None:
        self.violations.append(text)

    def _shifted(self, total: float) -> None:
        self.shift = max(self.shift, total)

    def _on_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" not in self._origins:
            self.foreign.add(request.url)

    def check(self) -> None:
        """Assert no policy violation, console error, request to another origin, or layout shift."""
        assert self.shift < 0.1  # "good" at https://web.dev/articles/cls
        assert self.violations == []
        assert self.foreign == set()
        assert [text for text in self.errors if not any(part in text for part in self.allowed)] == []

    def open(self, path: str = "/") -> App:
        self.page.goto(self.url + path)
        return self

    def enter(self, user: dict[str, str], path: str = "/") -> App:
        """Open the page at `path` with a new session of the user, without the hosted page."""
        scopes = list(
            dict.fromkeys(
                scope for one in self.service.operations.values() if one.kind != "other" for scope in one.scopes
            )
        )
        self.page.goto(f"{self.url}/icon.svg")
        for name, text in session.stored(self.outputs, scopes, user).items():
            self.page.evaluate("([name, text]) => sessionStorage.setItem(name, text)", [name, text])
        self.open(path)
        self.page.get_by_role("heading", name=self.service.plural, level=1).wait_for()
        return self

    def sign_in(self, user: dict[str, str], path: str = "/") -> App:
        """Sign in through the hosted page, from the page at `path` and back to it."""
        self.open(path)
        self.page.get_by_role("main").get_by_role("button", name=re.compile("^Sign in")).click()
        self.fill_in(user)
        self.page.wait_for_url(self.url + path)
        self.page.get_by_role("heading", name=self.service.plural, level=1).wait_for()
        return self

    def fill_in(self, user: dict[str, str]) -> None:
        self.page.fill("#username", user["username"])
        self.page.fill("#password", user["password"])
        self.page.get_by_role("button", name="Sign in").click()

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    def field(self, name: str) -> Locator:
        return self.page.get_by_label(re.compile(rf"^{name}( \(required\))?$"))

    def rows(self) -> Locator:
        return self.page.locator("main tbody tr:not(.skeleton)")

    def names(self) -> list[str]:
        return self.rows().locator("th a").all_inner_texts()

    def act(self, name: str, action: str) -> None:
        """Choose an action from the menu of the row with this name."""
        self.button(f"Actions for {name}").click()
        self.page.get_by_role("menuitem", name=action, exact=True).click()

    def drawer(self) -> Locator:
        """The open panel."""
        return self.page.locator(".drawer")

    def edit(self) -> App:
        self.button("Edit").click()
        return self

    def saved(self) -> App:
        """Wait until the panel has nothing to save, because it shows what was saved or is closed."""
        expect(self.drawer().locator("footer")).to_have_count(0)
        return self

    def close(self) -> App:
        self.drawer().get_by_role("button", name="Close", exact=True).click()
        expect(self.drawer()).to_have_count(0)
        return self

    def notice(self) -> Locator:
        return self.page.get_by_role("status", name="Notices")

    def create(self, **fields: str) -> App:
        self.page.get_by_role("link", name=f"New {self.service.singular}").click()
        for name, text in fields.items():
            self.field(name.capitalize()).fill(text)
        self.button("Create").click()
        self.saved()
        beside = self.page.evaluate("matchMedia('(min-width: 75em)').matches")
        return self.close() if beside else self

    def transfer(self, what: str) -> None:
        """Open the dialog of an import or export: `Import` or `Export`."""
        self.button("More").click()
        self.button(what).click()
        self.page.get_by_role("dialog").wait_for()

    def calls(self, method: str) -> list[Any]:
        """Return a list that records each call of the API by `method` from now on."""
        requests: list[Any] = []
        self.page.on(
            "request",
            lambda request: requests.append(request) if request.method == method and "/v1/" in request.url else None,
        )
        return requests

    def respond(self, method: str, *replies: dict[str, Any] | str | None) -> None:
        """Set what the next calls by `method` get: a response, a network error, or None for the real response."""
        left = list(replies)

        def handle(route: Route) -> None:
            if route.request.method != method or not left or (reply := left.pop(0)) is None:
                route.fallback()
            elif isinstance(reply, str):
                route.abort(reply)
            else:
                route.fulfill(**reply)

        self.page.route(f"**/v1/{self.service.collection}**", handle)

    def axe(self, rules: list[str] = TAGS, part: str = "html") -> list[str]:
        """Return what axe finds wrong with the current page, or with a part of it, by rules or tags of rules."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        result = self.page.evaluate(RUN_AXE, [rules, part])
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]


def problem(status: int, detail: str = "No.", headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Return a problem response of the API, as Playwright takes it."""
    body = {
        "type": "urn:items:problem:x",
        "title": "X",
        "status": status,
        "detail": detail,
        "request_id": "req-1",
        **more,
    }
    cors = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After, ETag"}
    return {
        "status": status,
        "headers": {"Content-Type": "application/problem+json", **cors, **(headers or {})},
        "body": json.dumps(body),
    }


NewApp = Callable[..., App]
NewUser = Callable[[], dict[str, str]]
