"""What the comparison of answers finds on the local stack, and what it leaves there."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from crudctl.build import exchanges
from crudctl.build.script import Exchange, Script
from crudctl.build.service import DELETE
from crudctl.release.differential import AT_ONCE, differences
from crudctl.release.offered import asked
from crudctl.release.probe import OWNER, Probe
from crudctl.release.record import PROMOTED, ROLLED_BACK, Release
from crudctl.release.releaser import Releaser
from tests.release.rig import HASTY, Listener, Places, Quiet, Rig


def test_a_version_that_drops_a_field_never_reaches_a_user(rig: Rig, before: Places) -> None:
    watcher = Listener()
    ended = rig.releaser(watcher, compared=True).start([0.1], 0, rig.publish("field", "list_items"))
    assert (ended.state, ended.by) == (ROLLED_BACK, "comparison")
    assert "/body/items/0/updated_at is missing" in ended.why
    assert any("answers differ" in line and "updated_at is missing" in line for line in watcher.lines)
    assert ended.stages == []
    assert rig.places() == before
    assert rig.left_behind() == 0


def test_a_version_that_refuses_valid_patches_never_reaches_a_user(rig: Rig, before: Places) -> None:
    ended = rig.releaser().start([0.1], 0, rig.publish("refused", "update_item"))
    assert (ended.state, ended.by, ended.stages) == (ROLLED_BACK, "round trip", [])
    assert "400" in ended.why
    assert rig.places() == before


def test_a_version_that_answers_alike_is_promoted(rig: Rig, before: Places) -> None:
    ended = rig.releaser(compared=True).start([0.1], 0, rig.publish(None))
    assert (ended.state, ended.why) == (PROMOTED, ended.why), ended.why
    assert rig.left_behind() == 0
    rig.put(before)


class Aborting:
    """A client of Lambda: another terminal aborts the release at a request of the comparison. Counts what creates afterwards."""

    def __init__(self, rig: Rig, at: int) -> None:
        self._rig = rig
        self._left = iter(range(at))
        self.aborted: list[Release] = []
        self.created = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rig.client, name)

    def invoke(self, **given: Any) -> Any:
        """Invoke a function."""
        self.created += bool(self.aborted) and json.loads(given["Payload"]).get("httpMethod") == "POST"
        if next(self._left, None) is None and not self.aborted:
            self.aborted.append(self._rig.releaser().abort())
        return self._rig.client.invoke(**given)


def test_a_comparison_ends_when_another_terminal_aborts_the_release(rig: Rig, before: Places) -> None:
    client = Aborting(rig, at=60)
    clients = {"lambda": client}
    cloud = replace(rig.cloud, client=lambda service: clients.get(service) or rig.cloud.client(service), interval=0.0)
    new = rig.publish(None)
    ended = Releaser(replace(cloud, compared=True), Quiet(), HASTY).start([0.1], 0, new)
    assert (ended.state, ended.number, ended.stages) == (ROLLED_BACK, client.aborted[0].number, [])
    assert client.created <= AT_ONCE  # those that were being sent
    assert rig.places() == before
    assert rig.left_behind() == 0


def quick(rig: Rig) -> Script:
    """Return the exchanges that list, delete and restore: those that leave something in each state."""
    script = exchanges.script(rig.cloud.contract())
    chains = [chain for chain in script.apart if any(one.kind == DELETE and not one.query for one in chain)]
    return replace(script, apart=tuple(chains[-1:]))


def killed_at(rig: Rig, script: Script, at: Mapping[str, str], number: int) -> bool:
    """Compare versions with themselves in a process that is killed after a number of requests. Return whether it was."""
    probe = Probe(rig.for_children.client("lambda"), rig.functions, rig.cloud.round_trip())
    left = iter(range(number))

    def call(version: str, exchange: Exchange, resource: str) -> Mapping[str, Any]:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return probe.answer(version, exchange, resource)

    def run() -> None:
        differences(call, script, at, at, asked(None, rig.cloud.contract())[1], at_once=1)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join(300)
    return process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("ownership", ["user", "shared"])
def test_what_a_comparison_that_was_killed_left_is_deleted_by_the_next(
    rig: Rig, before: Places, ownership: str
) -> None:
    versions = rig.publish_with({"OWNERSHIP": ownership})
    rig.put(rig.at(versions))
    others = len(rig.entries(""))
    script, owners = quick(rig), set[str]()
    probe = Probe(rig.client, rig.functions, rig.cloud.round_trip())
    for number in (1, 4, 40):
        assert killed_at(rig, script, versions, number)
        owners |= {entry["owner"]["S"] for entry in rig.entries(f"{OWNER}#")}
        probe.clean()
        assert rig.left_behind() == 0
    assert owners == {OWNER, f"{OWNER}#trash"}
    _, known = asked(None, rig.cloud.contract())
    assert differences(probe.answer, script, versions, versions, known) == []
    assert len(rig.entries("")) == others
    rig.put(before)
