"""What a browser loads and how long it takes to show something, also with a slow network and processor."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

ROW = "main tbody tr:not(.skeleton)"
# Lighthouse's "slow 4G" and its factor for a mobile processor: https://github.com/GoogleChrome/lighthouse/blob/main/core/config/constants.js
SLOW_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6 * 1024 * 128, "uploadThroughput": 750 * 128}
SLOW_PROCESSOR = 4
WATCH = """
window.seen = { paint: 0, shift: 0, blocked: 0 };
const watch = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
watch('largest-contentful-paint', (entry) => { seen.paint = entry.startTime; });
watch('layout-shift', (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value; });
watch('longtask', (entry) => { seen.blocked += Math.max(0, entry.duration - 50); });
"""
SETTLED = "new Promise((resolve) => setTimeout(() => resolve(seen), 500))"


@dataclass
class Case:
    """The measurements of one case; a list entry is one round."""

    requests: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    row: list[float] = field(default_factory=list)
    paint: list[float] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)
    blocked: list[float] = field(default_factory=list)


def visit(context: BrowserContext, url: str, wanted: str, slow: bool, case: Case) -> None:
    """Open the page in a new tab and note what it loaded until what is wanted is shown."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    if slow:
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", SLOW_NETWORK)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_PROCESSOR})
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(size_of(request)))
    page.goto(url)
    page.locator(wanted).first.wait_for()
    case.row.append(page.evaluate("performance.now()"))
    seen = page.evaluate(SETTLED)
    case.paint.append(seen["paint"])
    case.shift.append(seen["shift"])
    case.blocked.append(seen["blocked"])
    case.requests.append(len(sizes))
    case.bytes.append(sum(sizes))
    page.close()


def size_of(request: Any) -> int:
    sizes = request.sizes()
    return int(sizes["responseBodySize"] + sizes["responseHeadersSize"])


def measure(browser: Browser, url: str, session: dict[str, str], rounds: int) -> dict[str, Case]:
    """Measure each case `rounds` times. `session` is what the session storage of a signed-in tab has."""
    cases: dict[str, Case] = {}
    restore = f"Object.entries({json.dumps(session)}).forEach(([name, text]) => sessionStorage.setItem(name, text))"
    own = f"if (location.origin === {json.dumps(url)}) {{ {restore} }}"
    for slow in (False, True):
        names = [f"{name}{', slow' if slow else ''}" for name in ("signed out", "list", "list, again")]
        out, first, again = (cases.setdefault(name, Case()) for name in names)
        for _ in range(rounds):
            context = browser.new_context()
            context.add_init_script(WATCH)
            visit(context, url, "main h1", slow, out)
            context.close()
            context = browser.new_context()
            context.add_init_script(WATCH + own)
            visit(context, url, ROW, slow, first)
            visit(context, url, ROW, slow, again)
            context.close()
    return cases


def table(cases: dict[str, Case]) -> list[str]:
    """The cases as the lines of a Markdown table."""
    lines = [
        "| | requests | bytes | first row or heading, ms | LCP, ms | CLS | TBT, ms |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, case in cases.items():
        middle = statistics.median
        lines.append(
            f"| {name} | {middle(case.requests):.0f} | {middle(case.bytes):,.0f} | {middle(case.row):,.0f} "
            f"| {middle(case.paint):,.0f} | {max(case.shift):.3f} | {middle(case.blocked):,.0f} |"
        )
    return lines


def signed_in(page: Page, url: str, user: dict[str, str], button: str) -> dict[str, str]:
    """Sign in through the hosted page. Return the tab's session storage."""
    page.goto(url)
    page.get_by_role("button", name=button).first.click()
    page.fill("#username", user["username"])
    page.fill("#password", user["password"])
    page.get_by_role("button", name="Sign in").click()
    page.locator(ROW).first.wait_for()
    stored: dict[str, str] = page.evaluate("({ ...sessionStorage })")
    return stored
