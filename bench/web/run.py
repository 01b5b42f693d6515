"""Measure what the web app loads and how quickly it works with many entries, in Chromium on the local stack.

`python bench/web/run.py [--rounds N]`, after `crudctl up`; rewrites bench/web/result.md. Creates resources of the first
demo user and deletes them again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import httpx
import loading
import using
from playwright.sync_api import sync_playwright

from crudctl.build import service

ROOT = Path(__file__).parents[2]
SERVICE = service.load(ROOT)
RESOURCES = 30
FLAGS = ["--no-sandbox", "--disable-gpu"]


def crudctl(*arguments: str) -> str:
    command = [sys.executable, "-m", "crudctl.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def chromium() -> str:
    command = [ROOT / "scripts" / "find-chromium"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def report(rounds: int) -> str:
    """Measure everything. Return the page."""
    outputs = json.loads(crudctl("outputs", "--json"))
    user, url = outputs["demo_users"][0], outputs["web_url"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        button = f"Sign in to see your {SERVICE.plural}"
        session = loading.signed_in(browser.new_page(), url, user, button)
        loads = loading.table(loading.measure(browser, url, session, rounds))
        uses = using.table(*using.measure(browser, url, session, SERVICE, rounds))
        browser.close()
    return "\n".join([
        f"Chromium on the local stack, medians of {rounds} rounds; {RESOURCES} {SERVICE.plural}, a page of 25. Bytes are",
        "compressed, headers included. Slow is 1.6 Mbit/s with 150 ms of latency, and a processor at a quarter of its speed.",
        "",
        *loads,
        "",
        "With many entries, medians, in brackets the worst. The responses come from the script, so that the times are those of",
        "the app and the browser.",
        "",
        *uses,
        "",
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    outputs = json.loads(crudctl("outputs", "--json"))
    token = crudctl("token", "--user", outputs["demo_users"][0]["username"]).strip()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=outputs["api_url"] + "/", headers=headers, timeout=30) as api:
        created = [api.post(SERVICE.collection, json=SERVICE.sample) for _ in range(RESOURCES)]
        made = [response.raise_for_status().json()["id"] for response in created]
        try:
            text = report(rounds)
        finally:
            for resource_id in made:
                api.delete(f"{SERVICE.collection}/{resource_id}")
    (Path(__file__).parent / "result.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
