"""A page of somebody else in the developer's browser, while the local stack is running: it reads nothing and changes nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.stack import ROOT, Stack, free_port

from .conftest import FLAGS

NAME = "attacker.example"  # which the browser resolves to 127.0.0.1
SIGNED = "AWS4-HMAC-SHA256 Credential=test/{day}/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
CREATE_USER = "/?Action=CreateUser&UserName=theirs&Version=2010-05-08"
ATTEMPTS = [
    {"path": "/2015-03-31/functions/"},
    {"path": "/_ministack/health"},
    {"path": "/_emulator/pid"},
    {"path": "/", "method": "POST", "headers": {"x-amz-target": "DynamoDB_20120810.ListTables"}, "body": "{}"},
    {
        "path": "/",
        "method": "POST",
        "headers": {"x-amz-target": "DynamoDB_20120810.ListTables", "authorization": "Bearer x"},
        "body": "{}",
    },
    {
        "path": "/",
        "method": "POST",
        "headers": {
            "x-amz-target": "DynamoDB_20120810.ListTables",
            "authorization": SIGNED.format(day=1, service="dynamodb"),
        },
        "body": "{}",
    },
    {"path": CREATE_USER, "method": "POST", "headers": {"authorization": SIGNED.format(day=1, service="iam")}},
    {"path": CREATE_USER, "method": "POST", "headers": {"content-type": "text/plain"}, "mode": "no-cors"},
    {"path": CREATE_USER, "method": "GET", "mode": "no-cors"},
    {"path": "/_ministack/reset", "method": "POST", "mode": "no-cors"},
    {"path": "/theirs", "method": "PUT"},
]
FETCH = """async ([url, attempts]) => Promise.all(attempts.map(async ({path, ...options}) => {
    try {
        const response = await fetch(url + path, options);
        return [response.type, response.status, await response.text()];
    } catch (error) { return ['blocked', 0, '']; }
}))"""
SOCKET = """(url) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('refused');
})"""


def everything(stack: Stack) -> dict[str, Any]:
    """What a stack has that an attempt would change."""
    return {
        "users": [user["UserName"] for user in stack.aws("iam").list_users()["Users"]],
        "functions": sorted(found["FunctionName"] for found in stack.aws("lambda").list_functions()["Functions"]),
        "tables": stack.aws("dynamodb").list_tables()["TableNames"],
        "buckets": [bucket["Name"] for bucket in stack.aws("s3").list_buckets()["Buckets"]],
    }


@pytest.fixture(scope="module")
def theirs(browser: Browser) -> Iterator[Browser]:
    """A browser that resolves NAME, and lets every page send requests to this machine, as older ones do."""
    flags = [f"--host-resolver-rules=MAP {NAME} 127.0.0.1", "--disable-features=LocalNetworkAccessChecks"]
    program = subprocess.run(
        [ROOT / "scripts" / "find-chromium"], check=True, capture_output=True, text=True
    ).stdout.strip()
    opened = browser.browser_type.launch(executable_path=program, args=[*FLAGS, *flags])
    yield opened
    opened.close()


@pytest.fixture
def page(theirs: Browser, stack: Stack) -> Iterator[Page]:
    """A tab. The stack is as before when it is closed."""
    before, context = everything(stack), theirs.new_context()
    yield context.new_page()
    context.close()
    assert everything(stack) == before


def opened(page: Page, origin: str) -> None:
    """Open the page of an attacker, which is served at `origin`."""

    def serve(route: Route) -> None:
        route.fulfill(body="<h1>Free wallpapers</h1>", content_type="text/html")

    page.route(f"{origin}/wallpapers", serve)
    page.goto(f"{origin}/wallpapers")


def test_page_at_another_port_reads_nothing(page: Page, stack: Stack) -> None:
    opened(page, f"http://127.0.0.1:{free_port()}")
    outcomes = page.evaluate(FETCH, [stack.endpoint, ATTEMPTS])
    assert {kind for kind, _, _ in outcomes} == {"blocked", "opaque"}
    assert [text for _, _, text in outcomes if text] == []
    assert page.evaluate(FETCH, [stack.outputs["web_url"], [{"path": "/config.json"}]]) == [["blocked", 0, ""]]
    assert page.evaluate(SOCKET, stack.endpoint.replace("http", "ws", 1)) == "refused"


def test_form_of_another_page_changes_nothing(page: Page, stack: Stack) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
        tab = page.context.new_page()
        opened(tab, f"http://127.0.0.1:{free_port()}")
        target = f"{stack.endpoint}{CREATE_USER}"
        form = f"<form method=post enctype={kind} action='{target}'><input name=Action value=CreateUser></form>"
        with tab.expect_response(target) as response:
            tab.evaluate("(form) => { document.body.innerHTML = form; document.forms[0].submit(); }", form)
        assert response.value.status in (400, 403)


@pytest.mark.parametrize("server", ["endpoint_url", "web_url"])
def test_page_whose_name_becomes_this_machines_reads_nothing(page: Page, stack: Stack, server: str) -> None:
    """DNS rebinding: to the browser the local server is the page's own."""
    origin = f"http://{NAME}:{urlsplit(stack.outputs[server]).port}"
    opened(page, origin)
    outcomes = page.evaluate(FETCH, [origin, [*ATTEMPTS, {"path": "/config.json"}]])
    assert {(kind, status) for kind, status, _ in outcomes} == {("basic", 421)}
    assert page.evaluate(SOCKET, f"ws://{NAME}:{urlsplit(origin).port}/") == "refused"
