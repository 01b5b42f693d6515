"""When people are notified of a release: once of each thing that happens to it, and it goes on in any case."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest

from crudctl.release import notices, rollback_function
from crudctl.release.aliases import PROD, Position
from crudctl.release.cloud import Cloud, notifier
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release
from crudctl.release.releaser import Releaser
from tests.release.simulation import BEGIN, HASTY, PREFIX, Aws, Fault, Stopped, Watcher, refusing


class Told:
    """Keeps what people would be notified of; with `failing`, nobody can be."""

    def __init__(self, *, failing: bool = False) -> None:
        self.events: list[tuple[int, str]] = []
        self.releases: list[Release] = []
        self._failing = failing

    def __call__(self, release: Release, event: str) -> str:
        notices.notice(notices.Channels("depot-test", "docs/runbook.md"), release, event, 0.0)
        self.events.append((release.number, event))
        self.releases.append(release)
        return "not everybody was notified: the webhook: it responded with 404" if self._failing else ""


@pytest.fixture
def aws() -> Aws:
    return Aws(rate=5.0)


def releaser(aws: Aws, told: Any, watcher: Watcher | None = None, **options: Any) -> Releaser:
    cloud: Cloud = replace(aws.cloud(**options), tell=told)
    return Releaser(cloud, watcher or Watcher(), HASTY)


def test_a_promotion_is_reported_once_when_all_traffic_is_on_the_new_versions(aws: Aws) -> None:
    told = Told()
    aws.publish()
    ended = releaser(aws, told).start([0.1, 0.5], 120.0)
    assert ended.state == PROMOTED
    assert told.events == [(1, PROMOTED)]
    assert told.releases[0].running  # it is watched for one more bake
    assert aws.cloud().records().past()[0].told == ended.told


def test_a_return_to_earlier_versions_is_reported_too(aws: Aws) -> None:
    told, before = Told(), dict.fromkeys(aws.functions, "1")
    aws.publish()
    releaser(aws, told).start([0.1], 120.0)
    releaser(aws, told).go_to(before, "by hand")
    assert told.events == [(1, PROMOTED), (2, "reverted")]


def test_a_rollback_is_reported_with_its_reason(aws: Aws) -> None:
    told = Told()
    aws.publish(Fault("5xx", "get_item"))
    ended = releaser(aws, told).start([0.1], 300.0)
    assert (ended.state, told.events) == (ROLLED_BACK, [(1, ROLLED_BACK)])
    assert told.releases[0].why == ended.why


def test_an_abort_is_reported(aws: Aws) -> None:
    told = Told()
    aws.publish()
    with pytest.raises(Stopped):
        releaser(aws, told, Watcher(stop_at_look=True)).start([0.1], 120.0)
    releaser(aws, told).abort()
    assert told.events == [(1, ROLLED_BACK)]


def test_a_release_that_something_else_moves_is_reported_as_failed(aws: Aws) -> None:
    told = Told()
    aws.publish()

    class Moved(Watcher):
        def show(self, *_: Any) -> None:
            aws.put(PROD, "get_item", Position("1"))

    ended = releaser(aws, told, Moved()).start([0.1], 120.0)
    assert (ended.state, told.events) == (FAILED, [(1, FAILED)])


def test_aliases_that_cannot_be_restored_are_reported(aws: Aws) -> None:
    told = Told()
    aws.publish()
    aws.meets("lambda", "update_alias", refusing)
    ended = releaser(aws, told).start([0.1], 120.0)
    assert (ended.running, told.events) == (True, [(1, notices.WAITS)])
    assert told.releases[0].why.startswith("could not be restored: ")


def test_who_takes_a_release_over_reports_nothing_a_second_time(aws: Aws) -> None:
    told = Told()
    aws.publish()
    stops = Watcher(stop_at_look=True)
    with pytest.raises(Stopped):
        releaser(aws, told, stops).start([0.1], 120.0)
    releaser(aws, told).promote()
    assert told.events == [(1, PROMOTED)]


def test_a_hold_beyond_the_bake_is_reported_once_in_each_step() -> None:
    aws, told = Aws(rate=0.0), Told()
    aws.publish()
    lacking = replace(aws.cloud(), tell=told)
    ended = Releaser(lacking, Watcher(), replace(HASTY, least=10**6)).start([0.1], 300.0)
    assert (ended.state, told.events) == (ROLLED_BACK, [(1, notices.WAITS), (1, ROLLED_BACK)])
    assert "1000000" in told.releases[0].why


def test_a_release_whose_releaser_is_interrupted_is_reported(aws: Aws) -> None:
    told = Told()
    aws.publish()

    class Interrupted(Watcher):
        def show(self, *_: Any) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        releaser(aws, told, Interrupted()).start([0.1], 120.0)
    assert told.events == [(1, notices.WAITS)]
    assert told.releases[0].why == "its releaser was interrupted"


@pytest.mark.parametrize("raises", [True, False])
def test_that_nobody_can_be_notified_changes_nothing_but_the_notes(aws: Aws, raises: bool) -> None:
    def broken(*_: Any) -> str:
        raise KeyError("release_notices")

    aws.publish()
    ended = releaser(aws, broken if raises else Told(failing=True)).start([0.1], 120.0)
    assert ended.state == PROMOTED
    (note,) = [note for note in ended.notes if "notified" in note]
    assert ("KeyError" in note) == raises
    assert aws.cloud().records().past()[0].notes == ended.notes


def called_by(aws: Aws, alarm: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[tuple[str, str]]]:
    """Call the function `rollback` as an alarm does. Return its result, and what it published: topic and subject."""
    published: list[tuple[str, str]] = []

    class Topic:
        def publish(self, TopicArn: str, Subject: str, Message: str) -> None:  # noqa: N803 - boto3's names
            published.append((TopicArn, Subject))

    channels = {"stack": PREFIX, "runbook": "docs/runbook.md", "topic": "arn:topic"}
    variables = {"RELEASES_TABLE": "releases", "NAMESPACE": PREFIX, "FUNCTIONS": aws.functions, "NOTICES": channels}
    for name, value in variables.items():
        monkeypatch.setenv(name, value if isinstance(value, str) else json.dumps(value))
    monkeypatch.setattr("time.time", aws.clock)
    monkeypatch.setattr(boto3, "client", lambda name, config: Topic() if name == "sns" else aws.client(name))
    dimensions = {"operation": "get_item", "version": "2"}
    metric = {"metricStat": {"metric": {"namespace": PREFIX, "name": "Faults", "dimensions": dimensions}}}
    described = {"description": "Two versions have shared the traffic", "metrics": [metric]}
    state = {"value": "ALARM", "reason": "a test"}
    event = {"alarmData": {"alarmName": f"{PREFIX}-{alarm}", "state": state, "configuration": described}}
    return rollback_function.handler(event, None)["rollback"], published


def test_the_function_that_rolls_back_reports_it(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.publish(Fault("5xx", "get_item", after=BEGIN + 60))
    with pytest.raises(Stopped):
        releaser(aws, Told(), Watcher(stop_at_look=True)).start([0.5], 600.0)
    aws.sleep(300)
    result, published = called_by(aws, "get_item-canary-faults", monkeypatch)
    assert result == "release 1 was rolled back"
    assert published == [("arn:topic", f"{PREFIX}: release 1 rolled back")]


def test_the_alarm_on_a_release_that_takes_too_long_reports_it_to_those_whom_the_topic_does_not_reach(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.publish()
    with pytest.raises(Stopped):
        releaser(aws, Told(), Watcher(stop_at_look=True)).start([0.5], 600.0)
    result, published = called_by(aws, "release-stuck", monkeypatch)
    assert (result, published) == ("people were notified of a release that waits", [])
    found = aws.cloud().records().current()
    assert found is not None
    assert found.running


def test_what_is_deployed_by_an_older_version_has_nobody_to_notify() -> None:
    note = notifier(lambda _: None, lambda: {"release_alarms": {}})(Told().releases, PROMOTED)  # type: ignore[arg-type]
    assert note == "nobody was notified: what is deployed is older than this version of crudctl"
