"""4xx responses as evidence: which are compared, what they say of a version, and that one caller alone says nothing."""

from __future__ import annotations

import copy
import hashlib
import json
import random
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from crudctl.release import client_errors, line_filters
from crudctl.release.callers import Callers, Refusal, others, tallied
from crudctl.release.evidence import Count, Evidence, Period
from crudctl.release.guard import decide
from crudctl.release.odds import suspicion
from crudctl.release.probe import OWNER, WITNESS
from crudctl.release.record import PROMOTED, ROLLED_BACK
from crudctl.release.refused_odds import in_doubt
from tests import contracts
from tests.release.simulation import Aws, Fault, Stopped, Watcher, at, only, refusing

OPERATIONS = ("create_item", "get_item", "update_item", "delete_item", "list_items")
PERIOD = 60
ENOUGH = dict.fromkeys(OPERATIONS, 100)
NAMES = {name: f"items-{name}" for name in OPERATIONS}
OLD, NEW = dict.fromkeys(OPERATIONS, "1"), dict.fromkeys(OPERATIONS, "2")


class Logs:
    """CloudWatch Logs with lines about refused requests, in pages of a few events."""

    def __init__(self, lines: list[dict[str, Any]], page: int = 7) -> None:
        self._lines, self._page = lines, page
        self.asked: list[dict[str, Any]] = []

    def filter_log_events(self, **asked: Any) -> dict[str, Any]:
        """Return a page; an empty one first, as AWS may."""
        self.asked.append(asked)
        first = int(asked.get("nextToken", -self._page))
        found = [each for each in self._lines if each["timestamp"] >= asked["startTime"]]
        page = found[max(first, 0) : first + self._page]
        more = {"nextToken": str(first + self._page)} if first + self._page < len(found) else {}
        return {"events": page, **more}


def refused(new: Mapping[int, int], old: Mapping[int, int] | None = None, weight: float = 0.1) -> Evidence:
    """Return evidence in which update_item responded with 4xx; all other requests succeeded."""
    quiet = {400: 0, 404: 0}
    counts = Count(100, refused=quiet | dict(new)), Count(900, refused=quiet | dict(old or {}))
    rest = Count(100, refused=quiet), Count(900, refused=quiet)
    return {name: [Period(weight, *(counts if name == "update_item" else rest), at=PERIOD)] for name in OPERATIONS}


def line(caller: str, version: str, status: int = 400, at: float = PERIOD) -> dict[str, Any]:
    """Return an event of CloudWatch Logs."""
    message = {"version": version, "status": status, "owner_hash": caller}
    return {"timestamp": int(at * 1000), "message": json.dumps(message)}


def counted(evidence: Evidence, lines: list[dict[str, Any]]) -> Evidence:
    """Return the evidence after the callers of these lines were counted."""
    return Callers(Logs(lines), NAMES, PERIOD, lambda _: None).counted(evidence, OLD, NEW)


def action(evidence: Evidence) -> str:
    """Return what is decided at the end of a bake."""
    return decide(evidence, ENOUGH, elapsed=600, bake=600).action


def test_a_version_that_refuses_what_the_old_one_accepts_is_rolled_back_if_several_callers_show_it() -> None:
    lines = [line(f"caller {number % 4}", "2") for number in range(20)]
    decision = decide(counted(refused({400: 20}), lines), ENOUGH, elapsed=60, bake=600)
    assert decision.action == "roll back"
    assert decision.reason == "update_item: 20 of 100 requests got 400, against 0 of 900 with the old version"


@pytest.mark.parametrize("requests", [1, 20, 1000])
def test_one_caller_stops_no_release_however_often_it_repeats_what_only_the_new_version_refuses(requests: int) -> None:
    lines = [line("alone", "2")] * requests
    decision = decide(counted(refused({400: requests}), lines), ENOUGH, elapsed=600, bake=600)
    assert decision.action == "promote"
    found = f"update_item: {requests} of 100 requests got 400, against 0 of 900 with the old version"
    noted = f"; one caller alone gets more 4xx than before, which stops no release: {found}"
    assert decision.reason == "as good as the old version" + (noted if requests > 1 else "")


def test_one_caller_among_others_who_are_refused_as_often_by_both_versions_stops_no_release() -> None:
    lines = [line("alone", "2")] * 100 + [line(f"caller {number}", "2" if number < 4 else "1") for number in range(40)]
    assert action(counted(refused({400: 104}, {400: 36}), lines)) == "promote"


def test_counts_alone_stop_no_release_as_long_as_nobody_knows_whose_requests_they_are() -> None:
    assert action(refused({400: 100})) == "promote"
    assert suspicion(refused({400: 100}))[0] < 1.5


