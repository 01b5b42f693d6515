"""Who is woken, and who is not: the deployed alarms over hours of traffic, and over real requests in short windows."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from crudctl.cost import model
from crudctl.operate.alarms import alarms
from tests.operate.night import OPERATIONS, Night
from tests.stack import ROOT, Stack

PREFIX = "items-local-"
SHORT = """
alarm_windows = { fast = { long = 60, short = 10, burn = 14.4 }, slow = { long = 120, short = 20, burn = 6 }, cause = 30 }
"""


@pytest.fixture(scope="module")
def described(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    """The alarms as Terraform has deployed them."""
    pages = stack.aws("cloudwatch").get_paginator("describe_alarms")
    found: dict[str, list[dict[str, Any]]] = {"MetricAlarms": [], "CompositeAlarms": []}
    for page in pages.paginate(AlarmNamePrefix=PREFIX, AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
        for kind, each in found.items():
            each.extend(page[kind])
    return found


@pytest.fixture
def night(described: dict[str, list[dict[str, Any]]]) -> Night:
    return Night(described, PREFIX)


def healthy(night: Night, each: int = 1) -> Callable[[], None]:
    def minute() -> None:
        for operation in OPERATIONS * each:
            night.request(operation)

    return minute


def test_a_quiet_night_with_one_of_everything_that_happens_wakes_nobody(night: Night) -> None:
    """Twelve hours of a request every seven minutes, and of each trouble one."""
    strays: dict[int, Callable[[], None]] = {
        20: lambda: night.request("get_item", status=500),
        200: lambda: night.request("list_items", status=502, crashed=True),
        300: lambda: night.request("create_item", milliseconds=7000),
        400: lambda: night.request("get_item", status=429),
        500: lambda: night.measured("AWS/DynamoDB", "ReadThrottleEvents", 1, TableName="items-local-items"),
    }
    for minute in range(720):
        if minute % 7 == 0:
            night.passes(1, lambda: night.request("list_items"))
        else:
            night.passes(1, strays.get(minute, lambda: None))
    assert night.names == set()


def test_hours_without_a_single_request_wake_nobody(night: Night) -> None:
    night.passes(60, healthy(night))
    night.passes(600)
    assert night.names == set()


def test_an_operation_that_always_fails_rings_within_minutes_and_stops_soon_after(night: Night) -> None:
    night.passes(120, healthy(night, each=5))

    def broken() -> None:
        healthy(night, each=5)()
        for _ in range(10):
            night.request("get_item", status=500)

    night.passes(30, broken)
    night.passes(60, healthy(night, each=5))
    assert night.names == {"get_item-faults", "availability-fast", "availability-slow"}
    began, ended = night.rang["availability-fast"]
    assert 120 < began <= 130
    assert 150 < ended <= 156
    began, ended = night.rang["get_item-faults"]
    assert began == 121
    assert ended == 155


def test_an_outage_at_little_traffic_rings_too(night: Night) -> None:
    """A request every four minutes, of which every one crashes: no operation has five faults in five minutes."""
    for minute in range(60):
        crash = minute % 4 == 0
        night.passes(1, (lambda: night.request("get_item", status=502, crashed=True)) if crash else (lambda: None))
    assert night.names == {"availability-fast", "availability-slow"}


def test_a_slow_leak_rings_for_the_day_and_not_for_the_night(night: Night) -> None:
    """One in a hundred requests fails, spread over all operations: ten times what is allowed, and not 14.4 times."""
    night.passes(60, healthy(night, each=20))
    requests = 0

    def leaking() -> None:
        nonlocal requests
        for _ in range(50):
            requests += 1
            night.request(OPERATIONS[requests // 100 % 5], status=500 if requests % 100 == 0 else 200)

    night.passes(360, leaking)
    assert night.names == {"availability-slow"}


def test_slow_answers_ring_for_latency_and_nothing_else(night: Night) -> None:
    night.passes(60, healthy(night))

    def crawling() -> None:
        healthy(night)()
        night.request("list_items", milliseconds=8000)

    night.passes(60, crawling)
    assert night.names == {"latency-fast", "latency-slow"}


@pytest.mark.parametrize(
    ("happens", "rings"),
    [
        (lambda night: [night.request("get_item", status=429) for _ in range(60)], "api-throttled"),
        (lambda night: night.measured("AWS/Lambda", "Throttles", 1, FunctionName="items-local-get_item",
                                      Resource="items-local-get_item:prod"), "functions-throttled"),
        (lambda night: night.measured("AWS/DynamoDB", "WriteThrottleEvents", 12, TableName="items-local-items",
                                      GlobalSecondaryIndexName="by_owner"), "table-throttled"),
        (lambda night: night.measured("AWS/DynamoDB", "SystemErrors", 12, TableName="items-local-items",
                                      Operation="Query"), "table-errors"),
        (lambda night: night.measured("AWS/Lambda", "Errors", 1, FunctionName="items-local-rollback"), "rollback-failed"),
    ],
)  # fmt: skip
def test_each_cause_rings_alone_and_is_over_with_its_window(
    night: Night, happens: Callable[[Night], Any], rings: str
) -> None:
    night.passes(10, healthy(night))
    night.passes(1, lambda: (healthy(night)(), happens(night))[0])
    night.passes(10, healthy(night))
    assert night.rang[rings] == [11, 16]
    assert night.names == {rings}


def test_sign_ins_ring_when_most_of_many_fail(night: Night, stack: Stack) -> None:
    pool, app = stack.outputs["user_pool_id"], stack.outputs["user_pool_client_id"]

    def sign_ins(failed: int, succeeded: int) -> Callable[[], None]:
        def minute() -> None:
            for value, times in ((0, failed), (1, succeeded)):
                for _ in range(times):
                    night.measured("AWS/Cognito", "SignInSuccesses", value, UserPool=pool, UserPoolClient=app)

        return minute

    night.passes(10, sign_ins(failed=10, succeeded=40))
    night.passes(10, sign_ins(failed=3, succeeded=0))
    assert night.names == set()
    night.passes(10, sign_ins(failed=10, succeeded=2))
    assert night.names == {"sign-in-failures"}


def test_a_release_rings_when_it_has_gone_on_for_three_hours(night: Night, stack: Stack) -> None:
    newest = stack.functions()["items-local-list_items"]["prod"][0]

    def shared() -> None:
        for version in ("old", newest):
            of = {"FunctionName": "items-local-list_items", "Resource": "items-local-list_items:prod"}
            night.measured("AWS/Lambda", "Invocations", 1, **of)
            night.measured("AWS/Lambda", "Invocations", 1, **of, ExecutedVersion=version)

    night.passes(40, shared)
    night.passes(300, healthy(night))
    assert night.names == set()
    night.passes(190, shared)
    assert night.names == {"release-stuck"}


@contextmanager
def short_windows(stack: Stack) -> Iterator[None]:
    """The same Terraform with windows of seconds; periods below a minute are CloudWatch's too."""
    settings = stack.home / "infra" / "envs" / "local.tfvars"
    before = settings.read_text(encoding="utf-8")
    patient = before.replace("latency_ms = 5000", "latency_ms = 25000")
    settings.write_text(patient + SHORT, encoding="utf-8")
    stack.crudctl("up")
    try:
        yield
    finally:
        settings.write_text(before, encoding="utf-8")
        stack.crudctl("up")


