"""A releaser killed after any of its writes: record and aliases show where it was, and any other releaser can finish.

On the local stack its process is killed, in each step and between some aliases; in the simulation it stops after every write.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from crudctl.release.aliases import ALIASES, PROD, Position
from crudctl.release.record import PROMOTED, ROLLED_BACK
from crudctl.release.wording import DOING
from tests.release.rig import Listener, Places, Rig
from tests.release.simulation import HASTY, Aws, Stopped, Watcher, at

WEIGHTS = [0.1, 0.5]
STEPS = 1 + 1 + 5 + 2 + 5 + 2 + 5 + 2 + 5 + 5 + 2 + 1  # what a release writes, in the order of the first test
KILLED = (1, 2, 5, 8, 9, 12, 15, 16, 19, 22, 23, 26, 31, 34)  # of these, one of each kind, in the middle of aliases


@pytest.fixture(scope="module")
def before(rig: Rig) -> Places:
    """Where the aliases are when a release begins."""
    return rig.base()


def test_a_release_records_its_steps_in_this_order(rig: Rig, before: Places) -> None:
    listener, new = Listener(), rig.healthy
    ended = rig.releaser(listener).start(WEIGHTS, 0, new)
    assert ended.state == PROMOTED
    steps = {words: doing for doing, words in DOING.items()}
    said = [line.split(": ", 1)[1] if line.startswith("release") else line.split(" of ")[0] for line in listener.lines]
    words = [steps.get(line, line) for line in said]
    moves = [["canary"] * 5, ["prod"] * 5, ["prod"] * 5, ["prod"] * 5 + ["canary"] * 5]
    assert words == [
        "started", "alarms and metric filters: made", *moves[0], "probe", "shift", *moves[1], "bake", "shift", *moves[2], "bake",
        "promote", *moves[3], "watch", "promoted", "alarms and metric filters: removed",
    ]  # fmt: skip
    assert len(words) == STEPS
    assert rig.watched() == {}
    assert rig.places() == rig.at(new)
    rig.put(before)


@pytest.mark.parametrize("end", ["resume", "promote", "abort"])
def test_a_release_stopped_after_any_write_can_be_finished_by_another_releaser(end: str) -> None:
    for n in range(1, STEPS - 1):
        aws = Aws()
        start, new = aws.places(), aws.publish()
        with pytest.raises(Stopped):
            aws.releaser(Watcher(stop_after=n), HASTY).start(WEIGHTS, 0, new)
        ended = getattr(aws.releaser(policy=HASTY), end)()
        assert (ended.state, aws.places()) == ((ROLLED_BACK, start) if end == "abort" else (PROMOTED, at(new))), n
        assert aws.watched() == set(), n


@pytest.mark.parametrize("n", KILLED)
def test_a_release_killed_after_any_step_can_be_finished_by_another_releaser(rig: Rig, before: Places, n: int) -> None:
    new = rig.healthy
    assert rig.killed(n, new, WEIGHTS)
    places, record = rig.places(), rig.record()

    left = rig.records.current()
    assert left is not None
    assert left.running
    assert left.new == new
    known = {alias: [before[alias][name], *steps(before, new, name)] for alias in ALIASES for name in new}
    assert all(one in known[alias] for alias, positions in places.items() for one in positions.values())

    assert rig.releaser().resume().state == PROMOTED
    assert (rig.places(), rig.watched()) == (rig.at(new), {})

    rig.put(places)
    rig.put_record(record)
    assert rig.releaser().promote().state == PROMOTED
    assert rig.places() == rig.at(new)

    rig.put(places)
    rig.put_record(record)
    assert rig.releaser().abort().state == ROLLED_BACK
    assert rig.places() == before


def steps(before: Places, new: dict[str, str], name: str) -> list[Position]:
    """Return all positions at which a release may leave an alias."""
    old = before[PROD][name].version
    return [Position(new[name]), *(Position(old, new[name], weight) for weight in WEIGHTS)]


def test_a_rollback_that_was_killed_is_finished_by_resume(rig: Rig, before: Places) -> None:
    assert rig.killed(0, rig.healthy, WEIGHTS, 600)
    left = rig.records.current()
    assert left is not None
    rig.records.save(replace(left, doing="roll back", why="killed", by="test"))
    half = {**rig.places()[PROD], "get_item": before[PROD]["get_item"]}
    rig.put({PROD: half})
    assert rig.releaser().resume().state == ROLLED_BACK
    assert rig.places() == before


def test_status_of_a_release_whose_releaser_died_shows_where_it_is_and_how_to_continue(
    rig: Rig, before: Places
) -> None:
    assert rig.killed(0, rig.healthy, WEIGHTS, 600)
    status = json.loads(rig.release("status", "--json")[1])
    assert (status["release"]["state"], status["release"]["doing"]) == ("running", "bake")
    old, new = before[PROD]["get_item"].version, rig.healthy["get_item"]
    assert status["aliases"]["prod"]["get_item"] == {"version": old, "other": new, "weight": 0.1}
    assert status["aliases"]["canary"]["get_item"] == {"version": new, "other": "", "weight": 0.0}
    code, output = rig.release("status")
    assert code == 0
    assert f"(process {status['release']['pid']} on {status['release']['host']}) is no longer running" in output
    assert "`crudctl release resume`, `crudctl release promote` or `crudctl release abort`" in output
    assert f"{old}, 10% to {new}" in output
    assert rig.releaser().abort().why == "aborted by hand"
    assert rig.places() == before
