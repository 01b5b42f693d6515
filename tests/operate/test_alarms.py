"""When the deployed alarms fire: over hours of simulated traffic, and over real requests with short windows."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from crudctl.operate.alarms import Recipients, recipients
from crudctl.project import Environment
from tests.invoke import invoke
from tests.operate.faults import firing_under, without_permission
from tests.operate.night import OPERATIONS, Night
from tests.stack import ROOT, Stack

PREFIX = f"{Environment(ROOT, 'local').prefix}-"
SHORT = """
alarm_windows = {
  fast  = { period = 10, of = 3, bad = 2, burn = 14.4 }
  slow  = { period = 10, of = 4, bad = 3, burn = 6 }
  sparse = { period = 30, burn = 6 }
  cause = 10
}
"""


@pytest.fixture(scope="module")
def described(stack: Stack) -> list[dict[str, Any]]:
    """The alarms as Terraform deployed them. Those of a release come and go with it."""
    pages = stack.aws("cloudwatch").get_paginator("describe_alarms")
    listed = [alarm for page in pages.paginate(AlarmNamePrefix=PREFIX) for alarm in page["MetricAlarms"]]
    return [alarm for alarm in listed if any(":sns:" in action for action in alarm["AlarmActions"])]


@pytest.fixture
def night(described: list[dict[str, Any]]) -> Night:
    return Night(described, PREFIX)


def healthy(night: Night, each: int = 1) -> Callable[[], None]:
    def minute() -> None:
        for operation in OPERATIONS:
            night.request(operation, times=each)

    return minute


def test_one_event_of_each_kind_in_a_quiet_night_fires_no_alarm(night: Night) -> None:
    """Twelve hours with a request every seven minutes, and one event of each kind."""
    strays: dict[int, Callable[[], None]] = {
        20: lambda: night.request("get_item", status=500),
        200: lambda: night.request("list_items", status=502, crashed=True),
        300: lambda: night.request("create_item", milliseconds=7000),
        400: lambda: night.request("get_item", status=429),
        500: lambda: night.measured(night.namespace, "TableThrottled", 1),
        600: lambda: night.measured(night.namespace, "TableErrors", 1),
    }
    for minute in range(720):
        if minute % 7 == 0:
            night.pass_minutes(1, lambda: night.request("list_items"))
        else:
            night.pass_minutes(1, strays.get(minute, lambda: None))
    assert night.names == set()


def test_hours_without_a_request_fire_no_alarm(night: Night) -> None:
    night.pass_minutes(60, healthy(night))
    night.pass_minutes(600)
    assert night.names == set()


@pytest.mark.parametrize(
    "times", [(0, 0, 1), (0, 1, 3, 7), (0, 9, 18, 27)], ids=lambda times: f"{len(times)}-in-{times[-1]}"
)
def test_the_retries_of_one_client_fire_no_alarm(night: Night, times: tuple[int, ...]) -> None:
    """Nobody else is there; its requests fail, the first and each retry, at these minutes."""
    for minute in range(60):
        failing = times.count(minute)
        night.pass_minutes(
            1, partial(night.request, "get_item", status=500, times=failing) if failing else lambda: None
        )
    assert night.names == set()


@pytest.mark.parametrize("a_minute", [2, 15, 40])
def test_a_day_of_random_errors_and_delays_at_the_allowed_rate_fires_no_alarm(night: Night, a_minute: int) -> None:
    """15 a minute is near the worst: one error in the 150 requests of ten minutes is more than six times the share."""
    chance = random.Random(f"a day of {a_minute} requests a minute")

    def minute() -> None:
        arrived = sum(chance.random() < 0.1 for _ in range(a_minute * 10))
        for operation in chance.choices(OPERATIONS, k=arrived):
            failed, late = chance.random() < 0.001, chance.random() < 0.01
            night.request(operation, status=500 if failed else 200, milliseconds=3000 if late else 40)

    night.pass_minutes(1440, minute)
    assert night.names == set()


def test_an_operation_that_always_fails_fires_within_minutes_and_recovers_soon_after(night: Night) -> None:
    night.pass_minutes(120, healthy(night, each=5))

    def broken() -> None:
        healthy(night, each=5)()
        night.request("get_item", status=500, times=10)

    night.pass_minutes(30, broken)
    night.pass_minutes(60, healthy(night, each=5))
    assert night.names == {"operation-faults", "availability-fast", "availability-sparse"}
    began, ended = night.fired["availability-fast"]
    assert 120 < began <= 130
    assert 150 < ended <= 156
    began, ended = night.fired["operation-faults"]
    assert began == 121
    assert ended == 155


def test_an_outage_of_hours_fires_the_slow_alarm_too_which_recovers_within_half_an_hour(night: Night) -> None:
    night.pass_minutes(120, healthy(night, each=5))
    night.pass_minutes(120, lambda: night.request("get_item", status=502, crashed=True, times=20))
    night.pass_minutes(60, healthy(night, each=5))
    assert night.names == {"operation-faults", "availability-fast", "availability-slow", "availability-sparse"}
    began, ended = night.fired["availability-slow"]
    assert 120 < began <= 165
    assert 240 < ended <= 270


@pytest.mark.parametrize("apart", [4, 6, 12])
def test_an_outage_with_little_traffic_fires_too(night: Night, apart: int) -> None:
    """Every request crashes, one in so many minutes: no five minutes have five faults."""
    for minute in range(60):
        crash = minute % apart == 0
        night.pass_minutes(
            1, (lambda: night.request("get_item", status=502, crashed=True)) if crash else (lambda: None)
        )
    assert night.names == {"availability-slow", "availability-sparse"}


@pytest.mark.parametrize(
    ("apart", "others", "minutes", "within"),
    [(2, 0, 30, 10), (30, 0, 180, 125), (15, 5, 120, 70), (30, 1, 180, 125)],
    ids=["one-in-2-minutes", "one-in-30", "a-rare-operation", "a-rarer-one"],
)
def test_five_failures_are_enough_where_few_requests_are_made(
    night: Night, apart: int, others: int, minutes: int, within: int
) -> None:
    """An operation that always fails is called once in so many minutes, beside some requests a minute to another."""
    for minute in range(minutes):

        def arrived(minute: int = minute) -> None:
            if others:
                night.request("list_items", times=others)
            if minute % apart == 0:
                night.request("get_item", status=500)

        night.pass_minutes(1, arrived)
    assert night.names == {"availability-sparse"}
    assert night.fired["availability-sparse"][0] <= within


def test_what_a_busy_day_has_left_hides_no_outage_after_it(night: Night) -> None:
    """Twelve hours of 100 requests a minute, then one in ten minutes, which fails."""
    night.pass_minutes(720, healthy(night, each=20))
    for minute in range(60):
        night.pass_minutes(1, (lambda: night.request("get_item", status=500)) if minute % 10 == 0 else (lambda: None))
    assert night.names == {"availability-slow"}


def test_a_slow_leak_fires_the_slow_alarms_only(night: Night) -> None:
    """One in a hundred requests fails, over all operations: ten times the allowed share, which is below 14.4 times."""
    night.pass_minutes(60, healthy(night, each=20))
    requests = 0

    def leaking() -> None:
        nonlocal requests
        for _ in range(50):
            requests += 1
            night.request(OPERATIONS[requests // 100 % len(OPERATIONS)], status=500 if requests % 100 == 0 else 200)

    night.pass_minutes(360, leaking)
    assert night.names == {"availability-slow", "availability-sparse"}


@pytest.mark.parametrize("a_minute", [2, 5, 20])
def test_a_random_leak_at_little_traffic_is_found_within_a_day(night: Night, a_minute: int) -> None:
    """One in a hundred requests fails by chance."""
    chance = random.Random(f"a leak at {a_minute} requests a minute")
    night.pass_minutes(60, lambda: night.request("list_items", times=a_minute))

    def leaking() -> None:
        failed = sum(chance.random() < 0.01 for _ in range(a_minute))
        night.request("get_item", times=a_minute - failed)
        if failed:
            night.request("get_item", status=500, times=failed)

    night.pass_minutes(1440, leaking)
    assert night.names & {"availability-slow", "availability-sparse"}


def test_slow_responses_fire_the_latency_alarms_only(night: Night) -> None:
    night.pass_minutes(60, healthy(night))

    def crawling() -> None:
        healthy(night)()
        night.request("list_items", milliseconds=8000)

    night.pass_minutes(60, crawling)
    assert night.names == {"latency-fast", "latency-slow", "latency-sparse"}


@pytest.mark.parametrize(
    ("cause", "alarm"),
    [
        (lambda night: night.request("get_item", status=429, times=60), "api-throttled"),
        (lambda night: night.measured("AWS/Lambda", "Throttles", 1), "functions-throttled"),
        (lambda night: night.measured(night.namespace, "TableThrottled", 12), "table-throttled"),
        (lambda night: night.measured(night.namespace, "TableErrors", 12), "table-errors"),
        (lambda night: night.request("list_items", status=502, crashed=True, times=5), "operation-faults"),
    ],
    ids=["requests", "functions", "table", "table-errors", "crashes"],
)
def test_each_cause_fires_its_own_alarm_for_one_window(night: Night, cause: Callable[[Night], Any], alarm: str) -> None:
    users = healthy(night, each=50)
    night.pass_minutes(10, users)
    night.pass_minutes(1, lambda: (users(), cause(night))[0])
    night.pass_minutes(10, users)
    assert night.fired[alarm] == [11, 16]
    assert night.names == {alarm}


def test_sign_ins_fire_when_most_of_many_fail(night: Night, stack: Stack) -> None:
    pool, app = stack.outputs["user_pool_id"], stack.outputs["user_pool_client_id"]

    def sign_ins(failed: int, succeeded: int) -> Callable[[], None]:
        def minute() -> None:
            for value, times in ((0, failed), (1, succeeded)):
                for _ in range(times):
                    night.measured("AWS/Cognito", "SignInSuccesses", value, UserPool=pool, UserPoolClient=app)

        return minute

    night.pass_minutes(10, sign_ins(failed=10, succeeded=40))
    night.pass_minutes(10, sign_ins(failed=3, succeeded=0))
    assert night.names == set()
    night.pass_minutes(10, sign_ins(failed=10, succeeded=2))
    assert night.names == {"sign-in-failures"}


def test_who_is_notified_is_read_from_the_topic_of_the_alarms(stack: Stack) -> None:
    cloudwatch, sns = stack.aws("cloudwatch"), stack.aws("sns")
    assert recipients(cloudwatch, sns, PREFIX) == Recipients([], [])
    topic = next(
        each["TopicArn"] for each in sns.list_topics()["Topics"] if each["TopicArn"].endswith(f"{PREFIX}alarms")
    )
    subscription = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="on-call@example.com")["SubscriptionArn"]
    assert recipients(cloudwatch, sns, PREFIX) == Recipients(["on-call@example.com"], [])
    sns.unsubscribe(SubscriptionArn=subscription)


def test_an_address_that_has_not_confirmed_is_not_notified() -> None:
    """The emulator confirms every subscription at once."""
    subscriptions = [
        {"SubscriptionArn": "PendingConfirmation", "Endpoint": "new@example.com"},
        {"SubscriptionArn": "arn:aws:sns:eu-west-2:123456789012:alarms:1", "Endpoint": "on-call@example.com"},
    ]
    assert Recipients.of(subscriptions) == Recipients(["on-call@example.com"], ["new@example.com"])


@pytest.fixture
def short_windows(stack: Stack, described: object) -> None:
    """Apply the same Terraform with windows of seconds, which CloudWatch has too. The stack keeps them until its end.

    The alarms that the other tests of this module evaluate are described before.
    """
    settings = stack.home / "infra" / "envs" / "local.tfvars"
    patient = settings.read_text(encoding="utf-8").replace("latency_ms = 5000", "latency_ms = 25000")
    settings.write_text(patient + SHORT, encoding="utf-8")
    stack.crudctl("up")


@pytest.fixture
def notified(stack: Stack) -> Iterator[Callable[[], set[tuple[str, str]]]]:
    """Subscribe to the topic of the alarms. Gives a function that returns the alarms and states sent since its last call."""
    sqs, sns = stack.aws("sqs"), stack.aws("sns")
    topics = [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    topic = next(arn for arn in topics if arn.endswith(f"{PREFIX}alarms"))
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    queue = sqs.create_queue(QueueName="on-call", Attributes={"Policy": policy})["QueueUrl"]
    endpoint = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint)["SubscriptionArn"]

    def received() -> set[tuple[str, str]]:
        result = set()
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                alarm = json.loads(json.loads(message["Body"])["Message"])
                result.add((alarm["AlarmName"].removeprefix(PREFIX), alarm["NewStateValue"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return result

    yield received
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=queue)


@pytest.mark.usefixtures("short_windows")
def test_a_fault_in_one_operation_fires_its_alarm_and_those_of_users_until_it_is_fixed(
    stack: Stack, notified: Callable[[], set[tuple[str, str]]]
) -> None:
    expected = {"operation-faults", "availability-fast", "availability-slow", "availability-sparse"}
    cloudwatch = stack.aws("cloudwatch")
    with stack.api() as api:
        item = api.post("items", json={"name": "Watched"}).json()["id"]
        assert firing_under(lambda: api.get("items"), cloudwatch, set(), PREFIX) == set()
        notified()
        with without_permission(stack, "get_item"):
            assert (
                firing_under(lambda: [api.get("items"), api.get(f"items/{item}")], cloudwatch, expected, PREFIX)
                == expected
            )
            assert api.get(f"items/{item}").status_code == 500
            listed = invoke(stack.home, "alarms", "--json")
            assert "docs/runbook.md#operation-faults" in invoke(stack.home, "status").stdout
        assert listed.exit_code == 1
        faults = next(alarm for alarm in json.loads(listed.stdout) if alarm["name"] == "operation-faults")
        assert (faults["state"], faults["runbook"]) == ("ALARM", "docs/runbook.md#operation-faults")
        assert firing_under(lambda: api.get(f"items/{item}"), cloudwatch, set(), PREFIX) == set()
        assert invoke(stack.home, "alarms").exit_code == 0
        assert api.delete(f"items/{item}").status_code == 204
        assert notified() == {(name, state) for name in expected for state in ("ALARM", "OK")}


def test_alarms_have_fifteen_metrics(described: list[dict[str, Any]]) -> None:
    """Each metric of an alarm has a price. Here people use the app client for passwords too, whose sign-ins are two."""
    queried = [[each for each in alarm.get("Metrics", []) if "MetricStat" in each] for alarm in described]
    counted = sum(len(metrics) or 1 for metrics in queried)
    names = {
        alarm["AlarmName"].removeprefix(PREFIX): len(metrics) for alarm, metrics in zip(described, queried, strict=True)
    }
    assert {name for name, metrics in names.items() if metrics} == {
        "sign-in-failures",
        "availability-sparse",
        "latency-sparse",
    }
    assert counted == 15 + 2


def anchors(text: str) -> set[str]:
    """Return the anchor of each heading, as GitHub makes it."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_alarm_has_its_section_in_the_runbook_and_every_section_its_alarm(
    described: list[dict[str, Any]],
) -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    named = {alarm["AlarmDescription"].rpartition("Runbook: docs/runbook.md#")[2] for alarm in described}
    pages = text.partition("\n# Alarms")[2].partition("\n# ")[0]
    assert named <= anchors(pages)
    of_releases = {"release-stuck", "rollback-failed", "release-rolled-back"}
    assert anchors(pages) - named == {"account-budget", "alarms-that-fire-together", *of_releases}
    for page in re.split(r"^## ", pages, flags=re.MULTILINE)[2:]:
        assert all(part in page for part in ("**Means**", "**Look**", "**Do**", "```sh")), page.splitlines()[0]
