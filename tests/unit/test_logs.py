"""How often CloudWatch Logs is asked for log lines, without CloudWatch."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from crudctl.console import Failed
from crudctl.operate import logs
from crudctl.operate.logs import FOLLOWING, QUOTA, SEARCHING, Pace
from crudctl.project import Environment
from crudctl.verify import arrivals

GROUPS = [f"/aws/lambda/function-{number}" for number in range(20)]


class Clock:
    """A clock that moves only while something sleeps."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds since the test began."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on by this many seconds."""
        self.now += seconds


def response(body: dict[str, Any]) -> AWSResponse:
    """A response with a body that was not read from a connection."""
    made = AWSResponse("https://logs.example", 200, {}, None)
    made._content = json.dumps(body).encode()
    return made


class Account(Environment):
    """An account whose log groups have a new line, or two pages of them, whenever they are asked. `asked` has the times."""

    def at(self, clock: Clock, pages: int) -> Account:
        """Count requests by a clock, and give each search this many pages."""
        asked: list[float] = []
        self.__dict__.update(asked=asked, clock=clock, pages=pages)
        return self

    def client(self, service: str, region: str = "") -> Any:
        """A client of boto3 that reaches no network."""
        client = boto3.client(service, region_name="eu-west-2", aws_access_key_id="a", aws_secret_access_key="b")
        client.meta.events.register_last("before-send.cloudwatch-logs", self._respond)
        return client

    def _respond(self, **_: Any) -> AWSResponse:
        asked, pages = self.__dict__["asked"], self.__dict__["pages"]
        asked.append(self.__dict__["clock"]())
        event = {"eventId": str(len(asked)), "timestamp": 10**9, "message": self.__dict__.get("message", "{}")}
        more = {"nextToken": str(len(asked))} if len(asked) % pages else {}
        return response({"events": [event], **more})


def busiest(asked: list[float]) -> int:
    """The most requests that begin in one second."""
    return max(sum(begun <= at < begun + 1 for at in asked) for begun in asked)


@pytest.mark.parametrize("pages", [1, 2])
@pytest.mark.parametrize(("follow", "rate"), [(True, FOLLOWING), (False, SEARCHING)])
def test_reading_many_groups_stays_below_the_quota(tmp_path: Path, pages: int, follow: bool, rate: int) -> None:
    clock = Clock()
    account = Account(tmp_path, "prod").at(clock, pages)
    lines = logs.read(account, GROUPS, 600, follow=follow, pace=Pace(rate, clock, clock.sleep))
    assert len(list(itertools.islice(lines, 3 * len(GROUPS)))) == (3 if follow else pages) * len(GROUPS)
    assert busiest(account.__dict__["asked"]) <= rate < QUOTA


@pytest.mark.parametrize("message", ["{}", '{"request_id": "ID", "function_request_id": "run"}'])
def test_a_trace_stays_below_the_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str) -> None:
    """Found at once, with all lines around it, or searched for in ever longer times."""
    clock = Clock()
    account = Account(tmp_path, "prod").at(clock, 1)
    account.__dict__["message"] = message
    monkeypatch.setattr(logs, "Pace", lambda rate: Pace(rate, clock, clock.sleep))
    with contextlib.nullcontext() if "ID" in message else pytest.raises(Failed):
        logs.trace(account, GROUPS, "ID", None)
    assert len(account.__dict__["asked"]) >= 3 * len(GROUPS)
    assert busiest(account.__dict__["asked"]) <= SEARCHING


def test_looking_for_a_second_page_stays_below_the_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `crudctl verify` does, also where page after page is empty."""
    clock, asked = Clock(), []

    class Empty:
        def filter_log_events(self, **_: Any) -> dict[str, Any]:
            asked.append(clock())
            return {"events": [], "nextToken": "more"}

    monkeypatch.setattr(logs, "Pace", lambda rate: Pace(rate, clock, clock.sleep))
    subject: Any = SimpleNamespace(environment=Environment(tmp_path, "prod"), client=lambda _: Empty())
    arrivals._two_pages(subject, GROUPS[0], SimpleNamespace(at=10_000.0))  # type: ignore[arg-type]
    assert len(asked) == 50
    assert busiest(asked) <= SEARCHING


def test_two_that_follow_stay_below_the_quota_together() -> None:
    assert 2 * FOLLOWING < QUOTA


def test_requests_that_come_late_wait_for_nothing_and_save_nothing_up() -> None:
    clock = Clock()
    pace = Pace(2, clock, clock.sleep)
    clock.now = 60.0
    times = []
    for _ in range(4):
        pace.wait()
        times.append(clock())
    assert times == [60.0, 60.5, 61.0, 61.5]


def test_the_local_stack_is_asked_without_a_pause() -> None:
    clock = Clock()
    pace = Pace(math.inf, clock, clock.sleep)
    for _ in range(1000):
        pace.wait()
    assert clock() == 0
