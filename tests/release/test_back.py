"""The way back from what is in service: what is refused, what is said before, and the two words for two things."""

from __future__ import annotations

import copy
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from crudctl.build import contract, service
from crudctl.release import back
from crudctl.release.aliases import PROD, Position
from crudctl.release.offered import pack
from crudctl.release.record import PROMOTED, ROLLED_BACK, Release
from tests.release.rig import HASTY
from tests.release.simulation import Aws, Fault, Stopped, Watcher
from tests.release.test_other_functions import in_project, release
from tests.stack import ROOT


@pytest.fixture
def aws() -> Aws:
    return Aws()


DAY, BAKE = 86_400, 600.0
NEWER: dict[str, Any] = contract.read(ROOT)
OLDER: dict[str, Any] = {
    **copy.deepcopy(NEWER),
    "paths": {path: of for path, of in NEWER["paths"].items() if not path.endswith("/restore")},
}
content = OLDER["components"]["schemas"][service.describe(NEWER).content_schema]
del content["properties"]["quantity"]


def ended(number: int, old: str, new: str, **more: object) -> Release:
    versions = {"old": {"get": old, "list": old}, "new": {"get": new, "list": new}, "canary": {"get": old, "list": old}}
    given = {
        "who": "a",
        "host": "b",
        "pid": 1,
        "holder": "c",
        "since": 0.0,
        "seen": 0.0,
        "ended": 60.0,
        "state": PROMOTED,
    }
    return Release(**{"number": number, "weights": [0.1], "bake": 1.0, **versions, **given, **more})  # type: ignore[arg-type]


def places(version: str) -> dict[str, Position]:
    return {"get": Position(version), "list": Position(version)}


FIRST, SECOND = ended(1, "1", "4", contract=pack(OLDER)), ended(2, "4", "6", contract=pack(NEWER))


def test_it_says_from_where_to_where_how_old_that_is_and_what_the_contract_loses() -> None:
    way = back.plan([SECOND, FIRST], None, places("6"))
    assert (way.wanted, way.why) == (FIRST.new, "back to before release 2")
    published = {"get": {"4": 7 * DAY - 3 * DAY}, "list": {"4": 7 * DAY - 3 * DAY}}
    lines = back.describe(way, back.Here(places("6"), pack(NEWER), None), published, 7 * DAY)
    assert lines[0] == "prod: 6 -> 4, published 3 days ago"
    assert any(line.startswith("contract: loses field quantity, operation restore_item") for line in lines)
    assert any("data" in line and "Does not go back" in line for line in lines)


def test_functions_that_move_apart_are_named() -> None:
    mixed = {"get": Position("6"), "list": Position("5")}
    lines = back.describe(back.plan([SECOND, FIRST], 1, mixed), back.Here(mixed, pack(NEWER), None), {}, 0.0)
    assert lines[:2] == ["get: 6 -> 4, no longer published", "list: 5 -> 4, no longer published"]


def test_what_a_contract_offered_may_not_be_recorded() -> None:
    way = back.plan([SECOND, FIRST], 0, places("6"))
    assert way.wanted == FIRST.old
    assert any(
        "not recorded" in line for line in back.describe(way, back.Here(places("6"), pack(NEWER), None), {}, 0.0)
    )


@pytest.mark.parametrize("why", ["aborted by hand", "verdict: get: 3 of 20 requests failed"])
def test_after_a_release_that_was_rolled_back_or_aborted_the_version_in_service_stays(why: str) -> None:
    refused = replace(SECOND, number=3, state=ROLLED_BACK, why=why)
    with pytest.raises(back.NoWayBack, match=r"Release 3 was already rolled back.*version 6") as raised:
        back.plan([refused, SECOND, FIRST], None, places("6"))
    assert "--to NUMBER" in raised.value.hint
    assert back.plan([refused, SECOND, FIRST], 1, places("6")).wanted == FIRST.new


def test_after_going_back_a_number_has_to_be_named() -> None:
    with pytest.raises(back.NoWayBack, match="Release 3 already went back"):
        back.plan([ended(3, "6", "4", weights=[]), SECOND, FIRST], None, places("4"))


BUILDS = [
    ended(5, "6", "8"),  # the functions alone
    ended(4, "4", "6", web="c", web_before="a"),
    ended(3, "6", "4", weights=[], web="a", web_before="b"),
    ended(2, "4", "6", web="b", web_before="a"),
    ended(1, "1", "4", web="a", web_before="zero"),
]


@pytest.mark.parametrize(("number", "build"), [(None, "c"), (4, "c"), (3, "a"), (2, "b"), (1, "a"), (0, "zero")])
def test_the_web_app_goes_back_to_the_build_that_users_had_with_these_versions(number: int | None, build: str) -> None:
    way = back.plan(BUILDS, number, places("8"))
    assert way.web == build
    lines = back.describe(way, back.Here(places("8"), "", "c"), {}, 0.0)
    assert ("web app: stays at build c" if build == "c" else f"web app: build c -> {build}") in lines


def test_a_web_app_of_which_no_build_is_recorded_stays() -> None:
    way = back.plan([SECOND, FIRST], None, places("6"))
    assert way.web == ""
    assert any("web app: stays" in line for line in back.describe(way, back.Here(places("6"), "", "c"), {}, 0.0))
    assert "web app: none here" in back.describe(way, back.Here(places("6"), "", None), {}, 0.0)


@pytest.mark.parametrize(
    ("deployments", "line"),
    [
        ({}, "gateway: stays as it is, because it is not known what belongs to these versions"),
        ({"old": "b", "new": "b"}, "gateway: stays at deployment b"),
        ({"old": "b", "new": "a"}, "gateway: deployment b -> a"),
    ],
)
def test_it_says_what_the_gateway_serves_then(deployments: dict[str, str], line: str) -> None:
    way = back.plan([SECOND, FIRST], None, places("6"))
    assert line in back.describe(way, back.Here(places("6"), "", None, deployments), {}, 0.0)


