"""What the guard decides on given evidence: tables of examples, and properties that hold for any evidence."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crudctl.release.evidence import Count, Evidence, Period
from crudctl.release.guard import BAKING, Policy, decide, trips
from crudctl.release.odds import broken, suspicion
from tests.release.simulation import TRIP

OPERATIONS = ("create_item", "get_item", "update_item", "delete_item", "list_items")
CALLS = TRIP.counts
ENOUGH = dict.fromkeys(OPERATIONS, 20)


def evidence(new: Count, old: Count, weight: float = 0.1, rest: Count | None = None) -> Evidence:
    """Return evidence whose first operation is as given and whose other operations are healthy."""
    rest = rest or Count(20)
    others = {name: [Period(weight, rest, Count(rest.requests * 9))] for name in OPERATIONS[1:]}
    return {OPERATIONS[0]: [Period(weight, new, old)], **others}


def lasting(*ranges: int, faults: int = 0) -> Count:
    """Return a count of requests by the range of their durations."""
    return Count(sum(ranges), faults, ranges)


@pytest.mark.parametrize(
    ("new", "old", "weight", "action"),
    [
        (Count(20), Count(180), 0.1, "promote"),
        (Count(20, faults=1), Count(180), 0.1, "promote"),
        (Count(20, faults=3), Count(180), 0.1, "roll back"),
        (Count(20, faults=3), Count(180, faults=27), 0.1, "promote"),
        (Count(100, faults=10), Count(100), 0.5, "roll back"),
        (Count(100, faults=10), Count(100, faults=10), 0.5, "promote"),
        (Count(1000, faults=5), Count(9000, faults=45), 0.1, "promote"),
        (lasting(1, 1, 2, 16), lasting(90, 45, 27, 18), 0.1, "roll back"),
        (lasting(6, 6, 3, 5), lasting(90, 45, 27, 18), 0.1, "promote"),
        (lasting(0, 0, 0, 20), lasting(0, 0, 0, 180), 0.1, "promote"),
        (lasting(24, 25, 26, 25), lasting(50, 25, 15, 10), 0.5, "roll back"),  # twice as slow
        (
            lasting(10, 5, 3, 22),
            lasting(180, 90, 54, 36, faults=40),
            0.1,
            "promote",
        ),  # faults of the old version are fast
    ],
)
def test_the_action_after_the_bake_follows_from_the_counts(new: Count, old: Count, weight: float, action: str) -> None:
    assert decide(evidence(new, old, weight), ENOUGH, elapsed=600, bake=600).action == action


def test_a_version_that_leaves_no_log_lines_is_not_promoted() -> None:
    silent = evidence(Count(20, unknown=5), Count(180))
    held = decide(silent, ENOUGH, elapsed=600, bake=600)
    reason = "5 of 20 requests to the new version of create_item left no log line, so nobody knows whether they failed"
    assert (held.action, held.reason) == ("hold", reason)
    assert decide(silent, ENOUGH, elapsed=1200, bake=600).action == "roll back"
    as_before = evidence(Count(20, unknown=5), Count(180, unknown=45))
    assert decide(as_before, ENOUGH, elapsed=600, bake=600).action == "promote"
    assert decide(evidence(Count(2000, unknown=5), Count(180)), ENOUGH, elapsed=600, bake=600).action == "promote"


def test_a_healthy_version_is_held_until_the_end_of_the_bake() -> None:
    decision = decide(evidence(Count(20), Count(180)), ENOUGH, elapsed=599, bake=600)
    assert (decision.action, decision.reason) == ("hold", BAKING)


def test_a_bad_version_is_rolled_back_before_the_end_of_the_bake() -> None:
    decision = decide(evidence(Count(20, faults=4), Count(180)), ENOUGH, elapsed=10, bake=600)
    assert decision.action == "roll back"
    assert decision.reason == "create_item: 4 of 20 requests failed, against 0 of 180 with the old version"


def test_nothing_is_promoted_on_too_few_requests() -> None:
    few = dict.fromkeys(OPERATIONS, 9)
    decision = decide(evidence(Count(9), Count(81)), few, elapsed=600, bake=600)
    assert decision.action == "hold"
    assert decision.reason == "only 45 requests to the new version in this step, at least 50 are needed"


def test_an_operation_with_too_few_requests_holds_the_release() -> None:
    decision = decide(evidence(Count(1), Count(9)), {**ENOUGH, "create_item": 1}, elapsed=600, bake=600)
    assert decision.action == "hold"
    assert decision.reason == "too few requests to the new version of create_item"


def test_a_release_without_a_verdict_is_rolled_back_in_the_end() -> None:
    decision = decide({name: [] for name in OPERATIONS}, {}, elapsed=1200, bake=600)
    assert decision.action == "roll back"
    assert decision.reason.startswith("still too little to judge by after 1200 s: only 0 requests")


def test_doubt_that_another_bake_does_not_confirm_ends_with_the_promotion() -> None:
    """Two bad requests of a user that both meet the new version, one time in a hundred, leave the same doubt as a bad version."""
    doubtful = evidence(Count(20, faults=2), Count(180))
    assert 15 <= suspicion(doubtful)[0] < 150
    assert decide(doubtful, ENOUGH, elapsed=600, bake=600).action == "hold"
    ended = decide(doubtful, ENOUGH, elapsed=1200, bake=600)
    assert ended.action == "promote"
    reason = "create_item: 2 of 20 requests failed, against 0 of 180 with the old version"
    assert ended.reason == f"promoted although in doubt: {reason}"
    assert decide(evidence(Count(40, faults=3), Count(360)), ENOUGH, elapsed=1199, bake=600).action == "roll back"


def test_an_operation_that_always_fails_with_the_new_version_alone_rolls_back() -> None:
    """At 90 % each fault is weak evidence: nine in ten are expected to be the new version's."""
    dead = evidence(Count(36, faults=36), Count(4), 0.9)
    assert suspicion(dead)[0] < 15
    decision = decide(dead, ENOUGH, elapsed=1, bake=600)
    reason = "create_item: 36 faults without a success, against 0 of 4 with the old version"
    assert (decision.action, decision.reason) == ("roll back", reason)


