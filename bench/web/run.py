"""Measure what the web app loads, and the time to the first row, in Chromium on the local stack.

`python bench/web/run.py [--rounds N]`, after `crudctl up`; rewrites bench/web/result.md. Creates resources of the first
demo user and deletes them again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from crudctl.build import service

ROOT = Path(__file__).parents[2]
SERVICE = service.load(ROOT)
RESOURCES = 30
PAINTS = """() => new Promise((resolve) => new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
  .observe({ type: 'largest-contentful-paint', buffered: true }))"""
SHIFT = """() => new Promise((resolve) => { let sum = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) sum += entry.value; }).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve(sum), 300); })"""


@dataclass
class Case:
    """The measurements of one case; a list entry is one round."""

    requests: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    row: list[float] = field(default_factory=list)
    paint: list[float] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)


def crudctl(*arguments: str) -> str:
    command = [sys.executable, "-m", "crudctl.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def signed_in(browser: Browser, outputs: dict[str, Any]) -> tuple[BrowserContext, Page, str]:
    """Sign in once. Return the profile, its tab, and the tab's session storage for later tabs."""
    user = outputs["demo_users"][0]
    context = browser.new_context()
    page = context.new_page()
    page.goto(outputs["web_url"])
    page.get_by_role("button", name=f"Sign in to see your {SERVICE.plural}").click()
    page.fill("#username", user["username"])
    page.fill("#password", user["password"])
    page.get_by_role("button", name="Sign in").click()
    page.locator("tbody tr:not(.skeleton)").first.wait_for()
    return context, page, page.evaluate("JSON.stringify(sessionStorage)")


def visit(page: Page, url: str, wanted: str, case: Case) -> None:
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(sum(map(request.sizes().__getitem__, SIZES))))
    page.goto(url)
    page.locator(wanted).first.wait_for()
    case.row.append(page.evaluate("performance.now()"))
    case.paint.append(page.evaluate(PAINTS))
    case.shift.append(page.evaluate(SHIFT))
    case.requests.append(len(sizes))
    case.bytes.append(sum(sizes))


SIZES = ("responseBodySize", "responseHeadersSize")


def measure(browser: Browser, outputs: dict[str, Any], rounds: int) -> dict[str, Case]:
    cases = {"signed out, empty cache": Case(), "list, empty cache": Case(), "list, again": Case()}
    _, _, session = signed_in(browser, outputs)
    restore = f"for (const [name, text] of Object.entries({session})) sessionStorage.setItem(name, text)"
    for _ in range(rounds):
        context = browser.new_context()
        page = context.new_page()
        visit(page, outputs["web_url"], "main h1", cases["signed out, empty cache"])
        context.close()
        context = browser.new_context()
        page = context.new_page()
        page.add_init_script(f"if (location.origin === {json.dumps(outputs['web_url'])}) {{ {restore} }}")
        visit(page, outputs["web_url"], "tbody tr:not(.skeleton)", cases["list, empty cache"])
        page.close()
        page = context.new_page()
        page.add_init_script(f"if (location.origin === {json.dumps(outputs['web_url'])}) {{ {restore} }}")
        visit(page, outputs["web_url"], "tbody tr:not(.skeleton)", cases["list, again"])
        context.close()
    return cases


def report(cases: dict[str, Case], rounds: int) -> str:
    lines = [
        f"Chromium on the local stack, medians of {rounds} rounds; {RESOURCES} {SERVICE.plural}, a page of 25. "
        "Bytes are compressed, headers included.",
        "",
        "| | requests | bytes | first row or heading, ms | largest paint, ms | layout shift |",
        "|---|---|---|---|---|---|",
    ]
    for name, case in cases.items():
        row, paint = statistics.median(case.row), statistics.median(case.paint)
        shift = max(case.shift)
        requests, size = statistics.median(case.requests), statistics.median(case.bytes)
        lines.append(f"| {name} | {requests:.0f} | {size:,.0f} | {row:.0f} | {paint:.0f} | {shift:.3f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    outputs = json.loads(crudctl("outputs", "--json"))
    token = crudctl("token", "--user", outputs["demo_users"][0]["username"]).strip()
    chromium = subprocess.run(
        [ROOT / "scripts" / "find-chromium"], check=True, capture_output=True, text=True
    ).stdout.strip()
    with httpx.Client(
        base_url=outputs["api_url"] + "/", headers={"Authorization": f"Bearer {token}"}, timeout=30
    ) as api:
        created = [api.post(SERVICE.collection, json=SERVICE.sample) for _ in range(RESOURCES)]
        made = [response.raise_for_status().json()["id"] for response in created]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            text = report(measure(browser, outputs, rounds), rounds)
            browser.close()
        for resource_id in made:
            api.delete(f"{SERVICE.collection}/{resource_id}")
    (Path(__file__).parent / "result.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
