"""A releaser killed after each of its steps: the cloud's own state tells where it was, and anybody can finish."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from crudctl.release.aliases import CANARY, PROD, Position
from crudctl.release.record import PROMOTED, ROLLED_BACK
from tests.release.rig import Listener, Places, Rig

WEIGHTS = [0.1, 0.5]
STEPS = 1 + 5 + 2 + 5 + 2 + 5 + 2 + 5 + 5 + 1  # record and alias writes of a release, in the order of test_the_steps


@pytest.fixture(scope="module")
def before(rig: Rig) -> Places:
    """Where the aliases are when a release begins."""
    return rig.base()


def test_the_steps_of_a_release_are_these(rig: Rig, before: Places) -> None:
    listener, new = Listener(), rig.healthy
    ended = rig.releaser(listener).start(WEIGHTS, 0, new)
    assert ended.state == PROMOTED
    words = [line.split(": ", 1)[1] if line.startswith("release") else line.split(" of ")[0] for line in listener.lines]
    moves = [["canary"] * 5, ["prod"] * 5, ["prod"] * 5, ["prod"] * 5 + ["canary"] * 5]
    assert words == [
        "begun", *moves[0], "probe", "shift", *moves[1], "bake", "shift", *moves[2], "bake", "promote", *moves[3], "promoted",
    ]  # fmt: skip
    assert len(words) == STEPS
    assert rig.places() == rig.at(new)
    rig.put(before)


@pytest.mark.parametrize("n", range(1, STEPS))
def test_killed_after_a_step_it_is_finished_by_anybody(rig: Rig, before: Places, n: int) -> None:
    new = rig.healthy
    assert rig.killed(n, new, WEIGHTS)
    places, record = rig.places(), rig.record()

    left = rig.records.current()
    assert left is not None
    assert left.running
    assert left.new == new
    known = {alias: {before[alias][name], *steps(rig, before, new, name)} for alias in (PROD, CANARY) for name in new}
    assert all(at in known[alias] for alias, positions in places.items() for at in positions.values())

    assert rig.releaser().resume().state == PROMOTED
    assert rig.places() == rig.at(new)

    rig.put(places)
    rig.put_record(record)
    assert rig.releaser().promote().state == PROMOTED
    assert rig.places() == rig.at(new)

    rig.put(places)
    rig.put_record(record)
    assert rig.releaser().roll_back().state == ROLLED_BACK
    assert rig.places() == before


def steps(rig: Rig, before: Places, new: dict[str, str], name: str) -> list[Position]:
    """All places where a release may leave an alias."""
    old = before[PROD][name].version
    return [Position(new[name]), *(Position(old, new[name], weight) for weight in WEIGHTS)]


def test_a_rollback_that_was_killed_is_finished_by_resume(rig: Rig, before: Places) -> None:
    assert rig.killed(0, rig.healthy, WEIGHTS, 600)
    left = rig.records.current()
    assert left is not None
    rig.records.save(left.__class__(**{**vars(left), "doing": "roll back", "why": "killed", "by": "test"}))
    half = {**rig.places()[PROD], "get_item": before[PROD]["get_item"]}
    rig.put({PROD: half})
    assert rig.releaser().resume().state == ROLLED_BACK
    assert rig.places() == before


def test_promoting_what_is_being_taken_back_is_refused_and_stops_nobody(rig: Rig, before: Places) -> None:
    assert rig.killed(0, rig.healthy, WEIGHTS, 600)
    mine = rig.records.take_over("who takes it back")
    rig.records.save(replace(mine, doing="roll back", why="a test", by="test"))
    code, said = rig.release("promote", "--yes")
    assert (code, f"Release {mine.number} is being taken back." in said) == (1, True)
    rig.records.mine("who takes it back")
    assert rig.releaser().resume().state == ROLLED_BACK
    assert rig.places() == before


def test_a_step_that_is_taken_up_late_bakes_as_long_as_any_other(rig: Rig, before: Places) -> None:
    shift = 1 + 5 + 2 + 5 + 2  # the record says that half of the traffic is to go to the new versions; none has
    assert rig.killed(shift, rig.healthy, WEIGHTS, 2)
    assert {at.weight for at in rig.places()[PROD].values()} == {0.1}
    time.sleep(3)
    ended = rig.releaser().resume()
    assert ended.state == PROMOTED
    assert ended.ended - ended.stages[1][-1] >= 2
    rig.put(before)


def test_what_was_promoted_can_be_gone_back_to_however_much_was_taken_back_since(rig: Rig, before: Places) -> None:
    first = rig.releaser().start([0.1], 0, rig.publish(None))
    others = [replace(first, number=first.number + n, state=ROLLED_BACK) for n in range(1, 61)]
    for other in others:
        rig.records.archive(other)
    current = rig.records.current()
    assert current is not None
    rig.records.save(others[-1].__class__(**{**vars(others[-1]), "holder": current.holder}))
    last = rig.releaser().start([0.1], 0, rig.publish(None))
    assert last.state == PROMOTED
    assert rig.release("history", str(first.number))[0] == 0
    assert rig.release("rollback", "--to", str(first.number))[0] == 0
    assert rig.places() == rig.at(first.new)
    rig.put(before)
    for other in others[:-1]:
        key = {"kind": {"S": "past"}, "id": {"S": f"{other.number:09d}"}}
        rig.table.delete_item(TableName="items-local-releases", Key=key)


def test_status_tells_who_began_it_where_it_is_and_that_nobody_goes_on(rig: Rig, before: Places) -> None:
    assert rig.killed(0, rig.healthy, WEIGHTS, 600)
    found = rig.status()
    assert (found["release"]["state"], found["release"]["doing"]) == ("running", "bake")
    old, new = before[PROD]["get_item"].version, rig.healthy["get_item"]
    assert found["aliases"]["prod"]["get_item"] == {"version": old, "other": new, "weight": 0.1}
    assert found["aliases"]["canary"]["get_item"] == {"version": new, "other": "", "weight": 0.0}
    said = rig.stack.crudctl("release", "status")
    assert "is gone since" in said
    assert f"{old}, and {new} with 10%" in said
    code, said = rig.release("rollback")
    assert code == 0
    assert "rolled back by hand" in said
    assert rig.places() == before
