"""What users send stops no release, whatever it is: not the verdict, not the alarm, not the first round trip."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config

from crudctl.release import rollback_function
from crudctl.release.aliases import PROD
from crudctl.release.record import PROMOTED, ROLLED_BACK, Release
from tests.release.simulation import BEGIN, HASTY, PREFIX, Aws, Fault, Stopped, Watcher, at, refused
from tests.stack import ROOT

STEPS, BAKE = [0.1, 0.5], 600.0
BUSY = 5.0  # requests a second


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """An account in which the function `rollback` can be called too."""
    account = Aws()
    monkeypatch.setattr(boto3, "client", account.client)
    monkeypatch.setattr("time.time", account.clock)
    monkeypatch.setenv("RELEASES_TABLE", "releases")
    monkeypatch.setenv("NAMESPACE", PREFIX)
    monkeypatch.setenv("FUNCTIONS", json.dumps(account.functions))
    monkeypatch.setenv("NOTICES", json.dumps({"stack": PREFIX, "runbook": "docs/runbook.md"}))
    return account


def fire(aws: Aws, operation: str = "get_item", version: str = "2") -> str:
    """Call the function `rollback` as the alarm on 5xx responses of an operation does, and return its result."""
    name = f"{PREFIX}-{operation}-canary-faults"
    aws.cloudwatch.alarms[name]["StateValue"] = "ALARM"
    metric = {"namespace": PREFIX, "name": "Faults", "dimensions": {"operation": operation, "version": version}}
    alarm = {"alarmName": name, "state": {"value": "ALARM", "reason": "a test"}}
    event = {"alarmData": alarm | {"configuration": {"metrics": [{"metricStat": {"metric": metric}}]}}}
    return rollback_function.handler(event, None)["rollback"]


def test_a_response_that_does_not_come_leaves_the_function_time_to_ask_again(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    (seconds,) = re.findall(r"timeout += (\d+)", (ROOT / "infra" / "release.tf").read_text(encoding="utf-8"))
    waits: list[float] = []

    def client(service: str, config: Config) -> Any:
        waits.append((config.connect_timeout + config.read_timeout) * config.retries["total_max_attempts"])
        return aws.client(service)

    monkeypatch.setattr(boto3, "client", client)
    left_baking(aws, aws.publish())
    fire(aws)
    assert 0 < max(waits) < int(seconds) / 2


def left_baking(aws: Aws, new: dict[str, str], weights: list[float] | None = None) -> None:
    """Leave a release alone at its first step."""
    with pytest.raises(Stopped):
        aws.releaser(Watcher(stop_at_look=True), HASTY).start(weights or STEPS, BAKE, new)


def current(aws: Aws) -> Release:
    found = aws.cloud().records().current()
    assert found is not None
    return found


def one_operation(aws: Aws) -> None:
    aws.failing = {"get_item": 1.0}


def every_operation(aws: Aws) -> None:
    aws.failing = dict.fromkeys(aws.functions, 0.5)


def a_trickle(aws: Aws) -> None:
    aws.failing = {"get_item": 1 / 60}


@pytest.mark.parametrize(
    ("send", "rate", "weights"),
    [(one_operation, BUSY, STEPS), (every_operation, 0.0, STEPS), (a_trickle, 0.0, STEPS), (one_operation, 0.0, [0.9])],
)
def test_requests_that_fail_with_both_versions_stop_no_release(
    aws: Aws, send: Callable[[Aws], None], rate: float, weights: list[float]
) -> None:
    aws.rate = rate
    send(aws)
    aws.sleep(120)
    new = aws.publish()
    ended = aws.releaser().start(weights, BAKE, new)
    assert (ended.state, aws.places()) == (PROMOTED, at(new)), ended.why


@pytest.mark.parametrize("fails_by", ["exceptions", "timeouts"])
@pytest.mark.parametrize(("send", "rate"), [(one_operation, BUSY), (every_operation, 0.0)])
def test_requests_that_crash_or_time_out_with_both_versions_stop_no_release(
    aws: Aws, send: Callable[[Aws], None], rate: float, fails_by: str
) -> None:
    """They have a duration, as all requests have: very short ones, or the longest that there are."""
    aws.rate, aws.fails_by = rate, fails_by
    send(aws)
    aws.sleep(120)
    new = aws.publish()
    ended = aws.releaser().start(STEPS, BAKE, new)
    assert (ended.state, aws.places()) == (PROMOTED, at(new)), ended.why


def test_a_version_that_fails_is_found_although_users_send_only_what_fails_with_both(aws: Aws) -> None:
    """Their requests show nothing, and they are more than the release needs: its own round trips do."""
    aws.failing = dict.fromkeys(aws.functions, 1.0)
    fault = Fault("5xx", "update_item", 1.0, after=BEGIN + 60)  # the first round trip would find it
    ended = aws.releaser().start(STEPS, BAKE, aws.publish(fault))
    assert (ended.state, ended.by) == (ROLLED_BACK, "verdict")
    assert "update_item" in ended.why


def test_the_alarm_rolls_nothing_back_that_users_caused_and_fires_again(aws: Aws) -> None:
    left_baking(aws, aws.publish())
    aws.failing = {"get_item": 10.0}
    split = aws.places()
    for _ in range(10):
        aws.sleep(60)
        assert fire(aws).startswith("No sign that the new version is worse: odds ")
        assert aws.cloudwatch.alarms[f"{PREFIX}-get_item-canary-faults"]["StateValue"] == "OK"
    assert aws.places() == split


@pytest.mark.parametrize("weights", [[0.1], [0.5], [0.9]])
@pytest.mark.parametrize("attacked", [0.0, 1.0])
def test_the_alarm_rolls_back_what_fails_with_the_new_version_alone(
    aws: Aws, weights: list[float], attacked: float
) -> None:
    """Also if it did not look so at first, because users send what fails with both."""
    aws.rate, before = BUSY, aws.places()
    left_baking(aws, aws.publish(Fault("5xx", "get_item", after=BEGIN + 60)), weights)
    aws.failing = {"get_item": attacked}
    looks = 0
    while current(aws).running:
        aws.sleep(60)
        result, looks = fire(aws), looks + 1
        assert looks <= 5, result
    ended = current(aws)
    assert (ended.state, ended.by, aws.places()) == (ROLLED_BACK, "alarm", before)
    assert ended.why.startswith("get_item: ")
    assert ended.why.endswith(f"; noticed by alarm {PREFIX}-get_item-canary-faults")


def test_an_alarm_before_users_call_the_version_rolls_nothing_back(aws: Aws) -> None:
    shift = 1 + 1 + 5 + 1  # lines: everything is watched, `canary` points at the new versions
    with pytest.raises(Stopped):
        aws.releaser(Watcher(stop_after=shift), HASTY).start(STEPS, BAKE, aws.publish())
    assert not current(aws).stages
    assert fire(aws) == "no user has called the new version yet"


def test_a_function_that_cannot_look_is_called_again(aws: Aws) -> None:
    left_baking(aws, aws.publish())

    def unavailable(**_: Any) -> None:
        raise refused("ServiceUnavailable")

    aws.meets("cloudwatch", "get_metric_data", unavailable)
    with pytest.raises(type(refused()), match="ServiceUnavailable"):
        fire(aws)
    assert current(aws).running
    assert aws.cloudwatch.alarms[f"{PREFIX}-get_item-canary-faults"]["StateValue"] == "OK"


def test_faults_from_before_the_release_do_not_count(aws: Aws) -> None:
    """The same versions again, at once after they were rolled back for what has been repaired meanwhile."""
    broken = Fault("5xx", "get_item", after=BEGIN + 10)
    new = aws.publish(broken)
    aws.rate = BUSY
    left_baking(aws, new, [0.5])
    aws.sleep(55)
    assert fire(aws) == "release 1 was rolled back"
    for published in aws.lambda_._versions.values():
        published["2"] = None
    aws.sleep(2)
    left_baking(aws, new, [0.5])
    period = aws.cloud().period
    assert current(aws).stages[0][1] // period == current(aws).since // period
    aws.sleep(30)
    assert fire(aws).startswith("No sign that the new version is worse")
    ended = aws.releaser().resume()
    assert (ended.state, aws.places()) == (PROMOTED, at(new)), ended.why


def test_users_who_overload_the_service_do_not_make_the_first_round_trip_reject_a_version(aws: Aws) -> None:
    """Lambda has no concurrency left for any version, for longer than three attempts take."""
    new, until = aws.publish(), aws.clock() + 300

    def overloaded(**_: Any) -> None:
        if aws.clock() < until:
            raise refused("TooManyRequestsException")

    aws.meets("lambda", "invoke", overloaded)
    ended = aws.releaser().start(STEPS, BAKE, new)
    assert (ended.state, aws.places()) == (PROMOTED, at(new)), ended.why
    assert ended.stages[0][1] >= until


def test_a_service_that_fails_for_two_bakes_gets_no_new_version(aws: Aws) -> None:
    before, began = aws.places(), aws.clock()
    aws.meets("lambda", "invoke", lambda **_: (_ for _ in ()).throw(refused("TooManyRequestsException")))
    ended = aws.releaser().start(STEPS, BAKE, aws.publish())
    assert (ended.state, ended.by, aws.places()) == (ROLLED_BACK, "round trip", before)
    assert "; the old version fails too: " in ended.why
    assert aws.clock() - began >= 2 * BAKE
    assert all(not position.other for position in aws.places()[PROD].values())
