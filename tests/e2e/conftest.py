"""Chromium, new users of the local stack, and watched tabs: a console error or a policy violation fails any test."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from crudctl import users
from crudctl.build import service as description
from crudctl.project import Environment
from tests.stack import ROOT, Stack

from .browser import App, NewApp, NewUser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser of these tests; as long as it is open, no other test in the process can run an event loop."""
    chromium = subprocess.run(
        [ROOT / "scripts" / "find-chromium"], check=True, capture_output=True, text=True
    ).stdout.strip()
    expect.set_options(timeout=45_000)  # for a busy machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def outputs(stack: Stack) -> dict[str, Any]:
    return stack.outputs


@pytest.fixture
def new_user(stack: Stack, outputs: dict[str, Any]) -> NewUser:
    """Make a new user, who owns nothing."""
    cognito, pool = stack.aws("cognito-idp"), outputs["user_pool_id"]

    def new() -> dict[str, str]:
        name, password = f"test-{secrets.token_hex(4)}@example.com", "Correct-horse-1-battery"
        attributes = [{"Name": "email", "Value": name}, {"Name": "email_verified", "Value": "true"}]
        cognito.admin_create_user(UserPoolId=pool, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
        return {"username": name, "password": password}

    return new


@pytest.fixture
def user(new_user: NewUser) -> dict[str, str]:
    """A new user, who owns nothing."""
    return new_user()


@pytest.fixture
def api(stack: Stack, outputs: dict[str, Any], user: dict[str, str]) -> Iterator[httpx.Client]:
    """A client of the API as the same user."""
    token = users.token(Environment(stack.home, "local"), outputs["user_pool_id"], user["username"], user["password"])
    with httpx.Client(
        base_url=outputs["api_url"] + "/", headers={"Authorization": f"Bearer {token}"}, timeout=120
    ) as client:
        yield client


@pytest.fixture
def new_app(browser: Browser, stack: Stack, outputs: dict[str, Any]) -> Iterator[NewApp]:
    """Open tabs, each in its own browser profile; all are checked at the end of the test."""
    apps: list[App] = []
    service = description.load(stack.home)

    def new(**options: Any) -> App:
        settings = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "timezone_id": "Europe/Berlin"}
        context = browser.new_context(**{**settings, "reduced_motion": "reduce", **options})
        context.set_default_timeout(45_000)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=outputs["web_url"])
        apps.append(App(context, outputs, service))
        return apps[-1]

    yield new
    for app in apps:
        app.check()
        app.context.close()


@pytest.fixture
def app(new_app: NewApp) -> App:
    return new_app()