@pytest.mark.parametrize(
    ("new", "old", "weight"),
    [({400: 10}, {400: 90}, 0.1), ({404: 50}, {404: 450}, 0.1), ({400: 0}, {400: 90}, 0.1), ({400: 1}, {400: 0}, 0.1)],
)
def test_nobody_is_counted_while_both_versions_refuse_alike_or_the_new_one_less(
    new: dict[int, int], old: dict[int, int], weight: float
) -> None:
    assert in_doubt(refused(new, old, weight)) == []


def test_only_what_is_in_doubt_is_read() -> None:
    logs = Logs([line("a", "2")])
    Callers(logs, NAMES, PERIOD, lambda _: None).counted(refused({400: 20}, {404: 90}), OLD, NEW)
    (asked, *_) = logs.asked
    assert {each["logGroupName"] for each in logs.asked} == {"/aws/lambda/items-update_item"}
    assert asked["filterPattern"] == f"{{ ($.status = 400) && {line_filters.OF_USERS} }}"
    assert asked["startTime"] == PERIOD * 1000


def test_a_fault_that_all_operations_share_is_found_although_each_of_them_shows_little_of_it() -> None:
    statuses = {403: 0}
    evidence = {
        name: [Period(0.1, Count(40, refused={403: 3}), Count(360, refused=statuses), at=PERIOD)] for name in OPERATIONS
    }
    lines = [line(f"caller {number}", "2", 403) for number in range(3)]
    assert action(counted(evidence, lines)) == "roll back"


def test_the_requests_of_the_release_itself_and_lines_without_a_caller_are_left_out() -> None:
    lines = [line(owner, "2") for owner in line_filters.PROBES] * 50 + [
        line("a", "2"),
        line("b", "3"),
        line("c", "2", 404),
    ]
    nobody = {"timestamp": PERIOD * 1000, "message": json.dumps({"version": "2", "status": 400})}
    assert action(counted(refused({400: 50}), [*lines, *[nobody] * 50])) == "promote"


def test_those_who_speak_most_against_the_new_version_are_left_out_not_those_who_send_most() -> None:
    periods = [Period(0.1, Count(), Count(), at=PERIOD)]
    lines = (
        [Refusal(PERIOD, "1", "busy")] * 90 + [Refusal(PERIOD, "2", "busy")] * 10 + [Refusal(PERIOD, "2", "odd")] * 8
    )
    (period,) = others(periods, 400, tallied(lines, ("2", "1"), PERIOD))
    assert (period.new.others, period.old.others) == ({400: 10}, {400: 90})


def test_requests_between_two_weights_are_of_no_period() -> None:
    periods = [Period(0.1, Count(), Count(), at=PERIOD), Period(0.5, Count(), Count(), at=3 * PERIOD)]
    lines = [Refusal(at, "2", caller) for at in (PERIOD, 2 * PERIOD, 3 * PERIOD + 1) for caller in ("a", "b")]
    assert [each.new.others for each in others(periods, 400, tallied(lines, ("2", "1"), PERIOD))] == [
        {400: 1},
        {400: 1},
    ]


def test_what_is_read_is_bounded() -> None:
    many = [
        Period(0.1, Count(4000, refused={400: 3000}), Count(0, refused={400: 0}), at=at * PERIOD) for at in range(1, 9)
    ]
    logs = Logs([line("a", "2", at=PERIOD * 8)] * 1000)
    Callers(logs, NAMES, PERIOD, lambda _: None).counted({"update_item": many}, OLD, NEW)
    assert logs.asked[0]["startTime"] == 8 * PERIOD * 1000
    assert len(logs.asked) == 50


def test_users_who_are_refused_by_both_versions_stop_no_release_in_a_thousand() -> None:
    """Bursts, attacks, many callers or one: whatever they send, the alias draws the version."""
    chance = random.Random(17)
    stopped = 0
    for _ in range(1000):
        lines, periods = [], []
        for minute in range(1, 11):
            burst = chance.choice((0, 0, 1, 5, 40))
            drawn = [chance.random() < 0.1 for _ in range(burst)]
            lines += [
                line(f"caller {int(chance.paretovariate(1))}", "2" if new else "1", at=minute * PERIOD) for new in drawn
            ]
            new, old = sum(drawn), burst - sum(drawn)
            periods.append(
                Period(0.1, Count(new + 6, refused={400: new}), Count(old + 54, refused={400: old}), at=minute * PERIOD)
            )
        stopped += action(counted({"update_item": periods}, lines)) == "roll back"
    assert stopped == 0


@pytest.mark.parametrize(("refused", "expected"), [(400, "promote"), (0, "roll back")])
def test_a_version_that_accepts_what_the_old_one_refused_is_not_slow(refused: int, expected: str) -> None:
    """What is refused is fast."""
    new = Count(1000, ranges=(100, 300, 300, 300), refused={400: 0})
    old = Count(1000, ranges=(500, 180, 160, 160), refused={400: refused})
    assert action({name: [Period(0.5, new, old, at=PERIOD)] for name in OPERATIONS}) == expected