@pytest.mark.parametrize("weight", [0.01, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("faults", [5, 64, 10_000])
def test_an_operation_that_always_fails_with_both_versions_stops_nothing(weight: float, faults: int) -> None:
    """One user, who sends nothing but requests that the service cannot process."""
    new = round(faults * weight)
    attacked = evidence(Count(new, faults=new), Count(faults - new, faults=faults - new), weight)
    assert decide(attacked, ENOUGH, elapsed=1, bake=600).reason == BAKING
    assert decide(attacked, ENOUGH, elapsed=600, bake=600).action == "promote"


def test_faults_in_a_row_are_counted_across_periods_and_ended_by_a_success() -> None:
    def periods(*counts: Count) -> Evidence:
        return {"get_item": [Period(0.9, new, Count(3)) for new in counts]}

    unbroken = periods(Count(13, faults=13), Count(), Count(14, faults=14))
    assert decide(unbroken, ENOUGH, elapsed=1, bake=600).action == "roll back"
    ended = periods(Count(13, faults=13), Count(14, faults=13))
    assert decide(ended, ENOUGH, elapsed=1, bake=600).action == "hold"
    begun_again = periods(Count(50), Count(2, faults=1), *[Count(27, faults=27)] * 2)
    assert decide(begun_again, ENOUGH, elapsed=1, bake=600).action == "roll back"


def test_requests_before_the_new_version_had_its_share_do_not_make_the_old_one_look_better() -> None:
    """Before the weight changed, the old version had all good requests; after that, a user sends bad ones only."""
    mixed = [Period(0.5, Count(30, faults=30), Count(330, faults=30), steady=False)]
    assert decide({"get_item": mixed}, ENOUGH, elapsed=1, bake=600).action == "hold"


def test_one_wrong_response_to_a_round_trip_rolls_back() -> None:
    healthy = evidence(Count(20), Count(180))
    decision = decide(healthy, ENOUGH, elapsed=600, bake=600, wrong="GET returned 404 instead of 200")
    assert decision.action == "roll back"
    assert decision.reason.endswith("GET returned 404 instead of 200")


USUAL = lasting(180, 90, 54, 36)


def test_slow_requests_of_one_operation_alone_roll_back() -> None:
    decision = decide(evidence(lasting(5, 5, 4, 26), USUAL), ENOUGH, elapsed=1, bake=600)
    assert decision.action == "roll back"
    slow = "26 of 40 requests took as long as only one in ten did before, against 36 of 360 with the old version"
    assert decision.reason == f"create_item: {slow}"


def test_a_doubling_shows_although_the_load_makes_both_versions_slow_or_fast_in_most_periods() -> None:
    calm, busy, quiet = (
        (lasting(5, 5, 5, 5), lasting(10, 5, 3, 2)),
        (lasting(0, 0, 0, 20),) * 2,
        (lasting(20, 0, 0, 0),) * 2,
    )
    others = evidence(Count(), Count(), 0.5)
    for versions, action in ((calm, "roll back"), (busy, "promote"), (quiet, "promote")):
        periods = [Period(0.5, *pair) for pair in [versions] * 10 + [busy] * 20 + [quiet] * 20]
        given = {**others, OPERATIONS[0]: periods}
        assert decide(given, ENOUGH, elapsed=600, bake=600).action == action


def test_a_version_that_is_faster_is_not_suspicious() -> None:
    assert suspicion(evidence(lasting(40, 0, 0, 0), USUAL))[0] < 1


def test_durations_of_a_period_in_which_the_weight_changed_are_not_compared() -> None:
    """All requests before the change met the old version: had they been fast, the new version would look slow."""
    mixed = {"list_items": [Period(0.9, lasting(0, 0, 0, 40), lasting(400, 0, 0, 0), steady=False)]}
    assert decide(mixed, ENOUGH, elapsed=1, bake=600).reason == BAKING


def test_evidence_of_all_operations_adds_up() -> None:
    each = Period(0.1, Count(20, faults=1), Count(180))
    assert suspicion({"create_item": [each]})[0] < 15
    assert suspicion({key: [each] for key in OPERATIONS})[0] > 150


some = st.integers(0, 100)
ranges = st.tuples(some, some, some, some)
counts = st.builds(Count, requests=st.integers(200, 1000), faults=some, ranges=ranges)
BAD = st.sampled_from([Count(1, faults=1), Count(1, ranges=(0, 0, 0, 1))])
weights = st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5, 0.9])
periods = st.lists(st.builds(Period, weight=weights, new=counts, old=counts), max_size=5)
anything = st.dictionaries(st.sampled_from(OPERATIONS), periods)


