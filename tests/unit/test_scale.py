"""The simulation of bench/scale: what holds whatever its figures are, and that docs/scale.md has them."""

from __future__ import annotations

import random
from dataclasses import replace
from math import inf

import pytest

from bench.scale import arithmetic, limits, run
from bench.scale.capacity import HEAT, PARTITION_WRITES, Bucket, Keyspace
from bench.scale.lambda_ import Functions
from bench.scale.simulation import OPEN, Design, Simulation, Stream, everyday
from tests.stack import ROOT

HOT = 0.4


def simulated(design: Design, streams: list[Stream], seconds: float = 5, weight: float = 1) -> Simulation:
    simulation = Simulation(design, random.Random(7), weight)
    simulation.run(streams, seconds)
    return simulation


@pytest.mark.parametrize("seed", range(5))
def test_a_bucket_gives_no_more_than_its_burst_and_what_refills(seed: int) -> None:
    chance = random.Random(seed)
    bucket, now, taken = Bucket(100, 30), 0.0, 0.0
    for _ in range(500):
        now += chance.expovariate(200)
        units = chance.choice((0.5, 1, 7))
        taken += units if bucket.take(units, now) else 0
    assert 0.8 * 100 * now < taken <= 30 + 100 * now


def test_one_key_gets_no_more_than_one_partition_however_often_it_is_split() -> None:
    index, granted = Keyspace(4), 0.0
    before = len(index)
    for second in range(int(3 * HEAT)):
        granted += sum(100 * index.write(HOT, 100, second + part / 20) for part in range(20))
        assert granted <= PARTITION_WRITES * (second + 2), "a second is saved up, and one has passed"
    assert len(index) > before, "the partition was split"
    assert granted > PARTITION_WRITES * 3 * HEAT * 0.9


def test_a_split_frees_the_neighbours_of_a_hot_key() -> None:
    index = Keyspace(1)
    served = []
    for second in range(int(2 * HEAT)):
        for part in range(20):
            index.write(HOT, 100, second + part / 20)
        served.append(index.write(0.9, 100, second + 0.99))
    assert not served[int(HEAT / 2)]
    assert served[-1]


def test_every_request_ends_once_and_nothing_stays_occupied() -> None:
    streams = [*everyday(300), Stream("create", 900, HOT, who="one owner")]
    simulation = simulated(replace(OPEN, concurrency=100), streams)
    assert simulation.functions.busy == 0
    for outcome in simulation.outcomes.values():
        assert outcome.sent == outcome.ended
        assert outcome.first <= outcome.succeeded == len(outcome.waits) <= outcome.sent
        assert outcome.refused, "the case is one of overload"


def test_no_more_than_the_concurrency_runs_at_once() -> None:
    simulation = simulated(replace(OPEN, concurrency=50), everyday(2000))
    assert 40 <= simulation.most_busy <= 50


def test_an_environment_serves_ten_requests_a_second_at_most() -> None:
    functions = Functions(10, None, 1, inf)
    granted = 0
    for moment in range(2000):
        if got := functions.acquire("get", moment / 1000):
            granted += 1
            functions.release("get", got[0])
    assert 200 <= granted <= 300, "two seconds of 100 a second, and what was saved up"


def test_a_load_far_below_every_limit_is_served_at_the_first_try() -> None:
    outcome = simulated(Design(), everyday(50)).outcomes["everybody"]
    assert outcome.first == outcome.sent > 100
    assert not outcome.refused


def test_a_weight_changes_how_exact_a_result_is_and_not_what_it_is() -> None:
    each, ten = (simulated(Design(), everyday(400), 10, weight).outcomes["everybody"] for weight in (1, 10))
    assert each.sent == pytest.approx(ten.sent, rel=0.1)
    assert each.disturbed == pytest.approx(ten.disturbed, abs=0.1)


def test_a_budget_of_retries_keeps_concurrency_for_everybody_else() -> None:
    streams = [*everyday(200), Stream("create", 1000, HOT, who="one owner")]
    failed = {
        retries: simulated(replace(OPEN, retries=retries), streams, 12, 4).outcomes["everybody"].failed
        for retries in (inf, OPEN.retries)
    }
    assert failed[OPEN.retries] < failed[inf] / 2


def test_what_more_requests_take_grows_with_them() -> None:
    assert arithmetic.units(1000) == pytest.approx([10 * one for one in arithmetic.units(100)])
    assert arithmetic.ramp(4000) == 0
    assert arithmetic.ramp(16_000) == 60
    assert arithmetic.sessions(1000, 400, 0) == 0
    assert arithmetic.sessions(1000, 10_000, 20) <= 1000


def test_quotas_name_their_page_and_are_in_the_order_in_which_growth_meets_them() -> None:
    assert all(quota.page.startswith("https://docs.aws.amazon.com/") for quota in limits.QUOTAS)
    met = [quota.at for quota in limits.QUOTAS if quota.at is not None]
    assert met == sorted(met)


@pytest.mark.parametrize("name", run.COMPUTED)
def test_the_page_has_what_is_computed_now(name: str) -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert run.placed(page, name, run.COMPUTED[name]()) == page, "run `PYTHONPATH=src:. python -m bench.scale.run`"