def ringing(stack: Stack) -> set[str]:
    return {alarm.name for alarm in alarms(stack.aws("cloudwatch"), PREFIX) if alarm.state == "ALARM"}


@contextmanager
def without_permission(stack: Stack, operation: str) -> Iterator[None]:
    """A function that may not reach the table, as after a bad change of its role; it may still log."""
    iam, name = stack.aws("iam"), stack.outputs["functions"][operation]
    role = stack.aws("lambda").get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
    policies = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
                for name in iam.list_role_policies(RoleName=role)["PolicyNames"]}  # fmt: skip
    data = next(name for name, document in policies.items() if "dynamodb:" in json.dumps(document))
    left = [each for each in policies[data]["Statement"] if "dynamodb:" not in json.dumps(each)]
    iam.put_role_policy(
        RoleName=role, PolicyName=data, PolicyDocument=json.dumps({**policies[data], "Statement": left})
    )
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=data, PolicyDocument=json.dumps(policies[data]))


def watched(stack: Stack, wanted: set[str], traffic: Callable[[], Any]) -> set[str]:
    """What rings, as soon as it is `wanted` under that traffic, or after a minute and a half."""
    deadline = time.monotonic() + 90
    while (found := ringing(stack)) != wanted and time.monotonic() < deadline:
        traffic()
        time.sleep(0.2)
    return found


