"""What a release does next, for each place that its record can name: a table, without AWS."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crudctl.release.aliases import CANARY, PROD, Position
from crudctl.release.evidence import Count, Period
from crudctl.release.guard import BAKING
from crudctl.release.next_step import Observed, Step, Trials, after, next_step, steps
from crudctl.release.record import FAILED, PROMOTED, ROLLED_BACK, Release

OLD, NEW = {"get": "1", "list": "4"}, {"get": "2", "list": "4"}  # list has not changed
BAKE, NOW = 600.0, 10_000.0
RECORD = Release(7, OLD, NEW, OLD, [0.1, 0.5], BAKE, "someone", "here", 1, "token", NOW, NOW)
GOOD = {"get": [Period(0.1, Count(100), Count(900))]}
BAD = {"get": [Period(0.1, Count(100, faults=30), Count(900))]}
BOTH_BAD = {"get": [Period(0.1, Count(100, faults=30), Count(900, faults=270))]}
SERVED = {"get": Count(100)}
SPLIT = {PROD: {"get": Position("1", "2", 0.1), "list": Position("4")}}
ALL_NEW = {PROD: {"get": Position("2"), "list": Position("4")}}


def at(doing: str, *stages: list[float], **changes: Any) -> Release:
    """Return the record at a step."""
    return replace(RECORD, doing=doing, stages=list(stages), **changes)


def baking(since: float = NOW - BAKE, **changes: Any) -> Release:
    """Return the record of a release in its first step."""
    return at("bake", [0.1, since - 2, since], **changes)


def watched(since: float = NOW - 60, **changes: Any) -> Release:
    """Return the record of a release after its promotion."""
    stages = [0.1, since - 900, since - 899], [0.5, since - 500, since - 499], [1.0, since - 1, since]
    return at("watch", *stages, step=1, why="as good as the old version", by="verdict", **changes)


def looked(periods: Any = GOOD, **seen: Any) -> Observed:
    """Return what is observed when the metrics were read."""
    return Observed(periods, SERVED, differences=(), **seen)


def alone(faults: int) -> Observed:
    """Return what is observed after the promotion."""
    return Observed(GOOD, alone={"get": Count(100, faults)})


TABLE: dict[str, tuple[Release, Any, Observed, Step]] = {
    "a new release points canary first": (
        RECORD, {}, Observed(),
        Step("point canary", "", moves={CANARY: {"get": Position("2"), "list": Position("4")}}, share=0.1),
    ),
    "then it is tried": (at("probe"), {}, Observed(), Step("try", "")),
    "a wrong response in the first round trip rolls back": (
        at("probe"), {}, Observed(trials=Trials(NOW, 1, wrong="418")), Step("roll back", "418", "round trip", state=ROLLED_BACK),
    ),
    "a fault in the first round trip is tried again": (
        at("probe"), {}, Observed(trials=Trials(NOW, 1, 1, "a crash")), Step("try", "a crash"),
    ),
    "three faults that are the new version's alone roll back": (
        at("probe"), {}, Observed(trials=Trials(NOW, 3, 3, "a crash")),
        Step("roll back", "a crash", "round trip", state=ROLLED_BACK),
    ),
    "faults of both versions are waited for": (
        at("probe"), {}, Observed(trials=Trials(NOW - BAKE, 9, 0, "a crash", "a crash")), Step("try", "a crash"),
    ),
    "but not for ever": (
        at("probe"), {}, Observed(trials=Trials(NOW - 2 * BAKE, 9, 0, "a crash", "503")),
        Step("roll back", "the old version fails too: 503", "round trip", state=ROLLED_BACK),
    ),
    "after a good round trip the answers are compared": (
        at("probe"), {}, Observed(trials=Trials(NOW, 1)), Step("compare", "", changes={"comparing": NOW}),
    ),
    "other answers are rejected before a user sees them": (
        at("probe"), {}, Observed(trials=Trials(NOW, 1), differences=("list: /body/x is missing",)),
        Step("roll back", "list: /body/x is missing", "comparison", state=ROLLED_BACK),
    ),
    "the first users are sent once the answers agree": (
        at("probe"), {}, Observed(trials=Trials(NOW, 1), differences=()),
        Step("shift", "", changes={"doing": "shift", "step": 0, "stages": [[0.1, NOW]], "counted_from": 10_020.0},
             moves=SPLIT, share=0.1),
    ),
    "without a comparison the requests of this period count": (
        at("probe", compared=False), {}, Observed(trials=Trials(NOW, 1)),
        Step("shift", "", changes={"doing": "shift", "step": 0, "stages": [[0.1, NOW]], "counted_from": 9_960.0},
             moves=SPLIT, share=0.1),
    ),
    "a shift that was begun is done again": (
        at("shift", [0.1, NOW - 9]), {}, Observed(), Step("shift", "", moves=SPLIT, share=0.1),
    ),
    "a step bakes": (baking(NOW - 10), SPLIT, looked(), Step("hold", BAKING, share=0.1)),
    "a bad version is rolled back in the middle of a bake": (
        baking(NOW - 10), SPLIT, looked(BAD), Step("roll back", "30 of 100", "verdict", state=ROLLED_BACK),
    ),
    "faults of both versions are no reason": (baking(NOW - 10), SPLIT, looked(BOTH_BAD), Step("hold", BAKING, share=0.1)),
    "a wrong response to a round trip rolls back": (
        baking(NOW - 10), SPLIT, looked(wrong="418"), Step("roll back", "418", "verdict", state=ROLLED_BACK),
    ),
    "an alias that something else moved ends the release": (
        baking(), {PROD: {"get": Position("9")}}, looked(), Step("roll back", "at 9", "releaser", state=FAILED),
    ),
    "a function deployed meanwhile has no place in it": (
        baking(NOW - 10), {PROD: {**SPLIT[PROD], "new": Position("1")}}, looked(), Step("hold", BAKING, share=0.1),
    ),
    "a good step is compared again": (
        baking(), SPLIT, replace(looked(), differences=None), Step("compare", "", changes={"comparing": NOW}),
    ),
    "other answers end a later step too": (
        baking(), SPLIT, replace(looked(), differences=("x",)), Step("roll back", "x", "comparison", state=ROLLED_BACK),
    ),
    "a good step is followed by the next, which began with the comparison": (
        baking(comparing=NOW - 20), SPLIT, looked(),
        Step("shift", "", changes={"doing": "shift", "step": 1, "stages": [[0.1, NOW - BAKE - 2, NOW - BAKE], [0.5, NOW - 20]]},
             moves={PROD: {"get": Position("1", "2", 0.5), "list": Position("4")}}, share=0.5),
    ),
    "too few requests hold": (
        baking(), SPLIT, replace(looked(), served={"get": Count(3)}), Step("hold", "only 3 requests", share=0.1),
    ),
    "and end in a rollback": (
        baking(NOW - 2 * BAKE), SPLIT, replace(looked(), served={"get": Count(3)}),
        Step("roll back", "only 3 requests", "verdict", state=ROLLED_BACK),
    ),
    "a releaser that comes late has the patience of one bake": (
        baking(NOW - 9 * BAKE), SPLIT, replace(looked(), served={"get": Count(3)}, since=NOW - 1),
        Step("hold", "only 3 requests", share=0.1),
    ),
    "after the last step all traffic moves": (
        at("bake", [0.5, 1, 2], step=1), {}, looked(),
        Step("promote", "as good", "verdict", share=1.0, state=PROMOTED,
             changes={"doing": "promote", "why": "as good as the old version", "by": "verdict",
                      "stages": [[0.5, 1, 2], [1.0, NOW]]},
             moves={PROD: ALL_NEW[PROD], CANARY: ALL_NEW[PROD]}),
    ),
    "a promotion that was begun is done again": (
        at("promote", [0.5, 1, 2], [1.0, 3], step=1, by="verdict"), {}, Observed(),
        Step("promote", "", "verdict", share=1.0, state=PROMOTED, moves={PROD: ALL_NEW[PROD], CANARY: ALL_NEW[PROD]}),
    ),
    "what was promoted is watched": (watched(), ALL_NEW, alone(0), Step("hold", "all traffic is on the new version", share=1.0)),
    "and ends after a bake": (watched(NOW - BAKE), ALL_NEW, alone(1), Step("end", "as good", "verdict", state=PROMOTED)),
    "a fault that shows only with all traffic starts over": (
        watched(), ALL_NEW, alone(40),
        Step("start over", "get: 40 of 100 requests failed, against 0 of 1000 before", share=0.1, moves=SPLIT,
             changes={"doing": "shift", "step": 0, "restarts": 1, "stages": [*watched().stages, [0.1, NOW]]}),
    ),
    "and is rolled back when it shows again": (
        watched(restarts=1), ALL_NEW, alone(40), Step("roll back", "40 of 100", "verdict", state=ROLLED_BACK),
    ),
    "no fault of users who did so before": (
        watched(), ALL_NEW, replace(alone(40), periods=BOTH_BAD), Step("hold", "all traffic is on the new version", share=1.0),
    ),
    "an alias that something else moved after the promotion": (
        watched(), SPLIT, alone(0), Step("roll back", "something else", "releaser", state=FAILED),
    ),
    "a rollback that was begun goes on": (
        at("roll back", why="aborted by hand", by="someone"), {}, Observed(),
        Step("roll back", "aborted by hand", "someone", state=ROLLED_BACK),
    ),
    "a release that has ended": (replace(RECORD, state=PROMOTED), {}, Observed(), Step("nothing", "has ended")),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_the_next_step_is(name: str) -> None:
    record, positions, seen, expected = TABLE[name]
    step = next_step(record, positions, seen, NOW)
    assert expected.why in step.why
    assert replace(step, why=expected.why, odds=1.0) == expected


def test_it_depends_on_nothing_else() -> None:
    for record, positions, seen, _ in TABLE.values():
        assert next_step(record, positions, seen, NOW) == next_step(record, positions, seen, NOW)


def test_a_healthy_release_takes_these_steps() -> None:
    bake = ["compare", "shift", "hold"]
    assert [step.action for step in steps(RECORD, NOW)] == [
        "point canary",
        "try",
        *bake,
        *bake,
        "compare",
        "promote",
        "hold",
        "end",
    ]


def test_a_release_that_does_not_bake_or_compare_takes_these_steps() -> None:
    record = replace(RECORD, bake=0.0, compared=False)
    assert [step.action for step in steps(record, NOW)] == ["point canary", "try", "shift", "shift", "promote", "end"]


def test_a_promotion_by_hand_is_not_watched() -> None:
    record = at("promote", [0.1, 1, 2], why="promoted by hand", by="someone")
    assert after(record, next_step(record, {}, Observed(), NOW), NOW).state == PROMOTED
