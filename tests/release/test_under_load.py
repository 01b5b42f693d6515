"""Real releases on the local stack while users send requests to all five operations."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from crudctl.local import demo
from crudctl.release.aliases import PROD
from crudctl.release.record import ROLLED_BACK
from tests.release.rig import Places, Rig, eventually

BUSY = 100  # requests at least during a release, of the 40 a second that users send: other tests run at the same time


def test_a_healthy_release_reaches_all_users_without_a_failed_request(rig: Rig, before: Places) -> None:
    new = rig.publish_with({"REQUIRE_IF_MATCH": "true"})  # which round trips and load satisfy
    with rig.load(40) as load:
        assert eventually(lambda: load.requests > 100, 300)
        at = load.requests
        code, output = rig.release("start", "--steps", "20,100", "--bake", "15s", "--skip-comparison", "--yes")
        requests = load.requests - at
    assert code == 0, output
    assert "Promoted: all traffic is on the new versions." in output
    assert rig.places() == rig.at(new)
    assert requests >= BUSY
    assert load.failed == 0
    assert set(load.responses) <= {200, 201, 204}

    code, output = rig.release("rollback")
    assert code == 0, output
    assert rig.places()[PROD] == before[PROD]
    code, output = rig.release("history")
    assert "as good as the old version" in output
    assert "reverted" in output
    assert len(output.splitlines()) == 1 + len(rig.records.past())  # a line each
    code, output = rig.release("rollback", "--to", "999")
    assert (code, "no promoted release 999" in output) == (1, True)


def test_a_fifth_of_5xx_in_one_function_rolls_all_five_back_as_the_demo_shows(
    rig: Rig, before: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "WARM_UP", 2.0)
    options = ("--fault", "5xx", "--function", "update_item", "--rate", "20", "--load", "70", "--bake", "30s")
    code, output = rig.crudctl("demo", "rollback", *options)
    assert code == 0, output
    ended = rig.records.past()[0]
    assert ended.state == ROLLED_BACK
    assert "update_item" in ended.why
    assert rig.places() == before
    users = re.search(r"Users sent ([\d,]+) requests during the release; (\d+) failed", output)
    assert users
    assert int(users[2]) <= 0.03 * int(users[1].replace(",", ""))
    folder = rig.environment.home / "releases"
    report = (folder / f"{ended.number}.md").read_text(encoding="utf-8")
    assert report in output
    assert "Rolled back: all traffic is on the old versions." in report
    assert json.loads((folder / f"{ended.number}.json").read_text(encoding="utf-8"))["state"] == ROLLED_BACK
    assert rig.release("history", str(ended.number))[1].strip() == report.strip()
    assert rig.newest_code() == {rig.own_code()}  # the next release does not pick up the regression


def test_without_a_releaser_an_alarm_rolls_the_release_back(rig: Rig, before: Places, tmp_path: Path) -> None:
    begins = tmp_path / "begins"
    assert rig.killed_while_baking(rig.publish("exceptions", "get_item", 0.9, begins))
    begins.touch()
    with rig.load(70):
        assert rig.ended_by(300) == "alarm"
    ended = rig.records.past()[0]
    assert ended.state == ROLLED_BACK
    # On a busy machine the alarm of a function that only waits too long may come first; the crashes of get_item follow.
    assert re.match(
        r"(\w+: )?\d+ (of \d+ requests failed|faults without a success), against \d+ of \d+ with the old version"
        rf"; noticed by alarm {rig.cloud.prefix}-\w+-canary-(crashes|faults)",
        ended.why,
    )
    assert rig.places() == before
    assert eventually(lambda: rig.watched() == {}, 60)
    assert re.search("canary-(crashes|faults)", rig.release("history")[1])