def changed(change: Any) -> dict[str, Any]:
    """Return the tests' contract after a change."""
    document = copy.deepcopy(dict(contracts.document()))
    change(document)
    return document


def narrower_bound(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["ItemContent"]["properties"]["name"]["maxLength"] = 3


def newly_required(document: dict[str, Any]) -> None:
    content = document["components"]["schemas"]["ItemContent"]
    content["required"] = sorted(content["properties"])


def removed_field(document: dict[str, Any]) -> None:
    content = document["components"]["schemas"]["ItemContent"]
    del content["properties"][next(name for name in content["properties"] if name not in content["required"])]


def test_the_4xx_that_the_contract_names_are_compared_except_those_of_the_gateway() -> None:
    found = client_errors.compared(None, contracts.document())
    assert found["list_items"] == [400, 403, 404]
    assert found["update_item"] == [400, 403, 404, 409, 412, 413, 415, 422, 428]
    assert found.keys() == set(OPERATIONS)


@pytest.mark.parametrize("change", [narrower_bound, newly_required, removed_field])
def test_what_the_contract_narrows_on_purpose_is_not_held_against_the_new_version(change: Any) -> None:
    found = client_errors.compared(contracts.document(), changed(change))
    assert 400 not in found["create_item"]
    assert 403 in found["create_item"]
    assert found["get_item"] == client_errors.compared(None, contracts.document())["get_item"]


def widened(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["ItemContent"]["properties"]["new_field"] = {"type": "string", "maxLength": 9}


def test_what_the_contract_widens_changes_nothing() -> None:
    assert client_errors.compared(contracts.document(), changed(widened)) == client_errors.compared(
        None, contracts.document()
    )


def other_scope(document: dict[str, Any]) -> None:
    document["security"] = [{name: ["items/write"] for name in need} for need in document["security"]]


def test_a_token_that_is_not_enough_any_more_is_not_held_against_the_new_version() -> None:
    found = client_errors.compared(contracts.document(), changed(other_scope))
    assert found["list_items"] == [400, 404]
    assert 403 in found["update_item"]  # its operations have a scope of their own


STEPS, BAKE = [0.1, 0.5], 240.0


@pytest.fixture
def busy() -> Aws:
    """An account with ten minutes of traffic of several users before the release."""
    aws = Aws(2.0)
    aws.sleep(600)
    return aws


def test_a_version_that_refuses_good_requests_of_several_users_is_rolled_back(busy: Aws) -> None:
    before = busy.places()
    fault = Fault("refused", "update_item", after=busy.clock() + 60)  # the first round trip would find it
    ended = busy.releaser().start(STEPS, BAKE, busy.publish(fault))
    assert (ended.state, ended.by, busy.places()) == (ROLLED_BACK, "verdict", before)
    assert re.fullmatch(r"update_item: \d+ of \d+ requests got 400, against 0 of \d+ with the old version", ended.why)
    assert len(ended.stages) == 1


def test_a_version_that_refuses_what_one_caller_repeats_is_promoted(busy: Aws) -> None:
    busy.odd = {"update_item": 1.0}
    new = busy.publish(Fault("picky", "update_item"))
    ended = busy.releaser().start(STEPS, BAKE, new)
    assert (ended.state, busy.places()) == (PROMOTED, at(new)), ended.why
    assert "one caller alone gets more 4xx than before, which stops no release: update_item: " in ended.why


def test_requests_that_both_versions_refuse_stop_no_release(busy: Aws) -> None:
    busy.failing, busy.fails_by = {"update_item": 1.0, "get_item": 0.1}, "refused"
    new = busy.publish()
    ended = busy.releaser().start(STEPS, BAKE, new)
    assert (ended.state, busy.places()) == (PROMOTED, at(new)), ended.why


def test_log_lines_that_cannot_be_read_are_asked_for_again(busy: Aws) -> None:
    """Nothing is decided without them."""
    busy.meets("logs", "filter_log_events", only(range(1, 4), refusing))
    fault = Fault("refused", "update_item", after=busy.clock() + 60)
    ended = busy.releaser().start(STEPS, BAKE, busy.publish(fault))
    assert (ended.state, ended.by) == (ROLLED_BACK, "verdict")


def test_a_record_without_statuses_is_of_an_earlier_version_and_compares_none(busy: Aws) -> None:
    new = busy.publish(Fault("refused", "update_item", after=busy.clock() + 60))
    with pytest.raises(Stopped):
        busy.releaser(Watcher(stop_at_look=True)).start(STEPS, BAKE, new)
    records = busy.cloud().records()
    release = records.current()
    assert release is not None
    assert release.refusals["update_item"]
    records.save(replace(release, refusals={}))
    assert busy.releaser().resume().state == PROMOTED


def test_the_owners_whose_requests_are_left_out_are_those_of_the_probe() -> None:
    hashes = [hashlib.sha256(owner.encode()).hexdigest()[:16] for owner in (OWNER, WITNESS)]
    assert list(line_filters.PROBES) == hashes
