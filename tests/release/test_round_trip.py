"""What a round trip sends: the preconditions that a service may require, and nothing that is left behind. Simulated functions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crudctl.build import round_trip
from crudctl.build.round_trip import RoundTrip
from crudctl.build.service import DELETE, RESTORE
from crudctl.release.aliases import CANARY, PROD, Position
from crudctl.release.probe import Finding, Probe
from crudctl.release.record import PROMOTED
from tests import contracts
from tests.release.simulation import Aws

RIGHT = Finding()


@pytest.fixture
def aws() -> Aws:
    return Aws()


def sent(aws: Aws) -> list[dict[str, Any]]:
    """Return a list to which the events of all requests from now on are added."""
    events: list[dict[str, Any]] = []
    aws.meets("lambda", "invoke", lambda **request: events.append(json.loads(request["Payload"])))
    return events


def in_service(aws: Aws, versions: dict[str, str], beside: dict[str, str] | None = None) -> Probe:
    """Let both aliases call these versions, `prod` those beside them too, and return the probe."""
    for operation, version in versions.items():
        other = (beside or {}).get(operation, "")
        aws.put(PROD, operation, Position(version, other, 0.5 if other else 0.0))
        aws.put(CANARY, operation, Position(version))
    return Probe(aws.client("lambda"), aws.functions, aws.trip)


def restoring() -> RoundTrip:
    """Return the round trip of the tests' contract, with `x-probe` at the operation to restore."""
    document: Any = contracts.document()
    document["paths"]["/items/{id}/restore"]["post"]["x-probe"] = True
    return round_trip.plan(document)


def test_changes_are_made_on_condition_of_the_version_before(aws: Aws) -> None:
    events = sent(aws)
    assert in_service(aws, aws.publish()).round_trip(PROD) == RIGHT
    conditions = {event["httpMethod"]: event["headers"].get("If-Match") for event in events}
    assert conditions == {"POST": None, "GET": None, "PUT": '"1"', "PATCH": '"2"', "DELETE": '"3"'}


def test_after_an_operation_that_returns_no_entity_tag_any_version_is_deleted(aws: Aws) -> None:
    aws.add_archive(probed=True)
    events = sent(aws)
    assert in_service(aws, aws.publish()).round_trip(PROD) == RIGHT
    assert [event["headers"]["If-Match"] for event in events if event["httpMethod"] == "DELETE"] == ["*"]


def test_a_service_that_requires_if_match_is_released(aws: Aws) -> None:
    new = aws.publish(trash_days="")
    for operation, version in new.items():
        aws.lambda_.variables(aws.functions[operation], version)["REQUIRE_IF_MATCH"] = "true"
    assert aws.releaser().start([0.5], 600, new).state == PROMOTED
    assert aws.items == {}


def test_nothing_is_left_in_the_trash(aws: Aws) -> None:
    probe = in_service(aws, aws.publish())
    assert probe.round_trip(PROD) == RIGHT
    assert aws.items == {}
    aws.items = {"1": {"id": "1", "owner": "release-probe", "version": 5}}
    probe.clean()
    assert aws.items == {}


def test_a_version_that_does_not_know_purge_is_asked_without() -> None:
    aws = Aws(trash_days=None)
    probe = in_service(aws, dict.fromkeys(aws.functions, "1"), beside=aws.publish(trash_days=""))
    assert {probe.round_trip(PROD) for _ in range(50)} == {RIGHT}
    assert aws.items == {}
    first = Probe(aws.client("lambda"), aws.functions, aws.trip).round_trip(PROD, dict.fromkeys(aws.functions, "1"))
    assert "chose" in first.fault or "400 instead of 204" in first.wrong  # where the versions are known, it is wrong


@pytest.mark.parametrize(("days", "restored"), [("30", 1), ("0", 0), ("", 0)])
def test_restore_is_probed_where_only_a_version_with_a_trash_responds(aws: Aws, days: str, restored: int) -> None:
    aws.trip = restoring()
    events, new = sent(aws), aws.publish(trash_days=days)
    probe = in_service(aws, new)
    assert probe.round_trip(CANARY, new) == RIGHT
    assert [event["path"].endswith("/restore") for event in events].count(True) == restored
    events.clear()
    assert probe.round_trip(PROD) == RIGHT  # any version may respond
    assert not [event for event in events if event["path"].endswith("/restore")]
    assert len(events) == sum(probe.counts.values())
    assert aws.items == {}


def test_restore_is_called_only_if_the_contract_says_so() -> None:
    document = contracts.document()
    assert RESTORE not in {call.kind for call in round_trip.plan(document).calls}
    kinds = [call.kind for call in restoring().calls if call.alone]
    assert kinds == [DELETE, RESTORE]


def test_a_setting_that_callers_notice_is_found_in_the_functions_environment(aws: Aws) -> None:
    probe, old = in_service(aws, aws.publish()), dict.fromkeys(aws.functions, "1")
    assert probe.settings(old, aws.publish()) == frozenset()
    assert probe.settings(old, aws.publish(trash_days="")) == {"TRASH_DAYS"}
