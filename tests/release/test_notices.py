"""What people are told of a release, and that a channel that fails neither stops it nor keeps the others silent."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from crudctl.release import dashboard_lines, webhook
from crudctl.release.notices import EVENTS, WAITS, Channels, NotNotified, approval, notice, notify
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release

NOW = 1_700_000_000.0
TOPIC = "arn:aws:sns:eu-central-1:123456789012:depot-prod-alarms"
CHANNELS = Channels("depot-prod", "https://example.com/runbook.md", TOPIC)
RELEASE = Release(
    number=12, old={"read": "6", "write": "3"}, new={"read": "7", "write": "3"}, canary={}, weights=[0.1], bake=600.0,
    who="sam@build-1", host="build-1", pid=1, holder="h", since=NOW, seen=NOW, state=ROLLED_BACK,
    why="The new version looks worse:\n odds 161 to 1", by="verdict",
)  # fmt: skip


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a webhook as long as a busy machine needs."""
    monkeypatch.setattr(webhook, "PATIENCE", 120.0)


class Account:
    """The services that a notice reaches, without AWS."""

    class Exceptions:
        """As boto3's clients have them."""

        class ConditionalCheckFailedException(Exception):
            """Somebody else has written."""

    exceptions = Exceptions

    def __init__(self, address: str = "") -> None:
        self.address = address
        self.published: list[dict[str, str]] = []
        self.entry: dict[str, Any] | None = dashboard_lines.KEY | {"annotations": {"S": "[]"}}
        self.others = 0  # lines that others add between reading and writing
        widgets: list[dict[str, Any]] = [{"properties": {"view": "timeSeries"}}, {"properties": {"markdown": "guide"}}]
        self.body = {"widgets": widgets}
        self.broken = False

    def __call__(self, _service: str) -> Account:
        return self

    def publish(self, **message: str) -> None:
        if self.broken:
            raise ClientError({"Error": {"Code": "AuthorizationError", "Message": "no"}}, "Publish")
        self.published.append(message)

    def get_parameter(self, Name: str, WithDecryption: bool) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert (Name, WithDecryption) == ("/depot/prod/webhook", True)
        return {"Parameter": {"Value": f"{self.address}\n"}}

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": dict(self.entry)} if self.entry else {}

    def put_item(self, Item: dict[str, Any], ExpressionAttributeValues: dict[str, Any], **_: Any) -> None:  # noqa: N803
        assert self.entry
        if self.others:
            self.others -= 1
            lines = [*json.loads(self.entry["annotations"]["S"]), {"label": f"other {self.others}"}]
            self.entry["annotations"] = {"S": json.dumps(lines)}
        if ExpressionAttributeValues[":before"] != self.entry["annotations"]:
            raise self.exceptions.ConditionalCheckFailedException
        self.entry = Item

    def get_dashboard(self, **_: Any) -> dict[str, str]:
        return {"DashboardBody": json.dumps(self.body)}

    def put_dashboard(self, DashboardBody: str, **_: Any) -> None:  # noqa: N803
        self.body = json.loads(DashboardBody)

    @property
    def shown(self) -> list[str]:
        """The labels of the lines on the dashboard."""
        return [
            line["label"] for line in self.body["widgets"][0]["properties"].get("annotations", {}).get("vertical", [])
        ]


