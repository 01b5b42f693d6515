"""Alarms and metric filters of a release: they exist from before the first user until it has ended, however it ended."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from crudctl.console import Failed
from crudctl.project import Environment
from crudctl.release import rollback_function
from crudctl.release.aliases import PROD, Position
from crudctl.release.canary_alarms import Settings
from crudctl.release.cloud import alarm_settings
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release
from crudctl.release.releaser import Releaser
from tests.release.simulation import BEGIN, HASTY, OPERATIONS, PREFIX, Aws, Fault, Stopped, Watcher, refused
from tests.release.test_other_functions import in_project, release
from tests.stack import ROOT

STEPS = [0.1, 0.5]
CALLS = [("cloudwatch", "put_metric_alarm"), ("cloudwatch", "delete_alarms"), ("cloudwatch", "set_alarm_state"),
         ("logs", "put_metric_filter"), ("logs", "delete_metric_filter")]  # fmt: skip
ALARMS = {f"{PREFIX}-release-stuck", f"{PREFIX}-rollback-failed"}


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


def everything(*operations: str) -> set[str]:
    """Return the names of what watches a release that changes these functions."""
    kinds = ("-canary-crashes", "-canary-faults", "/canary-responses", "/canary-cold-starts", "/canary-refused")
    return ALARMS | {f"{PREFIX}-{operation}{kind}" for operation in operations for kind in kinds}


def left_baking(aws: Aws, new: dict[str, str]) -> Release:
    """Leave a release alone at its first step, and return it."""
    with pytest.raises(Stopped):
        aws.releaser(Watcher(stop_at_look=True), HASTY).start(STEPS, 600, new)
    found = aws.cloud().records().current()
    assert found is not None
    return found


def fired(aws: Aws, operation: str = "get_item", version: str = "2") -> str:
    """Call the function `rollback` as the alarm on 5xx responses of an operation does, and return its result."""
    metric = {"namespace": PREFIX, "name": "Faults", "dimensions": {"operation": operation, "version": version}}
    alarm = {"alarmName": f"{PREFIX}-{operation}-canary-faults", "state": {"value": "ALARM", "reason": "a test"}}
    event = {"alarmData": alarm | {"configuration": {"metrics": [{"metricStat": {"metric": metric}}]}}}
    return rollback_function.handler(event, None)["rollback"]


def dimensions(aws: Aws, name: str) -> dict[str, str]:
    (metric,) = (
        each["MetricStat"]["Metric"] for each in aws.cloudwatch.alarms[name]["Metrics"] if "MetricStat" in each
    )
    return {each["Name"]: each["Value"] for each in metric["Dimensions"]}


def test_all_of_it_exists_before_a_user_is_sent_to_the_new_version_and_is_about_that_version(aws: Aws) -> None:
    seen: list[set[str]] = []

    def moved(Name: str, **_: Any) -> None:  # noqa: N803 - boto3's name
        if Name == PROD:
            seen.append(aws.watched())

    aws.meets("lambda", "update_alias", moved)
    left_baking(aws, aws.publish())
    assert seen[0] == everything(*OPERATIONS)
    assert dimensions(aws, f"{PREFIX}-get_item-canary-faults") == {"operation": "get_item", "version": "2"}
    assert dimensions(aws, f"{PREFIX}-get_item-canary-crashes")["ExecutedVersion"] == "2"
    alarm = aws.cloudwatch.alarms[f"{PREFIX}-get_item-canary-crashes"]
    assert (alarm["AlarmActions"], alarm["TreatMissingData"]) == (["arn:rollback"], "notBreaching")
    actions = {name.removeprefix(f"{PREFIX}-"): aws.cloudwatch.alarms[name]["AlarmActions"] for name in ALARMS}
    assert actions == {"release-stuck": ["arn:topic", "arn:rollback"], "rollback-failed": ["arn:topic"]}


def test_only_functions_that_change_are_watched(aws: Aws) -> None:
    new = {"list_items": aws.publish()["list_items"]}
    left_baking(aws, new)
    assert aws.watched() == everything("list_items")


def by_verdict(aws: Aws) -> Release:
    aws.rate = 5.0
    return aws.releaser().start(STEPS, 600, aws.publish(Fault("5xx", "get_item", after=BEGIN + 60)))


def by_hand(aws: Aws) -> Release:
    left_baking(aws, aws.publish())
    return aws.releaser().abort()


def promoted_by_hand(aws: Aws) -> Release:
    left_baking(aws, aws.publish())
    return aws.releaser().promote()


def by_round_trip(aws: Aws) -> Release:
    return aws.releaser().start(STEPS, 600, aws.publish(Fault("exceptions", "get_item")))


def with_an_alias_elsewhere(aws: Aws) -> Release:
    left_baking(aws, aws.publish())
    aws.put(PROD, "get_item", Position("1"))
    return aws.releaser().resume()


def by_the_function(aws: Aws) -> Release:
    aws.rate = 5.0
    left_baking(aws, aws.publish(Fault("5xx", "get_item", after=BEGIN + 60)))
    for _ in range(5):
        aws.sleep(60)
        if fired(aws) == "release 1 was rolled back":
            break
    found = aws.cloud().records().current()
    assert found is not None
    return found


ENDS: dict[Callable[[Aws], Release], tuple[str, str]] = {
    lambda aws: aws.releaser(policy=HASTY).start(STEPS, 0, aws.publish()): (PROMOTED, "verdict"),
    promoted_by_hand: (PROMOTED, ""),
    by_verdict: (ROLLED_BACK, "verdict"),
    by_hand: (ROLLED_BACK, ""),
    by_round_trip: (ROLLED_BACK, "round trip"),
    with_an_alias_elsewhere: (FAILED, "releaser"),
    by_the_function: (ROLLED_BACK, "alarm"),
}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__.strip("<>"))
def test_nothing_is_left_however_a_release_ends(aws: Aws, end: Callable[[Aws], Release]) -> None:
    ended, (state, by) = end(aws), ENDS[end]
    assert (ended.state, ended.by) == (state, by or ended.by)
    assert aws.watched() == set()
    assert not any("removed" in note for note in ended.notes)


def stopping(aws: Aws, service: str, operation: str, n: int) -> Callable[[], bool]:
    """Let the process of a releaser die at its n-th request of a kind. Return what says whether it has."""
    count = 0

    def call(**_: Any) -> None:
        nonlocal count
        count += 1
        if count == n:
            raise Stopped

    aws.meets(service, operation, call)
    return lambda: count >= n


def deaths(service: str, operation: str) -> Iterator[Aws]:
    """Yield accounts in which a releaser has died at each of its requests of a kind, one after the other."""
    for n in range(1, 100):
        aws = Aws()
        died = stopping(aws, service, operation, n)
        try:
            aws.releaser(policy=HASTY).start(STEPS, 0, aws.publish())
        except Stopped:
            aws.meets(service, operation, lambda **_: None)
            yield aws
        if not died():
            return


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_whoever_comes_after_a_releaser_that_died_while_it_made_or_removed_them_uses_and_removes_them(
    service: str, operation: str
) -> None:
    for aws in deaths(service, operation):
        current = aws.cloud().records().current()
        assert current is not None
        if current.running:
            assert aws.releaser(policy=HASTY).resume().state == PROMOTED
        else:
            aws.releaser().sweep()
        assert aws.watched() == set()
    for aws in deaths(service, operation):
        current = aws.cloud().records().current()
        if current and current.running:
            assert aws.releaser().abort().state == ROLLED_BACK
        else:
            left_baking(aws, {"list_items": aws.publish()["list_items"]})
            assert aws.watched() == everything("list_items")  # and nothing of the release before
            aws.releaser().abort()
        assert aws.watched() == set()


def test_resume_removes_what_a_releaser_left_that_died_after_the_end(aws: Aws, tmp_path: Path) -> None:
    stopping(aws, "cloudwatch", "delete_alarms", 1)
    with pytest.raises(Stopped):
        aws.releaser(policy=HASTY).start(STEPS, 0, aws.publish())
    aws.meets("cloudwatch", "delete_alarms", lambda **_: None)
    assert aws.watched() == everything(*OPERATIONS)
    with in_project(aws, tmp_path):
        code, output = release("resume")
    assert (code, "No release is under way." in output) == (1, True), output
    assert aws.watched() == set()


def test_the_function_removes_what_a_release_left_that_has_ended(aws: Aws) -> None:
    stopping(aws, "cloudwatch", "delete_alarms", 1)
    with pytest.raises(Stopped):
        aws.releaser(policy=HASTY).start(STEPS, 0, aws.publish())
    aws.meets("cloudwatch", "delete_alarms", lambda **_: None)
    assert fired(aws) == "no release is under way"
    assert aws.watched() == set()


def test_a_function_that_rolled_back_and_could_not_remove_them_is_called_again(aws: Aws) -> None:
    aws.rate = 5.0
    left_baking(aws, aws.publish(Fault("5xx", "get_item", after=BEGIN + 60)))
    aws.sleep(300)

    def unavailable(**_: Any) -> None:
        raise refused("ServiceUnavailable")

    aws.meets("cloudwatch", "delete_alarms", unavailable)
    with pytest.raises(type(refused()), match="ServiceUnavailable"):
        fired(aws)
    aws.meets("cloudwatch", "delete_alarms", lambda **_: None)
    assert fired(aws) == "no release is under way"
    assert aws.watched() == set()


def test_what_cannot_be_removed_does_not_change_how_the_release_ended_and_is_noted(aws: Aws) -> None:
    aws.meets("logs", "delete_metric_filter", lambda **_: (_ for _ in ()).throw(refused("ServiceUnavailable")))
    ended = aws.releaser(policy=HASTY).start(STEPS, 0, aws.publish())
    assert ended.state == PROMOTED
    (note,) = ended.notes
    assert note.startswith(
        "the alarms and metric filters of the release could not be removed, the next one will try again: "
    )


@pytest.mark.parametrize("sweep", [lambda aws: aws.releaser().sweep(), lambda aws: fired(aws, version="9")])
def test_those_of_a_release_that_runs_are_not_swept(aws: Aws, sweep: Callable[[Aws], object]) -> None:
    left_baking(aws, aws.publish())
    sweep(aws)
    assert aws.watched() == everything(*OPERATIONS)


@pytest.mark.parametrize("kind", ["alarms", "filters"])
def test_what_a_late_sweep_removes_from_a_release_that_runs_is_made_again_at_its_next_look(aws: Aws, kind: str) -> None:
    """A releaser of the release before was suspended between seeing that none runs and removing."""
    seen: list[set[str]] = []

    class Late(Watcher):
        def show(self, *_: Any) -> None:
            seen.append(aws.watched())
            (aws.cloudwatch.alarms if kind == "alarms" else aws.logs.filters).clear()

    assert aws.releaser(Late()).start(STEPS, 600, aws.publish()).state == PROMOTED
    assert len(seen) > 2
    assert all(each == everything(*OPERATIONS) for each in seen)


def test_alarms_that_an_earlier_release_left_are_about_the_new_version_and_can_fire_again(aws: Aws) -> None:
    stopping(aws, "cloudwatch", "delete_alarms", 1)
    with pytest.raises(Stopped):
        aws.releaser(policy=HASTY).start(STEPS, 0, aws.publish())
    aws.meets("cloudwatch", "delete_alarms", lambda **_: None)
    name = f"{PREFIX}-get_item-canary-faults"
    aws.cloudwatch.alarms[name]["StateValue"] = "ALARM"
    before = aws.cloudwatch.alarms[f"{PREFIX}-release-stuck"]["Metrics"]
    left_baking(aws, aws.publish())
    assert dimensions(aws, name) == {"operation": "get_item", "version": "3"}
    assert aws.cloudwatch.alarms[name]["StateValue"] == "OK"
    assert aws.cloudwatch.alarms[f"{PREFIX}-release-stuck"]["Metrics"] != before


def counted_from(aws: Aws) -> set[str]:
    """Return from when on the alarms on the new versions count, as their descriptions say."""
    alarms = aws.cloudwatch.alarms.items()
    described = [alarm["AlarmDescription"] for name, alarm in alarms if not name.endswith("-rollback-failed")]
    return {re.findall(r"Counted from (.*) UTC", text)[0] for text in described}


def test_alarms_count_only_what_was_measured_since_the_release_has_sent_users_to_the_new_version(aws: Aws) -> None:
    aws.now += 30
    at_canary: list[set[str]] = []
    aws.meets("lambda", "update_alias", lambda **_: at_canary.append(counted_from(aws)))
    new = aws.publish()
    left_baking(aws, new)
    assert at_canary[0] == {"2027-01-15 08:01:00"}  # nothing of the minute in which it was started
    assert counted_from(aws) == {"2027-01-15 08:00:00"}  # nothing else has called the new version in this minute
    aws.releaser().abort()
    left_baking(aws, new)
    assert counted_from(aws) == {"2027-01-15 08:01:00"}  # the release before has


def test_requests_of_any_earlier_release_in_the_same_minute_are_left_out(aws: Aws) -> None:
    """Also if another one was in between, which has moved nothing to or from these versions."""
    first, second = aws.publish(), aws.publish()
    left_baking(aws, second)
    aws.releaser().abort()
    aws.releaser(policy=HASTY).start([0.5], 0, first)
    back = dict.fromkeys(aws.functions, "1")
    aws.releaser().go_to(back, "a test")
    ended = aws.cloud().records().past()[-1].ended
    assert left_baking(aws, second).counted_from > ended


def test_alarms_of_other_environments_and_the_standing_ones_are_left_alone(aws: Aws) -> None:
    others = {f"{PREFIX}-availability-fast", f"{PREFIX}-42-get_item-canary-faults", f"{PREFIX}-42-release-stuck"}
    for name in others:
        aws.cloudwatch.put_metric_alarm(AlarmName=name)
    assert aws.releaser(policy=HASTY).start(STEPS, 0, aws.publish()).state == PROMOTED
    assert aws.watched() == others


def test_an_environment_that_does_not_know_the_alarms_is_deployed_first() -> None:
    test = Environment(ROOT, "test")
    assert alarm_settings(test, {"release_alarms": None}) is None
    given: dict[str, Any] = {
        "rollback": "arn:1",
        "topic": "arn:2",
        "runbook": "docs/runbook.md",
        "cause": 300,
        "release": 3600,
    }
    assert alarm_settings(test, {"release_alarms": given}) == Settings(test.prefix, **given)
    with pytest.raises(Failed, match="older than this version of crudctl"):
        alarm_settings(test, {"functions": {}})


def test_nothing_is_begun_in_an_environment_that_does_not_know_the_alarms(aws: Aws) -> None:
    def unknown() -> None:
        raise Failed("What is deployed is older than this version of crudctl.")

    aws.publish()
    with pytest.raises(Failed):
        Releaser(replace(aws.cloud(), alarms=unknown), Watcher(), HASTY).start(STEPS, 0)
    assert aws.cloud().records().current() is None


def test_without_alarms_a_release_is_compared_all_the_same(aws: Aws) -> None:
    aws.rate = 5.0
    new = aws.publish(Fault("5xx", "get_item", after=BEGIN + 60))
    ended = Releaser(replace(aws.cloud(), alarms=lambda: None), Watcher()).start(STEPS, 600, new)
    assert (ended.state, ended.by) == (ROLLED_BACK, "verdict")
    assert aws.cloudwatch.alarms == {}
    assert aws.logs.filters == {}