def told(stack: Stack, queue: str) -> list[tuple[str, str]]:
    """The alarms and states that were sent to the topic's subscriber so far."""
    sqs, found = stack.aws("sqs"), []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages"):
        for message in messages:
            alarm = json.loads(json.loads(message["Body"])["Message"])
            found.append((alarm["AlarmName"].removeprefix(PREFIX), alarm["NewStateValue"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_a_fault_in_one_operation_rings_for_it_and_for_users_and_stops_when_it_is_mended(stack: Stack) -> None:
    sqs, sns = stack.aws("sqs"), stack.aws("sns")
    topic = next(
        each["TopicArn"] for each in sns.list_topics()["Topics"] if each["TopicArn"].endswith(f"{PREFIX}alarms")
    )
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
    expected = {"get_item-faults", "availability-fast", "availability-slow"}
    try:
        with short_windows(stack), stack.api() as api:
            item = api.post("items", json={"name": "Watched"}).json()["id"]
            assert watched(stack, set(), lambda: [api.get("items")]) == set()
            sns_before = told(stack, queue)
            with without_permission(stack, "get_item"):
                rang = watched(stack, expected, lambda: [api.get("items"), api.get(f"items/{item}")])
                assert api.get(f"items/{item}").status_code == 500
                code, said = stack.crudctl_exit("alarms", "--json")
                assert "docs/runbook.md#operation-faults" in stack.crudctl("status")
            assert rang == expected
            assert code == 1
            listed = {alarm["name"]: alarm for alarm in json.loads(said)}
            assert listed["get_item-faults"]["state"] == "ALARM"
            assert listed["get_item-faults"]["runbook"] == "docs/runbook.md#operation-faults"
            assert watched(stack, set(), lambda: [api.get(f"items/{item}")]) == set()
            assert stack.crudctl_exit("alarms")[0] == 0
            assert api.delete(f"items/{item}").status_code == 204
            heard = told(stack, queue)
            assert {each for each in heard if each not in sns_before} == {
                (name, state) for name in expected for state in ("ALARM", "OK")
            }
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=queue)


def test_the_bill_counts_the_alarms_that_are_deployed(described: dict[str, list[dict[str, Any]]]) -> None:
    """Each metric of an alarm is priced. Prod has no app client for passwords, whose sign-ins are two metrics here."""
    watched = [
        [each for each in alarm.get("Metrics", []) if "MetricStat" in each] for alarm in described["MetricAlarms"]
    ]
    assert sum(len(metrics) or 1 for metrics in watched) - 2 == model.ALARM_METRICS
    assert len(described["CompositeAlarms"]) == model.COMPOSITE_ALARMS


def anchors(text: str) -> set[str]:
    """Of each heading, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_alarm_has_its_page_in_the_runbook_and_every_page_its_alarm(
    described: dict[str, list[dict[str, Any]]],
) -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    named = {alarm["AlarmDescription"].rpartition("Runbook: docs/runbook.md#")[2]
             for each in described.values() for alarm in each}  # fmt: skip
    pages = text.partition("\n# Alarms")[2].partition("\n# ")[0]
    assert named <= anchors(pages)
    assert anchors(pages) - named <= {"account-budget", "alarms-that-fire-together"}
    for page in re.split(r"^## ", pages, flags=re.MULTILINE)[2:]:
        assert all(part in page for part in ("**Means**", "**Look**", "**Do**", "```sh")), page.splitlines()[0]
