"""Five aliases move as one: whatever goes wrong on the way, none has moved. And one release at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from crudctl.release import report
from crudctl.release.aliases import PROD, Aliases, NotMoved, Position
from crudctl.release.record import PROMOTED, ROLLED_BACK, NothingUnderWay, Refused, Release, TakenOver
from tests.release import trouble
from tests.release.rig import Places, Rig


@pytest.fixture
def before(rig: Rig) -> Places:
    return rig.base()


def moved_by_another(rig: Rig) -> Callable[[Any], None]:
    def meet(_: Any) -> None:
        name = rig.functions["list_items"]
        found = rig.client.get_alias(FunctionName=name, Name=PROD)
        rig.client.update_alias(FunctionName=name, Name=PROD, FunctionVersion=found["FunctionVersion"])

    return meet


def unfenced() -> None:
    """The aliases are ours."""


def split(rig: Rig, before: Places) -> dict[str, Position]:
    return {name: Position(at.version, rig.healthy[name], 0.1) for name, at in before[PROD].items()}


@pytest.mark.parametrize(
    ("n", "meet"), [(1, trouble.refused), (3, trouble.refused), (5, trouble.refused), (3, trouble.unplugged)]
)
def test_what_fails_on_the_way_leaves_none_moved(rig: Rig, before: Places, n: int, meet: Callable[[Any], Any]) -> None:
    aliases = Aliases(trouble.client(rig, "lambda", "UpdateAlias", trouble.the(n, meet)), rig.functions, "tests")
    with pytest.raises(NotMoved):
        aliases.move(PROD, split(rig, before), lambda *_: True, unfenced)
    assert rig.places() == before


def test_an_alias_that_changed_since_it_was_read_is_not_overwritten_and_none_has_moved(
    rig: Rig, before: Places
) -> None:
    last = list(rig.functions)[-2]
    assert last == "list_items"
    client = trouble.client(rig, "lambda", "UpdateAlias", trouble.the(4, moved_by_another(rig)))
    with pytest.raises(NotMoved, match="PreconditionFailed"):
        Aliases(client, rig.functions, "tests").move(PROD, split(rig, before), lambda *_: True, unfenced)
    assert rig.places() == before


def test_an_alias_that_is_somewhere_unknown_stops_the_move_before_it_begins(rig: Rig, before: Places) -> None:
    elsewhere = {**before[PROD], "get_item": Position(rig.healthy["get_item"])}
    rig.put({PROD: elsewhere})
    with pytest.raises(NotMoved, match=r"get_item is at .*: somebody else moves it"):
        rig.aliases.move(PROD, split(rig, before), lambda name, at: at == before[PROD][name], unfenced)
    assert rig.places()[PROD] == elsewhere
    rig.put(before)


def test_a_release_whose_alias_somebody_moves_is_taken_back_and_that_alias_left_alone(rig: Rig, before: Places) -> None:
    assert rig.killed(0, rig.healthy, [0.1], 600)
    theirs = rig.publish(None)
    rig.put({PROD: {**rig.places()[PROD], "get_item": Position(theirs["get_item"])}})
    ended = rig.releaser().resume()
    assert ended.state == "failed"
    assert "somebody else moved it" in ended.why
    assert ended.elsewhere == [f"prod of get_item at {theirs['get_item']}"]
    assert report.verdict(ended).endswith(f"except what somebody else moved meanwhile: {ended.elsewhere[0]}")
    assert rig.places()[PROD] == {**before[PROD], "get_item": Position(theirs["get_item"])}
    rig.put(before)


def test_a_second_release_is_refused_with_who_and_since_when(rig: Rig, before: Places) -> None:
    assert rig.killed(0, rig.healthy, [0.1], 600)
    first = rig.records.current()
    assert first is not None
    with pytest.raises(Refused) as refusal:
        rig.records.begin(replace(first, number=first.number + 1, holder="second"), first)
    assert refusal.value.release == first
    code, said = rig.release("start", "--yes")
    assert code == 1
    assert f"Release {first.number} is under way since" in said
    assert f"by {first.who} (process {first.pid})" in said
    rig.releaser().roll_back()


def test_of_two_that_begin_at_once_one_is_refused(rig: Rig, before: Places) -> None:
    last = rig.records.current()
    assert rig.killed(0, rig.healthy, [0.1], 600)
    first = rig.records.current()
    assert last is not None
    assert first is not None
    rig.releaser().roll_back()
    with pytest.raises(Refused) as refusal:
        rig.records.begin(replace(first, holder="second"), last)
    assert refusal.value.release.number == first.number
    assert rig.places() == before


def test_where_traffic_is_split_without_a_release_none_begins(rig: Rig, before: Places) -> None:
    rig.put({PROD: {**before[PROD], "get_item": split(rig, before)["get_item"]}})
    code, said = rig.release("start", "--yes")
    assert code == 1
    assert "get_item already split their traffic" in said
    rig.put(before)


def test_who_lost_a_release_can_write_it_no_more(rig: Rig, before: Places) -> None:
    assert rig.killed(0, rig.healthy, [0.1], 600)
    mine = rig.records.take_over("mine")
    theirs = rig.records.take_over("theirs")
    with pytest.raises(TakenOver) as failure:
        rig.records.save(mine)
    assert failure.value.release == theirs
    rig.releaser().roll_back()
    assert rig.places() == before


def test_a_record_of_another_release_of_crudctl_is_read(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.healthy)
    item = rig.record()
    written = json.loads(item["release"]["S"]) | {"of_tomorrow": 1}
    rig.put_record(item | {"release": {"S": json.dumps(written)}})
    assert rig.release("status")[0] == 0
    assert rig.release("rollback")[0] == 0
    assert rig.places() == before


def test_who_takes_a_release_over_is_noted(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.healthy)
    begun = rig.records.current()
    ended = rig.releaser().roll_back()
    assert begun is not None
    assert ended.begun_by == begun.begun_by == begun.who
    assert re.search(r" UTC: taken over by .+@.+, while it was at: bake", ended.notes[0])
    assert rig.places() == before


def test_up_leaves_alone_what_a_release_decided(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.publish(None))
    assert rig.releaser().roll_back().state == ROLLED_BACK
    said = rig.stack.crudctl("up")
    assert rig.places() == before
    assert "Published, and waiting for `crudctl release start`: " in said
    rig.publish(None)
    rig.stack.crudctl("up")
    assert rig.places() == rig.at(rig.newest())
    rig.put(before)


def test_an_alarm_about_a_function_that_does_not_change_takes_nothing_back(rig: Rig, before: Places) -> None:
    new = {**rig.publish(None), "get_item": before[PROD]["get_item"].version}
    assert rig.killed_while_baking(new)
    assert rig.alarm("an alarm", new["get_item"]) == {"rollback": "the alarm is about another version"}
    assert rig.releaser().roll_back().state == ROLLED_BACK
    assert rig.places() == before


def test_whatever_aws_says_is_listed(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.healthy)
    rig.releaser().roll_back("on resource [/aws/lambda/items] must match [a-z]+\n## Heading")
    assert "on resource [/aws/lambda/items] must match [a-z]+ ## Heading" in rig.release("history")[1].splitlines()[1]
    assert "on resource [/aws/lambda/items] must match [a-z]+ ## Heading (by " in rig.release("status")[1]
    number = str(rig.records.past()[0].number)
    assert "- Why: on resource [/aws/lambda/items] must match [a-z]+ ## Heading\n" in rig.release("history", number)[1]
    assert rig.places() == before


def test_going_back_again_and_again_deletes_nothing(rig: Rig, before: Places) -> None:
    versions = [rig.publish(None), rig.publish(None)]
    for new in versions:
        assert rig.releaser().start([0.5], 0, new).state == PROMOTED
    for n in range(6):
        assert rig.releaser().go_to(versions[n % 2], "a test").outcome == "went back"
    assert (
        rig.releaser().go_to({name: at.version for name, at in before[PROD].items()}, "a test").outcome == "went back"
    )
    assert rig.places() == rig.at({name: at.version for name, at in before[PROD].items()})
    rig.put(before)


def test_status_says_when_the_aliases_are_no_longer_where_the_release_left_them(rig: Rig, before: Places) -> None:
    assert rig.releaser().start([0.5], 0, rig.publish(None)).state == PROMOTED
    assert "Since then something else moved" not in rig.release("status")[1]
    rig.put(before)
    assert "Since then something else moved alias prod of create_item, delete_item," in rig.release("status")[1]


def test_with_nothing_under_way_there_is_nothing_to_go_on_with(rig: Rig, before: Places) -> None:
    for command in ("resume", "promote"):
        code, said = rig.release(command)
        assert code == 1
        assert "No release is under way." in said
    with pytest.raises(NothingUnderWay):
        rig.releaser().roll_back()


def test_records_keep_what_a_release_is(rig: Rig) -> None:
    found = rig.records.past()
    assert found
    assert all(isinstance(release, Release) and not release.running for release in found)
    assert [release.number for release in found] == sorted({r.number for r in found}, reverse=True)