def test_after_something_else_moved_prod_a_number_has_to_be_named() -> None:
    """The release went from 4 to 6, and prod is at 7: going to 4 would leave out 6, which may well be what is wanted."""
    with pytest.raises(
        back.NoWayBack, match=r"Something else has moved alias prod of get, list since release 2"
    ) as raised:
        back.plan([SECOND, FIRST], None, places("7"))
    assert "`--to 2`" in raised.value.hint
    assert back.plan([SECOND, FIRST], 2, places("7")).wanted == SECOND.new
    refused = replace(SECOND, number=3, state=ROLLED_BACK, old=SECOND.new)
    with pytest.raises(back.NoWayBack, match="what something else put there since"):
        back.plan([refused, SECOND, FIRST], None, places("7"))


def test_a_function_that_was_added_since_has_not_been_moved() -> None:
    at = {**places("6"), "archive": Position("1")}
    assert back.plan([SECOND, FIRST], None, at).wanted == FIRST.new


def test_without_a_promoted_release_there_is_nothing_to_go_back_to() -> None:
    with pytest.raises(back.NoWayBack, match="no release was promoted"):
        back.plan([replace(FIRST, state=ROLLED_BACK)], None, places("1"))
    with pytest.raises(back.NoWayBack, match="no promoted release 9"):
        back.plan([SECOND, FIRST], 9, places("6"))


def test_the_engineer_on_call_does_not_roll_back_a_healthy_version(aws: Aws, tmp_path: Path) -> None:
    """The faulty version was refused by its round trip and its alarm still fires: what is in service is healthy."""
    aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    healthy = aws.places()
    assert aws.releaser().start([0.5], BAKE, aws.publish(Fault("5xx", "get_item"))).state == ROLLED_BACK
    with in_project(aws, tmp_path):
        code, output = release("rollback")
    assert (code, aws.places()) == (1, healthy)
    assert "Release 2 was already rolled back" in output
    assert "--to NUMBER" in output


def test_rollback_asks_on_prod_and_abort_is_for_a_release_under_way(aws: Aws, tmp_path: Path) -> None:
    before = aws.places()
    aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    after = aws.places()
    with in_project(aws, tmp_path):
        with mock.patch("crudctl.project.Environment.production", new=True):
            code, output = release("rollback")
        assert (code, aws.places()) == (1, after)
        assert "prod: 2 -> 1, published " in output
        assert "Pass --yes" in output
        assert release("abort")[0] == 1
        assert release("rollback", "--yes")[0] == 0
        assert aws.places() == before
    with pytest.raises(Stopped):
        aws.releaser(Watcher(stop_at_look=True)).start([0.5], BAKE, aws.publish())
    with in_project(aws, tmp_path):
        code, output = release("rollback")
        assert (code, "`crudctl release abort" in output) == (1, True)
        assert release("abort")[0] == 0
    assert aws.places()[PROD] == before[PROD]


def test_during_a_freeze_nothing_is_released_and_everything_can_go_back(aws: Aws, tmp_path: Path) -> None:
    aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    aws.publish()
    with in_project(aws, tmp_path), mock.patch.object(time, "time", aws.clock):
        for until in ("tomorrow", "2099-01-01T08:00", "2001-01-01T08:00Z"):
            assert release("freeze", "--until", until, "--why", "a test")[0] == 1
        assert release("freeze", "--until", "2099-01-01T08:00Z", "--why", "holidays")[0] == 0
        code, output = release("start")
        assert (code, "holidays" in output, "2099" in output) == (1, True, True)
        assert "until 2099-01-01 08:00:00 UTC: holidays (by " in release("status")[1]
        assert json.loads(release("status", "--json")[1])["freeze"]["why"] == "holidays"
        assert release("rollback", "--yes")[0] == 0
        assert release("unfreeze")[0] == 0
        assert "Nothing is released" not in release("status")[1]
        assert "is released to" not in release("start")[1]


def test_a_freeze_of_prod_asks_and_names_the_one_that_it_replaces(aws: Aws, tmp_path: Path) -> None:
    new = ("freeze", "--until", "2099-01-01T08:00Z", "--why", "[bold]\nholidays")
    with in_project(aws, tmp_path), mock.patch("crudctl.project.Environment.production", new=True):
        code, output = release(*new)
        assert (code, "Pass --yes" in output) == (1, True)
        assert json.loads(release("status", "--json")[1])["freeze"] is None
        assert "until 2099-01-01 08:00:00 UTC: [bold] holidays (by " in release(*new, "--yes")[1]  # no markup
        assert "This replaces: Nothing is released" in release(*new, "--yes")[1]
        assert release("unfreeze")[0] == 1
        assert release("unfreeze", "--yes")[0] == 0
        assert release("unfreeze")[0] == 0


def test_a_bound_that_narrows_on_the_way_back_is_named() -> None:
    wide: Any = copy.deepcopy(dict(OLDER))
    content = next(
        schema for schema in wide["components"]["schemas"].values() if "name" in schema.get("properties", {})
    )
    content["properties"]["name"]["maxLength"] += 100
    way = back.plan([replace(SECOND, contract=pack(wide)), FIRST], None, places("6"))
    lines = back.describe(way, back.Here(places("6"), pack(wide), None), {}, 7 * DAY)
    assert not any("loses nothing" in line for line in lines)
    assert any(line.startswith("contract: ") and "name" in line for line in lines)
