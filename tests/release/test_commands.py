"""The commands of a release on the local stack: beside Terraform, interrupted, without a reader, and in what they print."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from crudctl.release import dashboard_lines, versions
from crudctl.release.aliases import PROD, Position
from crudctl.release.commands import waiting
from crudctl.release.record import PROMOTED, ROLLED_BACK
from tests.release.rig import Places, Rig, eventually


def test_up_does_not_put_versions_in_service_that_a_release_decided_against(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.publish(None))
    assert rig.releaser().abort().state == ROLLED_BACK
    assert not versions.put_newest_in_service(rig.environment, rig.functions)
    assert rig.places() == before
    assert waiting(rig.environment).startswith("Published, and waiting for `crudctl release start`: create_item ")
    rig.publish(None)
    assert versions.put_newest_in_service(rig.environment, rig.functions)
    assert rig.places() == rig.at(rig.newest())
    assert not versions.put_newest_in_service(rig.environment, rig.functions)
    rig.put(before)


def test_an_apply_during_a_release_changes_neither_versions_nor_weights(rig: Rig, before: Places) -> None:
    new = rig.publish(None)  # the newest code too, which the apply publishes with more memory
    assert rig.killed_while_baking(new)
    places, watched, revisions = rig.places(), rig.watched(), rig.revisions()
    assert places[PROD]["get_item"] == Position(before[PROD]["get_item"].version, new["get_item"], 0.1)
    settings = rig.stack.home / "infra" / "envs" / "local.tfvars"
    kept = settings.read_text(encoding="utf-8")
    settings.write_text(f"{kept}function_settings = {{ memory_size = 640 }}\n", encoding="utf-8")
    line = dashboard_lines.line_at(time.time(), "release 0: promoted", dashboard_lines.GREEN)
    clients, prefix = rig.cloud.client, rig.environment.prefix
    dashboard_lines.add(clients("dynamodb"), f"{prefix}-releases", clients("cloudwatch"), prefix, line)
    shown = rig.lines_on_the_dashboard()
    try:
        code, output = rig.crudctl("up")
        assert code == 0, output
        assert rig.lines_on_the_dashboard() == shown
        published = rig.newest()
        assert all(int(version) > int(new[name]) for name, version in published.items())
        assert rig.places() == places
        assert rig.revisions() == revisions
        assert rig.watched() == watched
        assert rig.releaser().abort().state == ROLLED_BACK
        assert rig.places() == before

        code, output = rig.crudctl("up", "--hold")
        assert code == 0, output
        assert rig.places() == before
        assert f"Published, and waiting for `crudctl release start`: create_item {published['create_item']}," in output
        assert json.loads(rig.release("status", "--json")[1])["newest"] == published
        assert rig.releaser().start([0.5], 0).state == PROMOTED
        assert rig.places() == rig.at(published)
        assert rig.memory() == 640
        assert rig.left_behind() == 0
    finally:
        settings.write_text(kept, encoding="utf-8")


def test_an_alarm_rolls_back_only_what_fails_more_often_than_the_version_before_it(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.healthy)
    name = f"{rig.cloud.prefix}-get_item-canary-crashes"
    assert rig.alarm(name, before[PROD]["get_item"].version) == {"rollback": "the alarm is about another version"}
    assert rig.alarm(name, rig.healthy["get_item"])["rollback"].startswith("No sign that the new version is worse")
    rig.measure_faults(before[PROD]["get_item"].version)
    assert rig.alarm(name, rig.healthy["get_item"])["rollback"].startswith("No sign that the new version is worse")
    rig.measure_faults(rig.healthy["get_item"])
    rig.alarm(name, rig.healthy["get_item"])  # or the alarm itself, which fires for these faults too
    assert rig.ended_by(300) == "alarm"
    assert eventually(lambda: "rolled back" in rig.lines_on_the_dashboard()[-1], 60)
    assert rig.alarm(name, rig.healthy["get_item"]) == {"rollback": "no release is under way"}
    assert rig.places() == before


def test_an_alarm_about_a_function_that_does_not_change_rolls_nothing_back(rig: Rig, before: Places) -> None:
    new = {**rig.healthy, "get_item": before[PROD]["get_item"].version}
    assert rig.killed_while_baking(new)
    assert rig.alarm("an alarm", new["get_item"]) == {"rollback": "the alarm is about another version"}
    assert rig.releaser().abort().state == ROLLED_BACK
    assert rig.places() == before


def test_a_reason_with_line_breaks_is_one_line_and_status_reports_aliases_moved_since(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.healthy)
    rig.releaser().abort("on resource [/aws/lambda/items] must match [a-z]+\n## Heading")
    reason = "on resource [/aws/lambda/items] must match [a-z]+ ## Heading"
    assert reason in rig.release("history")[1].splitlines()[1]
    number = str(rig.records.past()[0].number)
    assert f"- Why: {reason}\n" in rig.release("history", number)[1]
    output = rig.release("status")[1]
    assert f"{reason}. Decided by: " in output
    assert "Since then something else moved" not in output
    assert rig.places() == before

    assert rig.releaser().start([0.5], 0, rig.healthy).state == PROMOTED
    rig.put(before)
    assert "Since then something else moved alias prod of create_item, delete_item," in rig.release("status")[1]


def test_rollback_to_a_promoted_release_works_after_many_rolled_back_ones(rig: Rig, before: Places) -> None:
    first = rig.releaser().start([0.1], 0, rig.healthy)
    others = [replace(first, number=first.number + n, state=ROLLED_BACK) for n in range(1, 61)]
    for other in others:
        rig.records.archive(other)
    current = rig.records.current()
    assert current is not None
    rig.records.save(replace(others[-1], holder=current.holder))
    last = rig.releaser().start([0.1], 0, rig.publish(None))
    assert last.state == PROMOTED
    assert first.number in {release.number for release in rig.records.past()}
    assert rig.release("rollback", "--to", str(first.number))[0] == 0
    assert rig.places() == rig.at(first.new)
    rig.put(before)
    for other in others[:-1]:
        key = {"kind": {"S": "past"}, "id": {"S": f"{other.number:09d}"}}
        rig.table.delete_item(TableName=f"{rig.cloud.prefix}-releases", Key=key)


def test_during_a_release_no_demo_publishes_anything(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.healthy)
    newest, places = rig.newest(), rig.places()
    for demo in ("release", "rollback"):
        code, output = rig.crudctl("demo", demo)
        assert code == 1
        assert " is under way: started " in output
    assert (rig.newest(), rig.places()) == (newest, places)
    assert rig.releaser().abort().state == ROLLED_BACK
    assert rig.places() == before


@pytest.mark.parametrize("where", ["| head -1", "> /dev/full 2>&1", ">&- 2>&-"])
def test_an_abort_whose_output_cannot_be_written_still_happens(rig: Rig, before: Places, where: str) -> None:
    assert rig.killed_while_baking(rig.healthy)
    command = f"{shlex.quote(sys.executable)} -m crudctl.cli release abort"
    shell = ["bash", "-c", f"set -o pipefail; {command} 2>&1 {where}"]
    assert subprocess.run(shell, cwd=rig.stack.home, stdout=subprocess.DEVNULL, check=False).returncode == 0
    assert rig.records.past()[0].state == ROLLED_BACK
    assert rig.places() == before


def test_a_report_that_cannot_be_written_does_not_change_how_a_release_ended(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.healthy)
    folder = rig.environment.home / "releases"
    kept = folder.rename(folder.with_name("kept")) if folder.exists() else None
    folder.write_text("in the way")
    code, output = rig.release("abort")
    folder.unlink()
    if kept:
        kept.rename(folder)
    assert code == 0
    assert "**Rolled back: all traffic is on the old versions.**" in output
    assert "The report could not be written: " in output
    assert rig.places() == before


@pytest.mark.parametrize("number_of", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_releaser_says_how_to_continue(rig: Rig, before: Places, number_of: signal.Signals) -> None:
    rig.publish(None)
    handler = signal.signal(number_of, lambda *_: None)  # a job in the background, or under nohup, would ignore it
    process = subprocess.Popen(
        [sys.executable, "-m", "crudctl.cli", "release", "start", "--yes"],
        cwd=rig.stack.home,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(number_of, handler)
    try:
        assert eventually(
            lambda: (current := rig.records.current()) is not None and current.running and current.looked > 0, 300
        )
        process.send_signal(number_of)
        _, output = process.communicate(timeout=300)
    finally:
        process.kill()  # has no effect if it has ended
    assert process.returncode == 1
    assert "Interrupted. A release that was under way still is" in output
    assert "`crudctl release resume`, `crudctl release promote` or `crudctl release abort`" in output
    assert "Traceback" not in output
    assert rig.releaser().abort().state == ROLLED_BACK
    assert rig.places() == before
