"""Releases while users work: the very commands, on a local stack, with traffic on all five operations."""

from __future__ import annotations

import re
import shutil
import time

import pytest

from crudctl.release.aliases import PROD, Position
from crudctl.release.record import ROLLED_BACK
from tests.release.rig import Places, Rig, eventually

STEADY = 40  # requests a second, at least


@pytest.fixture
def before(rig: Rig) -> Places:
    return rig.base()


def test_a_healthy_release_reaches_everybody_without_a_failed_request(rig: Rig, before: Places) -> None:
    new = rig.publish(None)
    with rig.load() as load:
        assert eventually(lambda: load.requests > 200, 30)
        began, at = rig.clock(), load.requests
        code, said = rig.release("start", "--bake", "10s", "--yes")
        seconds, requests = rig.clock() - began, load.requests - at
    assert code == 0, said
    assert "Promoted: all traffic is on the new versions." in said
    assert rig.places() == rig.at(new)
    assert requests / seconds >= STEADY
    assert load.failed == 0
    assert set(load.responses) <= {200, 201, 204}

    code, said = rig.release("rollback")
    assert code == 0, said
    assert rig.places()[PROD] == before[PROD]
    code, said = rig.release("history")
    assert "as healthy as the old version" in said
    assert "went back" in said
    assert len(said.splitlines()) == 1 + len(rig.records.past())  # a line each
    number = rig.records.past()[1].number
    assert rig.release("rollback", "--to", str(number))[0] == 0
    assert rig.places() == rig.at(new)
    code, said = rig.release("rollback", "--to", "999")
    assert (code, "no promoted release 999" in said) == (1, True)


def test_a_release_with_a_fifth_of_faults_in_one_function_is_taken_back_on_all_five(rig: Rig, before: Places) -> None:
    rig.publish("5xx", "update_item", 0.2)
    with rig.load() as load:
        assert eventually(lambda: load.requests > 200, 30)
        at = load.requests
        code, said = rig.release("start", "--bake", "30s", "--yes")
        requests = load.requests - at
    assert code == 2, said
    assert "update_item" in rig.records.past()[0].why
    assert rig.places() == before
    assert load.failed <= 0.03 * requests
    number = rig.records.past()[0].number
    report = (rig.environment.home / "releases" / f"{number}.md").read_text(encoding="utf-8")
    assert report in said
    assert "Rolled back: all traffic is on the old versions." in report
    assert (rig.environment.home / "releases" / f"{number}.json").exists()
    assert rig.release("history", str(number))[1].strip() == report.strip()


def test_a_release_that_is_ten_times_as_slow_in_one_function_is_taken_back(rig: Rig, before: Places) -> None:
    rig.publish("latency", "list_items")
    with rig.load() as load:
        assert eventually(lambda: load.requests > 200, 30)
        code, said = rig.release("start", "--bake", "40s", "--yes")
    assert code == 2, said
    assert rig.records.past()[0].why.startswith("list_items: ")
    assert load.failed == 0
    assert rig.places() == before


def test_a_version_whose_faults_neither_lambda_nor_it_itself_counts_is_not_promoted(rig: Rig, before: Places) -> None:
    rig.publish("malformed", "get_item", 0.9, after=time.time() + 30)  # the first round trip would see it
    with rig.load() as load:
        assert eventually(lambda: load.requests > 200, 30)
        code, said = rig.release("start", "--steps", "20,50,100", "--bake", "20s", "--yes")
    assert code == 2, said
    why = r"\d+ of \d+ requests to the new version of get_item left no log line, nobody knows what they answered"
    assert re.search(why, rig.records.past()[0].why)
    assert rig.places() == before


def test_a_version_that_fails_its_first_round_trip_is_seen_by_no_user(rig: Rig, before: Places) -> None:
    rig.publish("exceptions", "delete_item")
    with rig.load(10) as load:
        code, said = rig.release("start", "--yes")
    assert code == 2, said
    assert "no user saw it" in said
    assert load.failed == 0
    assert rig.places() == before
    assert rig.left_behind() == 0


