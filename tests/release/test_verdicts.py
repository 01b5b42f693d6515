"""Whole releases on AWS's schedule, minutes of traffic in milliseconds: what each kind of version leads to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from crudctl.console import Failed
from crudctl.project import Environment
from crudctl.release import report
from crudctl.release.aliases import CANARY, PROD, Position
from crudctl.release.cloud import BLIND
from crudctl.release.ending import failures
from crudctl.release.probe import Probe
from crudctl.release.record import PROMOTED, ROLLED_BACK
from crudctl.release.releaser import Stranded
from tests.release.simulation import HASTY, OPERATIONS, TRIP, Aws, Fault, Stopped, Watcher, at, only, refused, refusing

STEPS, BAKE = [0.1, 0.5], 600.0  # the defaults of `crudctl release start`
HOUR = 3600.0
BUSY = 5.0  # requests a second


@pytest.fixture
def idle() -> Aws:
    """An account whose users send nothing."""
    return Aws()


@pytest.fixture
def busy() -> Aws:
    """An account with twenty minutes of traffic before the release."""
    aws = Aws(BUSY)
    aws.sleep(1200)
    return aws


def test_a_healthy_version_reaches_all_users_without_a_failed_request(busy: Aws) -> None:
    new = busy.publish()
    ended = busy.releaser().start(STEPS, BAKE, new)
    assert (ended.state, ended.why, ended.by) == (PROMOTED, "as good as the old version", "verdict")
    assert busy.places() == at(new)
    assert set(busy.responses) == {200}
    assert [stage[0] for stage in ended.stages] == [*STEPS, 1.0]
    moved = [stage[-1] for stage in ended.stages]
    assert moved[1] - moved[0] >= BAKE
    assert ended.ended - moved[1] >= BAKE


@pytest.mark.parametrize("kind", ["5xx", "exceptions", "timeouts"])
def test_a_version_with_a_fifth_of_faults_in_one_function_is_rolled_back_on_all_five(busy: Aws, kind: str) -> None:
    before, requests = busy.places(), busy.responses.total()
    fault = Fault(kind, "update_item", 0.2, after=busy.clock() + 60)  # the first round trip would find it
    ended = busy.releaser().start(STEPS, BAKE, busy.publish(fault))
    assert (ended.state, ended.by) == (ROLLED_BACK, "verdict")
    assert ended.why.startswith("update_item: ")
    assert busy.places() == before
    failed = busy.responses[500] + busy.responses[502]
    assert 0 < failed <= 0.03 * (busy.responses.total() - requests)


def test_a_version_ten_times_as_slow_in_one_function_is_rolled_back(busy: Aws) -> None:
    before = busy.places()
    ended = busy.releaser().start(STEPS, BAKE, busy.publish(Fault("latency", "list_items")))
    assert (ended.state, ended.by) == (ROLLED_BACK, "verdict")
    assert re.match(r"list_items: \d+ of \d+ requests took as long as only one in ten did before", ended.why)
    assert set(busy.responses) == {200}
    assert busy.places() == before


def test_a_version_whose_responses_leave_no_log_lines_is_not_promoted(busy: Aws) -> None:
    before = busy.places()
    fault = Fault("malformed", "get_item", 0.9, after=busy.clock() + 60)  # the first round trip would find it
    ended = busy.releaser().start([0.2, 0.5], BAKE, busy.publish(fault))
    assert ended.state == ROLLED_BACK
    reason = r"\d+ of \d+ requests to the new version of get_item left no log line, so nobody knows whether they failed"
    assert re.search(reason, ended.why)
    assert busy.places() == before


def test_a_version_that_fails_its_first_round_trip_is_never_called_by_users(busy: Aws) -> None:
    before = busy.places()
    ended = busy.releaser().start(STEPS, BAKE, busy.publish(Fault("exceptions", "delete_item")))
    assert (ended.state, ended.by) == (ROLLED_BACK, "round trip")
    assert ended.why == "refused before any user had it: DELETE by delete_item version 2 crashed"
    assert set(busy.responses) == {200}
    assert busy.places() == before
    assert busy.items == {}


def test_without_users_a_version_that_fixes_a_broken_one_is_promoted(idle: Aws) -> None:
    for operation, version in idle.publish(Fault("5xx", "create_item")).items():
        for alias in (PROD, CANARY):
            idle.put(alias, operation, Position(version))
    new = idle.publish()
    ended = idle.releaser().start([0.5], BAKE, new)
    assert ended.state == PROMOTED
    assert idle.places() == at(new)


def test_without_user_traffic_round_trips_are_made_and_leave_no_items(idle: Aws) -> None:
    new = idle.publish()
    ended = idle.releaser().start(STEPS, BAKE, new)
    assert ended.state == PROMOTED
    assert idle.places() == at(new)
    assert all(sides["new"]["requests"] >= 5 for sides in ended.figures.values())
    assert set(ended.figures) == set(OPERATIONS)
    assert idle.items == {}


def test_a_resumed_step_gets_its_full_bake_time(idle: Aws) -> None:
    new = idle.publish()
    shift = (
        1 + 1 + 5 + 2 + 5 + 2
    )  # lines; the record says that half of the traffic is to go to the new version, none has
    with pytest.raises(Stopped):
        idle.releaser(Watcher(stop_after=shift), HASTY).start(STEPS, 120, new)
    assert {position.weight for position in idle.places()[PROD].values()} == {0.1}
    idle.sleep(HOUR)
    ended = idle.releaser(policy=HASTY).resume()
    assert ended.state == PROMOTED
    assert ended.ended - ended.stages[1][-1] >= 120


def test_a_releaser_that_resumes_a_step_late_still_has_time_for_a_verdict(idle: Aws) -> None:
    new = idle.publish()
    with pytest.raises(Stopped):
        idle.releaser(Watcher(stop_at_look=True)).start([0.5], BAKE, new)
    idle.sleep(HOUR)  # far more than a step without a verdict may last
    ended = idle.releaser().resume()
    assert (ended.state, ended.by) == (PROMOTED, "verdict")
    assert idle.places() == at(new)


@pytest.mark.parametrize(
    ("service", "operation"),
    [("cloudwatch", "get_metric_data"), ("cloudwatch", "describe_alarms"), ("lambda", "get_function_configuration")],
)
def test_a_request_that_fails_for_a_while_is_tried_again(idle: Aws, service: str, operation: str) -> None:
    watcher, new = Watcher(), idle.publish()
    idle.meets(service, operation, only(range(1, 3), refusing))
    assert idle.releaser(watcher, HASTY).start([0.1], 0, new).state == PROMOTED
    assert sum("request failed, trying again: " in line for line in watcher.lines) == 2
    assert idle.places() == at(new)


def test_a_release_that_cannot_read_metrics_for_too_long_is_rolled_back(idle: Aws) -> None:
    before, began = idle.places(), idle.clock()
    idle.meets("cloudwatch", "get_metric_data", refusing)
    ended = idle.releaser().start([0.1], BAKE, idle.publish())
    assert (ended.state, ended.by) == (ROLLED_BACK, "releaser")
    assert re.fullmatch(r"no progress for 3\d\d s: InvalidParameterValueException: refused", ended.why)
    assert BLIND < idle.clock() - began < BLIND + 60
    assert idle.places() == before


def test_a_release_that_can_be_neither_continued_nor_rolled_back_says_how_to_continue(
    idle: Aws, tmp_path: Path
) -> None:
    before = idle.places()

    def no_writes(**_: Any) -> None:
        idle.meets("dynamodb", "put_item", refusing)
        raise refused()

    idle.meets("cloudwatch", "get_metric_data", no_writes)
    with pytest.raises(Failed) as failure, failures(Environment(tmp_path, "prod")):
        idle.releaser().start([0.1], BAKE, idle.publish())
    assert isinstance(failure.value.__cause__, Stranded)
    assert failure.value.message.startswith("Release 1 could be neither continued nor rolled back: ")
    assert "`crudctl release resume --env prod` or `crudctl release abort --env prod`" in failure.value.hint
    idle.meets("dynamodb", "put_item", lambda **_: None)
    assert idle.releaser().abort().state == ROLLED_BACK
    assert idle.places() == before


def test_old_versions_that_cannot_be_deleted_do_not_fail_the_release(idle: Aws) -> None:
    new, after = idle.publish(), len(OPERATIONS) + 1  # once for each function before it begins
    idle.meets("lambda", "list_versions_by_function", only(range(after, 100), refusing))
    ended = idle.releaser(policy=HASTY).start([0.1], 0, new)
    assert ended.state == PROMOTED
    assert ended.notes[-1].startswith("old versions could not be deleted, the next release will try again: ")
    assert idle.cloud().records().past()[0] == ended
    assert ended.notes[-1] in report.markdown(ended, "local")


def test_a_round_trip_served_by_another_version_proves_nothing(idle: Aws) -> None:
    probe = Probe(idle.client("lambda"), idle.functions, TRIP)
    old = dict.fromkeys(OPERATIONS, "1")
    assert probe.round_trip(CANARY, old) == probe.round_trip(CANARY)
    result = probe.round_trip(CANARY, {**old, "get_item": "999"})
    assert result.fault == "alias canary chose GET by get_item version 1 instead of version 999"
    assert (result.function, result.version) == ("get_item", "1")
    assert idle.items == {}


def test_a_stray_fault_of_the_first_round_trip_is_not_compared(idle: Aws) -> None:
    met: list[float] = []

    def stray(**_: Any) -> ClientError:
        met.append(idle.clock())
        raise refused()

    idle.meets("lambda", "invoke", only(range(1, 3), stray))  # the first is Probe.clean
    ended = idle.releaser(policy=HASTY).start([0.5], 0, idle.publish())
    assert ended.state == PROMOTED
    assert ended.counted_from > met[1]  # evidence is counted by whole periods