@contextmanager
def receiver(respond: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the address of a webhook and the bodies that it gets."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            respond(self)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/services/secret", bodies
        finally:
            server.shutdown()
            thread.join()


def with_status(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers | {"Content-Length": "0"}).items():
            handler.send_header(name, value)
        handler.end_headers()

    return respond


def of(event: str, **changes: Any) -> Any:
    return notice(CHANNELS, replace(RELEASE, **changes), event, NOW)


@pytest.mark.parametrize(
    ("event", "changes", "words"),
    [(PROMOTED, {"state": PROMOTED}, "was promoted: all traffic is on the new versions"),
     ("reverted", {"state": PROMOTED, "weights": []}, "went back: all traffic is on versions that were in service before"),
     (ROLLED_BACK, {}, "was rolled back: all traffic is on the old versions"),
     (FAILED, {"state": FAILED}, "failed: all traffic is on the old versions"),
     (WAITS, {"state": "running"}, "waits.\n0 % of the traffic is on the new versions")],
)  # fmt: skip
def test_a_notice_says_what_happened_why_to_which_versions_and_where_to_read_on(
    event: str, changes: dict[str, Any], words: str
) -> None:
    subject, text, line = of(event, **changes)
    assert text.startswith(f"Release 12 of depot-prod {words}.\nWhy: The new version looks worse: odds 161 to 1")
    assert "\nVersions: read 6 to 7\nRunbook: https://example.com/runbook.md#" in text
    assert subject.startswith("depot-prod: release 12 ")
    assert line["label"] == subject.removeprefix("depot-prod: ").replace("12 ", "12: ")
    assert line["value"] == "2023-11-14T22:13:20Z"


def test_every_notice_names_a_section_that_the_runbook_has() -> None:
    runbook = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
    headings = {line.lstrip("# ").lower() for line in runbook.splitlines() if line.startswith("#")}
    anchors = {"".join(c for c in text if c.isalnum() or c in " -").replace(" ", "-") for text in headings}
    for event in EVENTS:
        text = of(event).text
        assert text.rpartition("#")[2] in anchors, event


def test_a_deploy_that_waits_for_its_approval_has_a_notice_with_the_place() -> None:
    subject, text, _ = approval(CHANNELS, "https://example.com/runs/1", NOW)
    assert subject == "depot-prod: a deploy waits for its approval"
    assert text.splitlines()[-1] == "Plan and approval: https://example.com/runs/1"


def test_a_long_reason_is_cut() -> None:
    assert len(of(ROLLED_BACK, why="x" * 300_000).text) < 1500


def test_the_topic_and_the_job_summary_get_the_notice(tmp_path: Path) -> None:
    account, summary = Account(), tmp_path / "summary.md"
    sent = of(ROLLED_BACK, why="<b>`a`</b>")
    notify(CHANNELS, account, sent, summary)
    assert account.published == [{"TopicArn": TOPIC, "Subject": sent.subject, "Message": sent.text}]
    lines = summary.read_text(encoding="utf-8").splitlines()
    assert "    Why: <b>`a`</b>" in lines  # an indented block, in which nothing is Markdown
    assert all(line.startswith("    ") for line in lines if line)


def test_a_webhook_gets_the_text_as_slack_accepts_it() -> None:
    with receiver(with_status(200)) as (address, bodies):
        notify(replace(CHANNELS, webhook=address), Account(), of(ROLLED_BACK, why="<!channel> & more"))
    (body,) = map(json.loads, bodies)
    assert body.keys() == {"text"}
    assert "Why: &lt;!channel&gt; &amp; more" in body["text"]


def test_the_address_may_be_in_a_parameter_that_only_those_read_who_send() -> None:
    with receiver(with_status(200)) as (address, bodies):
        notify(replace(CHANNELS, webhook="/depot/prod/webhook"), Account(address), of(PROMOTED))
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("respond", "why"),
    [(with_status(404), "it responded with 404"),
     (with_status(302, Location="http://127.0.0.1:1/elsewhere"), "it responded with 302"),
     (lambda handler: handler.connection.shutdown(socket.SHUT_RDWR), "it cannot be reached")],
)  # fmt: skip
def test_a_webhook_that_fails_keeps_no_other_channel_silent_and_its_address_secret(
    respond: Callable[[BaseHTTPRequestHandler], None], why: str
) -> None:
    account = Account()
    with receiver(respond) as (address, bodies), pytest.raises(NotNotified, match=f"the webhook: {why}") as failed:
        notify(replace(CHANNELS, webhook=address, dashboard="depot-prod"), account, of(ROLLED_BACK))
    assert len(bodies) == len(account.published) == len(account.shown) == 1
    assert "secret" not in str(failed.value)


def test_a_webhook_that_never_finishes_its_response_is_left_alone() -> None:
    over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.05):
            handler.wfile.write(b"X: y\r\n")  # each byte in time for a socket

    with receiver(drip) as (address, _):
        try:
            with pytest.raises(webhook.NotSent, match=r"did not respond within 0\.5 s"):
                webhook.send(address, "text", patience=0.5)
        finally:
            over.set()


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/a",
        "file:///etc/passwd",
        "ftp://example.com",
        "https:///a",
        "https://a b",
        "http://127.0.0.1.example.com:80/",
    ],
)
def test_a_notice_goes_nowhere_without_encryption(address: str) -> None:
    with pytest.raises(NotNotified, match="does not begin with https://"):
        notify(Channels("depot-prod", "", webhook="/depot/prod/webhook"), Account(address), of(PROMOTED))


def test_a_topic_that_refuses_is_named_with_the_reason() -> None:
    account = Account()
    account.broken = True
    with pytest.raises(NotNotified, match="the topic: AuthorizationError: no"):
        notify(CHANNELS, account, of(PROMOTED))


def test_the_dashboard_shows_the_newest_lines_also_those_that_others_add_meanwhile() -> None:
    account = Account()
    account.others = 2
    notify(replace(CHANNELS, dashboard="depot-prod"), account, of(ROLLED_BACK))
    assert account.shown == ["other 1", "other 0", "release 12: rolled back"]
    for number in range(30):
        notify(replace(CHANNELS, dashboard="depot-prod"), account, of(PROMOTED, number=number, state=PROMOTED))
    assert len(account.shown) == dashboard_lines.KEPT
    assert account.shown[-1] == "release 29: promoted"
    assert "annotations" not in account.body["widgets"][1]["properties"]


def test_a_line_that_was_added_before_is_not_added_again() -> None:
    account = Account()
    for _ in range(2):
        notify(replace(CHANNELS, dashboard="depot-prod"), account, of(ROLLED_BACK))
    assert account.shown == ["release 12: rolled back"]


def test_without_a_place_for_them_in_what_is_deployed_there_are_no_lines() -> None:
    account = Account()
    account.entry = None
    with pytest.raises(NotNotified, match="the dashboard: what is deployed is older"):
        notify(replace(CHANNELS, dashboard="depot-prod"), account, of(ROLLED_BACK))
    assert account.shown == []
