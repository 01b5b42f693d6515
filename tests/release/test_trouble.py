"""AWS refuses, or does not answer, in the middle of a release."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from crudctl.console import Failed
from crudctl.project import Environment
from crudctl.release import report
from crudctl.release.aliases import CANARY
from crudctl.release.commands import failures
from crudctl.release.probe import Probe
from crudctl.release.record import PROMOTED, ROLLED_BACK
from crudctl.release.releaser import Stranded
from tests.release import trouble
from tests.release.rig import Listener, Places, Rig, eventually


@pytest.fixture
def before(rig: Rig) -> Places:
    return rig.base()


@pytest.mark.parametrize(
    ("service", "operation"),
    [("cloudwatch", "GetMetricData"), ("cloudwatch", "DescribeAlarms"), ("lambda", "GetFunctionConfiguration")],
)
def test_what_fails_for_a_while_is_tried_again(rig: Rig, before: Places, service: str, operation: str) -> None:
    listener = Listener()
    client = trouble.client(rig, service, operation, trouble.first(2, trouble.refused))
    assert rig.releaser(listener, **{service: client}).start([0.1], 0, rig.healthy).state == PROMOTED
    assert sum("nothing moves, and it is tried again: " in line for line in listener.lines) == 2
    rig.put(before)


def test_a_release_that_sees_nothing_for_too_long_is_taken_back(rig: Rig, before: Places) -> None:
    client = trouble.client(rig, "cloudwatch", "GetMetricData", trouble.refused)
    ended = rig.releaser(blind=1, cloudwatch=client).start([0.1], 0, rig.healthy)
    assert (ended.state, ended.by) == (ROLLED_BACK, "releaser")
    assert ended.why.startswith("nothing could be done for ")
    assert ended.why.endswith("refused")
    assert rig.places() == before


def test_a_release_that_cannot_even_be_taken_back_says_how_to_go_on(rig: Rig, before: Places) -> None:
    looks = trouble.client(rig, "cloudwatch", "GetMetricData", trouble.refused)
    records = trouble.client(rig, "dynamodb", "PutItem", trouble.refused)
    assert rig.killed_while_baking(rig.healthy)
    releaser = rig.releaser(blind=1, cloudwatch=looks)
    releaser._journal.take_over()
    releaser._records._client = records
    left = rig.records.current()
    assert left is not None
    with pytest.raises(Failed) as failure, failures(Environment(rig.stack.home, "prod")):
        releaser._go_on(left.number)
    assert isinstance(failure.value.__cause__, Stranded)
    assert failure.value.message.startswith(f"Release {left.number} is left as it is: ")
    assert "`crudctl release resume --env prod` or `crudctl release rollback --env prod`" in failure.value.hint
    assert rig.releaser().roll_back().state == ROLLED_BACK
    assert rig.places() == before


def test_old_versions_that_could_not_be_deleted_are_no_reason_to_fail(rig: Rig, before: Places) -> None:
    client = trouble.client(rig, "lambda", "ListVersionsByFunction", trouble.refused)
    ended = rig.releaser(**{"lambda": client}).start([0.1], 0, rig.healthy)
    assert ended.state == PROMOTED
    assert ended.notes[-1].startswith("old versions were not deleted, the next release tries again: ")
    assert rig.records.past()[0] == ended
    assert ended.notes[-1] in report.markdown(ended, "local")
    rig.put(before)


def test_a_round_trip_that_another_version_answered_proves_nothing(rig: Rig, before: Places) -> None:
    probe = Probe(rig.client, rig.functions)
    old = {operation: at.version for operation, at in before[CANARY].items()}
    assert probe.round_trip(CANARY, old) == probe.round_trip(CANARY)
    found = probe.round_trip(CANARY, {**old, "get_item": "999"})
    assert found.fault.startswith("alias canary chose GET by get_item version ")
    assert found.fault.endswith(" instead of version 999")
    assert (found.function, found.version) == ("get_item", before[CANARY]["get_item"].version)
    assert rig.left_behind() == 0


def test_a_stray_fault_of_the_first_round_trip_is_not_compared(rig: Rig, before: Places) -> None:
    met: list[float] = []

    def stray(request: Any) -> AWSResponse:
        met.append(time.time())
        return trouble.refused(request)

    client = trouble.client(rig, "lambda", "Invoke", trouble.first(2, stray))
    ended = rig.releaser(**{"lambda": client}).start([0.5], 0, rig.publish(None))
    assert ended.state == PROMOTED
    assert ended.stages[0][1] // rig.cloud.period > met[1] // rig.cloud.period  # evidence is counted by whole periods
    rig.put(before)


@pytest.mark.parametrize("where", ["| head -1", "> /dev/full 2>&1", ">&- 2>&-"])
def test_a_rollback_that_nobody_can_read_happens_all_the_same(rig: Rig, before: Places, where: str) -> None:
    assert rig.killed_while_baking(rig.healthy)
    command = f"{shlex.quote(sys.executable)} -m crudctl.cli release rollback"
    shell = ["bash", "-c", f"set -o pipefail; {command} 2>&1 {where}"]
    assert subprocess.run(shell, cwd=rig.stack.home, stdout=subprocess.DEVNULL, check=False).returncode == 0
    assert rig.records.past()[0].state == ROLLED_BACK
    assert rig.places() == before


def test_a_report_that_cannot_be_kept_does_not_change_how_a_release_ended(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.healthy)
    folder = rig.environment.home / "releases"
    kept = folder.rename(folder.with_name("kept")) if folder.exists() else None
    folder.write_text("in the way")
    code, said = rig.release("rollback")
    folder.unlink()
    if kept:
        kept.rename(folder)
    assert code == 0
    assert "**Rolled back: all traffic is on the old versions.**" in said
    assert "The report could not be kept: " in said
    assert rig.places() == before


@pytest.mark.parametrize("number_of", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_releaser_says_how_to_go_on(rig: Rig, before: Places, number_of: signal.Signals) -> None:
    rig.publish(None)
    found_so = signal.signal(number_of, lambda *_: None)  # where a job in the background, or under nohup, ignores it
    process = subprocess.Popen(
        [sys.executable, "-m", "crudctl.cli", "release", "start", "--yes"],
        cwd=rig.stack.home,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(number_of, found_so)
    try:
        assert eventually(
            lambda: (found := rig.records.current()) is not None and found.running and found.doing == "bake", 60
        )
        time.sleep(1)
        process.send_signal(number_of)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()  # one that has ended stays as it is
    assert process.returncode == 1
    assert "Interrupted. A release that was under way still is" in said
    assert "`crudctl release resume`, `crudctl release promote` or `crudctl release rollback`" in said
    assert "Traceback" not in said
    assert rig.release("rollback")[0] == 0
    assert rig.places() == before