@given(anything)
def test_the_odds_are_always_a_number(given: Evidence) -> None:
    assert 0 <= suspicion(given)[0] < float("inf")


@given(anything, st.sampled_from(OPERATIONS), weights, BAD)
def test_one_more_bad_request_of_the_new_version_never_makes_it_look_better(
    given: Evidence, operation: str, weight: float, bad: Count
) -> None:
    more = Period(weight, bad, Count())
    worse = {**given, operation: [*given.get(operation, []), more]}
    assert suspicion(worse)[0] >= suspicion({**given, operation: given.get(operation, [])})[0] * (1 - 1e-9)


@given(anything, st.sampled_from(OPERATIONS), weights, BAD)
def test_one_more_bad_request_of_the_old_version_never_makes_the_new_one_look_worse(
    given: Evidence, operation: str, weight: float, bad: Count
) -> None:
    more = Period(weight, Count(), bad)
    better = {**given, operation: [*given.get(operation, []), more]}
    assert suspicion(better)[0] <= suspicion({**given, operation: given.get(operation, [])})[0] * (1 + 1e-9)


@given(anything)
def test_the_odds_do_not_depend_on_how_time_is_divided_into_periods(given: Evidence) -> None:
    def parts(count: Count) -> tuple[Count, Count]:
        """Half of the successes, and the rest."""
        half = Count(requests=count.succeeded // 2)
        return half, replace(count, requests=count.requests - half.requests)

    cut = {
        name: [Period(p.weight, *pair) for p in listed for pair in zip(parts(p.new), parts(p.old), strict=True)]
        for name, listed in given.items()
    }
    assert suspicion(cut)[0] == pytest.approx(suspicion(given)[0], rel=1e-6)


@given(anything, st.floats(0, 2000), st.dictionaries(st.sampled_from(OPERATIONS), st.integers(0, 100)))
def test_only_a_full_bake_with_enough_requests_is_promoted(
    given: Evidence, elapsed: float, served: dict[str, int]
) -> None:
    decision = decide(given, served, elapsed, bake=600)
    if decision.action == "promote":
        assert elapsed >= 600
        assert sum(served.values()) >= Policy().least
        assert decision.odds < (Policy().doubt if elapsed < 600 * Policy().patience else Policy().limit)


def highest_odds(rate: float, requests: int, weight: float, chance: random.Random) -> float:
    """Return the highest odds in a canary of two equally healthy versions, looked at after every single request."""
    found, highest = dict.fromkeys(OPERATIONS, Period(weight, Count(), Count())), 0.0
    request = 0
    while True:
        request += 1 + int(
            math.log(1 - chance.random()) / math.log(1 - rate)
        )  # the next fault: geometrically distributed
        if request > requests:
            return highest
        name, count, nothing = chance.choice(OPERATIONS), Count(1, faults=1), Count()
        pair = (count, nothing) if chance.random() < weight else (nothing, count)
        found[name] = Period(weight, found[name].new + pair[0], found[name].old + pair[1])
        highest = max(highest, suspicion({key: [period] for key, period in found.items()})[0])


@pytest.mark.parametrize(("rate", "weight"), [(0.005, 0.1), (0.05, 0.1), (0.05, 0.5)])
def test_looking_after_every_request_raises_no_more_false_alarms_than_promised(rate: float, weight: float) -> None:
    chance = random.Random(2026)
    runs: Sequence[float] = [highest_odds(rate, 4000 if rate < 0.01 else 400, weight, chance) for _ in range(300)]
    assert sum(odds >= Policy().limit for odds in runs) <= 3
    assert sum(odds >= 10 for odds in runs) <= 0.1 * len(runs) + 10


def ending_without_users(weight: float, draw: random.Random, bake: float = 600.0, interval: float = 30.0) -> str:
    """Return how a step of a healthy release ends if only round trips call it."""
    new, old, elapsed = dict.fromkeys(OPERATIONS, 0), dict.fromkeys(OPERATIONS, 0), 0.0
    while True:
        found = {name: [Period(weight, Count(new[name]), Count(old[name]))] for name in OPERATIONS}
        decision = decide(found, new, elapsed, bake)
        if decision.action != "hold":
            return decision.action
        for _ in range(trips(new, CALLS, weight, elapsed=elapsed, bake=bake, looks=(bake - elapsed) / interval)):
            for name in OPERATIONS:
                drawn = sum(draw.random() < weight for _ in range(CALLS[name]))
                new[name] += drawn
                old[name] += CALLS[name] - drawn
        elapsed += interval


@pytest.mark.parametrize("weight", [0.05, 0.1, 0.5])
def test_a_healthy_version_that_no_user_calls_is_promoted_whatever_the_alias_draws(weight: float) -> None:
    draw = random.Random(1)
    assert {ending_without_users(weight, draw) for _ in range(300)} == {"promote"}


def test_round_trips_wait_for_the_users_and_stop_when_there_are_enough() -> None:
    none, enough = dict.fromkeys(OPERATIONS, 0), dict.fromkeys(OPERATIONS, 20)
    assert trips(none, CALLS, 0.1, elapsed=119, bake=600, looks=16) == 0
    assert trips(none, CALLS, 0.1, elapsed=120, bake=600, looks=16) == 7
    assert trips(enough, CALLS, 0.1, elapsed=120, bake=600, looks=16) == 0
    assert trips({**enough, "list_items": 1}, CALLS, 0.1, elapsed=540, bake=600, looks=2) == 20
    assert trips({**enough, "list_items": 2}, CALLS, 0.1, elapsed=120, bake=600, looks=16) == 0


def chance_of(successes: int, trials: int, probability: float) -> float:
    """Return the probability of that many successes."""
    return math.comb(trials, successes) * probability**successes * (1 - probability) ** (trials - successes)


@pytest.mark.parametrize(("good", "bad"), [(0, 20), (1, 6), (6, 6), (30, 5), (3, 40)])
@pytest.mark.parametrize("weight", [0.1, 0.5, 0.9])
def test_the_odds_that_a_healthy_version_always_fails_are_one_on_average_whatever_users_send(
    good: int, bad: int, weight: float
) -> None:
    """All ways in which the alias can split these requests, each with its probability."""
    average = 0.0
    for new_good in range(good + 1):
        for new_bad in range(bad + 1):
            new, old = Count(new_good + new_bad, new_bad), Count(good + bad - new_good - new_bad, bad - new_bad)
            odds = broken({"get_item": [Period(weight, new, old)]}, least=0)[0]
            average += chance_of(new_good, good, weight) * chance_of(new_bad, bad, weight) * odds
    assert average <= 1 / 2 + 1 / 6  # the shares of the first two starts; the rest is for later ones