def test_where_nobody_calls_the_mending_of_a_broken_version_is_promoted(rig: Rig, before: Places) -> None:
    rig.put(rig.at(rig.publish("5xx", "create_item")))
    new = rig.publish(None)
    code, said = rig.release("start", "--steps", "50,100", "--bake", "20s", "--yes")
    assert code == 0, said
    assert rig.places() == rig.at(new)
    rig.put(before)


def test_where_nobody_calls_round_trips_fill_in_and_leave_nothing(rig: Rig, before: Places) -> None:
    new = rig.publish(None)
    code, said = rig.release("start", "--steps", "50,100", "--bake", "10s", "--yes")
    assert code == 0, said
    assert rig.places() == rig.at(new)
    assert all(sides["new"]["requests"] >= 5 for sides in rig.records.past()[0].figures.values())
    assert rig.left_behind() == 0


def test_without_a_releaser_an_alarm_takes_the_release_back(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.publish("exceptions", "get_item", 0.9, after=time.time() + 20))
    with rig.load():
        assert eventually(lambda: any(found.by == "alarm" for found in rig.records.past()[:1]), 90)
    ended = rig.records.past()[0]
    assert ended.state == ROLLED_BACK
    assert re.match(
        r"get_item version \d+ crashed or timed out too often within a minute \(items-local-get_item-canary-crashes: ",
        ended.why,
    )
    assert rig.places() == before
    assert "canary-crashes" in rig.release("history")[1]


def test_an_alarm_about_another_version_takes_nothing_back(rig: Rig, before: Places) -> None:
    assert rig.killed_while_baking(rig.healthy)
    answer = rig.alarm("items-local-get_item-canary-crashes", version=before[PROD]["get_item"].version)
    assert answer == {"rollback": "the alarm is about another version"}
    answer = rig.alarm("items-local-get_item-canary-crashes", version=rig.healthy["get_item"])
    assert answer["rollback"].endswith("was taken back")
    assert rig.alarm("items-local-get_item-canary-crashes", version=rig.healthy["get_item"]) == {
        "rollback": "no release is under way"
    }
    assert rig.places() == before


def test_an_apply_in_the_middle_changes_neither_versions_nor_weights(rig: Rig, before: Places) -> None:
    new = rig.publish(None)  # the newest code too, which the apply publishes with more memory
    assert rig.killed_while_baking(new)
    places, watched, revisions = rig.places(), rig.watched(), rig.revisions()
    assert places[PROD]["get_item"] == Position(before[PROD]["get_item"].version, new["get_item"], 0.1)
    settings = rig.stack.home / "infra" / "envs" / "local.tfvars"
    shutil.copy(settings, settings.with_suffix(".kept"))
    settings.write_text(f"{settings.read_text()}function_settings = {{ memory_size = 640 }}\n")
    try:
        rig.stack.crudctl("up")
        published = rig.newest()
        assert all(int(version) > int(new[name]) for name, version in published.items())
        assert rig.places() == places
        assert rig.revisions() == revisions
        assert rig.watched() == watched
        assert rig.release("rollback")[0] == 0
        assert rig.places() == before
        settings.write_text(settings.read_text().replace("640", "704"))
        said = rig.stack.crudctl("up", "--hold")
        assert rig.places() == before
        published = rig.newest()
        assert f"Published, and waiting for `crudctl release start`: create_item {published['create_item']}," in said
        assert rig.status()["newest"] == published
        code, said = rig.release("start", "--steps", "50,100", "--bake", "10s", "--yes")
        assert code == 0, said
        assert rig.places() == rig.at(published)
        assert rig.memory() == 704
    finally:
        shutil.move(settings.with_suffix(".kept"), settings)


def test_a_wrong_command_line_is_not_taken_for_a_rollback(rig: Rig) -> None:
    assert rig.release("start", "--steps", "50,10")[0] == 1
    assert rig.release("start", "--stpes", "10,100")[0] == 1
    assert rig.release("start", "--bake", "soon")[0] == 1
    assert rig.release()[0] == 1
    assert rig.release("--bogus")[0] == 1
    assert rig.release("begin")[0] == 1
